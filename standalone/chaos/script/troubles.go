package script

import (
	"fmt"
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// TroubleKind is a disturbance of the whole system.
type TroubleKind string

// The disturbances.
const (
	// KillWorker kills a worker process; it is started again after For.
	KillWorker TroubleKind = "kill a worker"
	// KillServer kills the Temporal server; it is started again after For.
	KillServer TroubleKind = "kill the server"
	// Weather makes the connections to a provider bad, for For.
	Weather TroubleKind = "bad connections"
	// Outage lets a provider answer the next calls with an error.
	Outage TroubleKind = "provider down"
	// BadReceiver has the receiver of outcome events fail, hang and lose its
	// answers, for For.
	BadReceiver TroubleKind = "bad receiver"
	// RestartReceiver ends the receiver of outcome events; it is back after For.
	RestartReceiver TroubleKind = "restart the receiver"
)

// Trouble is one disturbance.
type Trouble struct {
	At   time.Duration
	Kind TroubleKind
	// For is how long it lasts.
	For time.Duration
	// Worker is the worker's number, for KillWorker.
	Worker int
	// Provider is whose connections or answers are disturbed.
	Provider enroll.Provider
	// Share of connections that are damaged, or of requests that the receiver
	// spoils, in percent, for Weather and BadReceiver.
	Share int
	// Calls is how many calls are answered with Answer, for Outage.
	Calls  int
	Answer string
}

// String says what happens.
func (t Trouble) String() string {
	switch t.Kind {
	case KillWorker:
		return fmt.Sprintf("%s: number %d, back after %s", t.Kind, t.Worker, t.For)
	case Weather:
		return fmt.Sprintf("%s: %s, %d%% for %s", t.Kind, t.Provider, t.Share, t.For)
	case Outage:
		return fmt.Sprintf("%s: %s, %d calls with %s", t.Kind, t.Provider, t.Calls, t.Answer)
	case BadReceiver:
		return fmt.Sprintf("%s: %d%% for %s", t.Kind, t.Share, t.For)
	case KillServer, RestartReceiver:
	}
	return fmt.Sprintf("%s: back after %s", t.Kind, t.For)
}

// The times between two disturbances of one kind, on average.
const (
	workerKillEvery = 6 * time.Second
	serverKillEvery = 30 * time.Second
	weatherEvery    = 7 * time.Second
	outageEvery     = 15 * time.Second
	// The receiver is bad most of the time.
	badReceiverEvery     = 6 * time.Second
	restartReceiverEvery = 9 * time.Second
)

// calm is the beginning of a campaign, without disturbances, so that the first
// journeys are under way when they begin.
const calm = 2 * time.Second

func (d draw) troubles(options Options) []Trouble {
	var all []Trouble
	if options.Kills {
		all = append(all, d.series(options, workerKillEvery, func() Trouble {
			return Trouble{Kind: KillWorker, Worker: d.IntN(options.Workers), For: d.between(0, 2*time.Second)}
		})...)
		all = append(all, d.series(options, serverKillEvery, func() Trouble {
			return Trouble{Kind: KillServer, For: d.between(0, 1500*time.Millisecond)}
		})...)
	}
	if options.Network {
		all = append(all, d.series(options, weatherEvery, func() Trouble {
			return Trouble{Kind: Weather, Provider: pick(d, enroll.Providers()), Share: 10 + d.IntN(50), For: d.between(time.Second, 5*time.Second)}
		})...)
	}
	if options.Faults {
		all = append(all, d.series(options, outageEvery, func() Trouble {
			return Trouble{Kind: Outage, Provider: pick(d, enroll.Providers()), Calls: 3 + d.IntN(25), Answer: pick(d, []string{"429", "500", "reset_before"})}
		})...)
	}
	return ordered(append(all, d.receiverTroubles(options)...))
}

// receiverTroubles are drawn last, so that a script without them is otherwise
// the same.
func (d draw) receiverTroubles(options Options) []Trouble {
	if !options.Events {
		return nil
	}
	all := d.series(options, badReceiverEvery, func() Trouble {
		return Trouble{Kind: BadReceiver, Share: pick(d, []int{30, 60, 100}), For: d.between(time.Second, 5*time.Second)}
	})
	return append(all, d.series(options, restartReceiverEvery, func() Trouble {
		return Trouble{Kind: RestartReceiver, For: d.between(0, 3*time.Second)}
	})...)
}

// series draws disturbances of one kind at irregular times, at least one in a
// campaign that is long enough.
func (d draw) series(options Options, every time.Duration, one func() Trouble) []Trouble {
	var all []Trouble
	first := max(min(every, (options.Duration-calm)/2), 1)
	for at := calm + d.between(0, first); at < options.Duration; at += d.between(every/2, every*3/2) {
		trouble := one()
		trouble.At = at
		all = append(all, trouble)
	}
	return all
}
