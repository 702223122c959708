package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// mostAtOnce is the most journeys that one command does something to.
const mostAtOnce = 100_000

// bulkOptions are the flags of a command that is for one journey or for many.
type bulkOptions struct {
	all    bool
	yes    bool
	filter client.Filter
	by     client.By
}

// register adds the flags to a command.
func (o *bulkOptions) register(flags *pflag.FlagSet) {
	flags.BoolVar(&o.all, "all", false, "all live journeys that --provider, --journey, --phase and --overdue choose, instead of one")
	flags.BoolVar(&o.yes, "yes", false, "you mean all of them; needed with --all")
	filterFlags(flags, &o.filter, mostListed, mostAtOnce)
	byFlags(flags, &o.by)
}

// idOrAll wants an ID, or --all.
func idOrAll(cmd *cobra.Command, args []string) error {
	if all, err := cmd.Flags().GetBool("all"); err == nil && all {
		return arguments()(cmd, args)
	}
	return arguments("ID")(cmd, args)
}

// check refuses flags that contradict each other. For one journey an operator's
// name and reason are welcome, and come together.
func (o *bulkOptions) check(d *decoder, flags *pflag.FlagSet) {
	if !o.all {
		for _, name := range []string{"provider", "journey", "phase", "overdue", "limit", "yes"} {
			if flags.Changed(name) {
				d.refuse(name, "without --all", "only together with --all")
			}
		}
		d.by(o.by, o.by != client.By{}, "")
		return
	}
	d.filter(o.filter, mostAtOnce)
	if o.filter.Provider == "" && o.filter.Journey == "" {
		d.refuse("provider", "nothing", words(enroll.Providers())+", or a --journey")
	}
	d.by(o.by, true, "")
	if !o.yes {
		d.refuse("yes", "nothing", "--yes, once 'starter list' with the same filter shows what you mean")
	}
}

// doneJourney is what became of one journey of many. Hand-overs are left to
// the command hand-over.
type doneJourney struct {
	ID      string         `json:"id"`
	RunID   string         `json:"run_id"`
	Journey enroll.Journey `json:"journey"`
	// Done reports that it was canceled or has a new hand-over.
	Done bool `json:"done"`
	// Why tells why not.
	Why string `json:"why,omitempty"`
}

// doneAll sums up.
type doneAll struct {
	Done   int `json:"done"`
	Ended  int `json:"ended"`
	Failed int `json:"failed"`
	// More reports that there may be more than the limit allowed.
	More bool `json:"more"`
}

// errNotAll ends a command that could not do its work for some journeys, which
// it has told.
var errNotAll = errors.New("some journeys failed; the others were done")

// tell prints what became of one journey, and counts it.
func (p *program) tell(sum *doneAll, verb string, step client.Step) error {
	told := doneJourney{ID: step.Journey.ID, RunID: step.Journey.RunID, Journey: step.Journey.Journey}
	switch {
	case errors.Is(step.Err, client.ErrConcluded) || step.Reply != nil && step.Reply.Result != nil:
		sum.Ended++
		told.Why = "it has concluded already"
	case step.Err != nil:
		sum.Failed++
		told.Why = step.Err.Error()
	case step.Reply != nil && step.Reply.Refused != nil:
		sum.Failed++
		told.Why = "the provider refused: " + string(step.Reply.Refused.Reason)
	default:
		sum.Done++
		told.Done = true
	}
	return p.print(told, func(s *sheet) {
		if told.Done {
			s.row(told.ID, verb)
			return
		}
		s.row(told.ID, "not "+verb+": "+told.Why)
	})
}

// all does something to all journeys that were chosen, and sums up.
func (p *program) all(options *bulkOptions, verb string, do func(progress func(client.Step)) (int, error)) error {
	var sum doneAll
	var printing error
	tried, err := do(func(step client.Step) { printing = errors.Join(printing, p.tell(&sum, verb, step)) })
	if err = errors.Join(err, printing); err != nil {
		return err
	}
	sum.More = tried == options.filter.Limit
	if err := p.print(sum, func(s *sheet) {
		s.text("%d %s, %d had concluded already, %d failed.", sum.Done, verb, sum.Ended, sum.Failed)
		if sum.More {
			s.text("There may be more: these were as many as --limit.")
		}
	}); err != nil {
		return err
	}
	if sum.Failed > 0 {
		return fmt.Errorf("%d of %d: %w", sum.Failed, tried, errNotAll)
	}
	return nil
}
