package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// receivers is what the commands about outcome events need of a client.
type receivers interface {
	Receivers(ctx context.Context) ([]client.Receiver, error)
	AddReceiver(ctx context.Context, name string, url enroll.Secret, by client.By) (enroll.Secret, error)
	RemoveReceiver(ctx context.Context, name string, by client.By) error
	NewReceiverSecret(ctx context.Context, name string, atOnce bool, by client.By) (enroll.Secret, error)
	ResumeReceiver(ctx context.Context, name string, by client.By) error
	Redeliver(ctx context.Context, chosen client.Redelivery, by client.By) (int, error)
	Deliveries(ctx context.Context, filter client.DeliveryFilter) (client.DeliveryPage, error)
}

const receiversHelp = `Manages the receivers of outcome events: backends that are told outcomes without asking.
Workers send each outcome to the URLs of all receivers, signed as Standard Webhooks have it,
and repeat that over three days until a receiver accepts it.

Each change is written into the audit trail with --who and --why. Without a verb it lists the
receivers:

  starter receivers`

func (p *program) receiversCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "receivers",
		Short: "Manage the receivers of outcome events, and what is sent to them",
		Long:  receiversHelp,
		Args:  noSuchCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return p.listReceivers(cmd.Context()) },
	}
	command.AddCommand(p.receiversListCommand(), p.receiversAddCommand(), p.receiversRemoveCommand(), p.receiversSecretCommand(),
		p.receiversResumeCommand(), p.receiversDeliveriesCommand(), p.receiversRedeliverCommand())
	return command
}

func (p *program) receiversListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the receivers and what waits for them",
		Long: `Lists the receivers: where outcome events are sent, how many wait and since when, and how many
were given up. A receiver that answered 410 is gone until 'resume'. The query of a URL is left
out: it may hold a secret.

  starter receivers list`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.listReceivers(cmd.Context()) },
	}
}

func (p *program) listReceivers(ctx context.Context) error {
	return p.with(ctx, func(ctx context.Context, j journeys) error {
		found, err := j.Receivers(ctx)
		if err != nil {
			return err
		}
		if found == nil {
			found = []client.Receiver{} // In JSON an empty list, never null.
		}
		return p.print(found, func(s *sheet) { describeReceivers(s, found) })
	})
}

func describeReceivers(s *sheet, found []client.Receiver) {
	if len(found) == 0 {
		s.text("No receivers. Outcomes are told to who asks for them.")
		return
	}
	s.row("NAME", "URL", "SINCE", "WAITING", "OLDEST", "GIVEN UP", "STATE")
	for _, r := range found {
		var state []string
		if r.Unreadable {
			state = append(state, "cannot be decrypted")
		}
		if !r.GoneAt.IsZero() {
			state = append(state, "gone since "+stamp(r.GoneAt))
		}
		if len(state) == 0 {
			state = append(state, "ready")
		}
		for _, end := range r.SecretsEnd {
			state = append(state, "an older secret ends "+stamp(end))
		}
		s.row(r.Name, orDash(r.URL), stamp(r.CreatedAt), strconv.Itoa(r.Pending), orDash(stamp(r.Oldest)), strconv.Itoa(r.GivenUp), strings.Join(state, ", "))
	}
}

// receiverSecret is the answer of add and secret.
type receiverSecret struct {
	Name   string        `json:"name"`
	Secret enroll.Secret `json:"secret"`
}

func (p *program) receiversAddCommand() *cobra.Command {
	var by client.By
	command := &cobra.Command{
		Use:   "add NAME URL",
		Short: "Add a receiver, which is told every outcome from now on",
		Long: `Adds a receiver and prints the secret with which it can verify what it is sent. The secret is
shown this once. NAME is up to 40 small letters, digits and hyphens. URL is https, without a
login and a fragment; workers refuse to connect to internal addresses unless a setting of
theirs allows it.

The receiver is told what comes from now on; 'redeliver --since' sends it earlier outcomes.

  starter receivers add shop https://shop.example/hooks/enrollment --who olga --why "the shop goes live"`,
		Args: arguments("NAME", "URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.changeReceiver(cmd.Context(), by, func(ctx context.Context, j journeys) error {
				secret, err := j.AddReceiver(ctx, args[0], enroll.Secret(args[1]), by)
				return p.printSecret(args[0], secret, err)
			})
		},
	}
	byFlags(command.Flags(), &by)
	return command
}

// changeReceiver connects and runs a change that an operator makes.
func (p *program) changeReceiver(ctx context.Context, by client.By, do func(context.Context, journeys) error) error {
	var d decoder
	d.by(by, true, "")
	if err := d.err(); err != nil {
		return err
	}
	return p.with(ctx, do)
}

func (p *program) printSecret(name string, secret enroll.Secret, err error) error {
	if err != nil {
		return err
	}
	return p.print(receiverSecret{Name: name, Secret: secret}, func(s *sheet) {
		s.row("receiver", name)
		s.row("secret", secret.Reveal())
		s.text("")
		s.text("The secret is not shown again. Give it to the receiver, which verifies with it what it is sent.")
	})
}

func (p *program) receiversSecretCommand() *cobra.Command {
	var by client.By
	var atOnce bool
	command := &cobra.Command{
		Use:   "secret NAME",
		Short: "Make another secret for a receiver",
		Long: `Makes another secret for a receiver and prints it, this once. What the receiver is sent is
signed with both for 24 hours, so that it can change over in its own time; then the old one
ends. With --at-once the old one ends now, for one that leaked.

  starter receivers secret shop --who olga --why "the yearly change"`,
		Args: arguments("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.changeReceiver(cmd.Context(), by, func(ctx context.Context, j journeys) error {
				secret, err := j.NewReceiverSecret(ctx, args[0], atOnce, by)
				return p.printSecret(args[0], secret, err)
			})
		},
	}
	command.Flags().BoolVar(&atOnce, "at-once", false, "end the secrets from before now")
	byFlags(command.Flags(), &by)
	return command
}

// namedReceiver is the answer of remove and resume.
type namedReceiver struct {
	Name string `json:"name"`
}

func (p *program) receiversRemoveCommand() *cobra.Command {
	return p.receiverCommand("remove", "Remove a receiver, and forget what waits for it",
		`Ends what is sent to a receiver and forgets what waits for it, and what became of the rest.

  starter receivers remove shop --who olga --why "the shop has closed"`,
		func(ctx context.Context, j journeys, name string, by client.By) error {
			return j.RemoveReceiver(ctx, name, by)
		},
		"Removed receiver %s.")
}

func (p *program) receiversResumeCommand() *cobra.Command {
	return p.receiverCommand("resume", "Send to a receiver again what waits for it",
		`Sends to a receiver what waits for it, as if for the first time. It is for one that answered
410 (gone) and is back, and to hurry one that was down: workers that left it alone, or that it
had asked to come later, ask it within a second or two. What was given up is sent with 'redeliver'.

  starter receivers resume shop --who olga --why "the shop is back"`,
		func(ctx context.Context, j journeys, name string, by client.By) error {
			return j.ResumeReceiver(ctx, name, by)
		},
		"What waits for receiver %[1]s is due now. See what becomes of it:  starter receivers deliveries %[1]s")
}

// receiverCommand is a command that does one thing to one receiver.
func (p *program) receiverCommand(name, short, long string, do func(context.Context, journeys, string, client.By) error, done string) *cobra.Command {
	var by client.By
	command := &cobra.Command{
		Use: name + " NAME", Short: short, Long: long,
		Args: arguments("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.changeReceiver(cmd.Context(), by, func(ctx context.Context, j journeys) error {
				if err := do(ctx, j, args[0], by); err != nil {
					return err
				}
				return p.print(namedReceiver{args[0]}, func(s *sheet) { s.text(done, args[0]) })
			})
		},
	}
	byFlags(command.Flags(), &by)
	return command
}

// deliveryList is the answer of deliveries.
type deliveryList struct {
	Deliveries []client.DeliveryStatus `json:"deliveries"`
	// Next is for --after; it is empty on the last page.
	Next string `json:"next,omitempty"`
}

func (p *program) receiversDeliveriesCommand() *cobra.Command {
	var filter client.DeliveryFilter
	command := &cobra.Command{
		Use:   "deliveries NAME",
		Short: "List what was sent to a receiver, and what became of it",
		Long: `Lists what was sent to a receiver, or waits, the newest events first. A delivery is pending,
delivered, given_up after attempts over three days, or gone while the receiver is. More pages
are listed with --after and what is printed at the end.

  starter receivers deliveries shop
  starter receivers deliveries shop --state given_up`,
		Args: arguments("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			filter.Receiver = args[0]
			var d decoder
			oneOf(&d, "state", filter.State, client.DeliveryStates())
			if filter.Limit < 1 || filter.Limit > mostListed {
				d.refuse("limit", strconv.Itoa(filter.Limit), fmt.Sprintf("1 to %d", mostListed))
			}
			if err := d.err(); err != nil {
				return err
			}
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				page, err := j.Deliveries(ctx, filter)
				if err != nil {
					return err
				}
				listed := deliveryList{Deliveries: page.Deliveries, Next: page.Next}
				if listed.Deliveries == nil {
					listed.Deliveries = []client.DeliveryStatus{} // In JSON an empty list, never null.
				}
				return p.print(listed, func(s *sheet) { describeDeliveries(s, listed) })
			})
		},
	}
	flags := command.Flags()
	flags.StringVar((*string)(&filter.State), "state", "", "only those: "+words(client.DeliveryStates()))
	flags.IntVar(&filter.Limit, "limit", 50, fmt.Sprintf("the most deliveries to list, 1 to %d", mostListed))
	flags.StringVar(&filter.After, "after", "", "where the page before ended")
	return command
}

func describeDeliveries(s *sheet, listed deliveryList) {
	if len(listed.Deliveries) == 0 {
		s.text("No deliveries.")
		return
	}
	s.row("EVENT", "TYPE", "JOURNEY", "AT", "STATE", "ATTEMPTS", "LAST", "NEXT")
	for _, d := range listed.Deliveries {
		last := d.LastError
		if d.LastStatus != 0 {
			last = strings.TrimSpace(strconv.Itoa(d.LastStatus) + " " + last)
		}
		next := stamp(d.DueAt)
		if d.HeldBy != "" {
			next = "under way"
		}
		s.row(string(d.Event), string(d.Type), d.Journey, stamp(d.At), string(d.State), strconv.Itoa(d.Attempts), orDash(last), orDash(next))
	}
	if listed.Next != "" {
		s.text("")
		s.text("There are more:  --after %s", listed.Next)
	}
}

// redelivered is the answer of redeliver.
type redelivered struct {
	Name string `json:"name"`
	// Events counts those that are sent again.
	Events int `json:"events"`
}

func (p *program) receiversRedeliverCommand() *cobra.Command {
	var by client.By
	var event, since, until string
	command := &cobra.Command{
		Use:   "redeliver NAME",
		Short: "Send outcome events to a receiver again",
		Long: `Sends outcome events to a receiver again, whatever became of them, and those it was never
sent because they are from before it was added: one event, or all of a time. They have the
same webhook-id as before, so a receiver that has one already can tell. --since and --until
are a time such as 2026-11-20T08:00:00Z, or how long ago, such as 24h. Workers that left the
receiver alone ask it at once; one that answered 410 (gone) is sent nothing until 'resume'.

  starter receivers redeliver shop --event evt_0123456789abcdef --who olga --why "ticket 4711"
  starter receivers redeliver shop --since 24h --who olga --why "the shop lost its database"`,
		Args: arguments("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen := client.Redelivery{Receiver: args[0], Event: enroll.EventID(event)}
			var d decoder
			now := time.Now()
			chosen.Since, chosen.Until = d.moment("since", since, now), d.moment("until", until, now)
			d.by(by, true, "")
			if err := d.err(); err != nil {
				return err
			}
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				count, err := j.Redeliver(ctx, chosen, by)
				if err != nil {
					return err
				}
				return p.print(redelivered{args[0], count}, func(s *sheet) {
					s.text("%d outcome events are due for receiver %s now. See what becomes of them:  starter receivers deliveries %s", count, args[0], args[0])
				})
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&event, "event", "", "this one")
	flags.StringVar(&since, "since", "", "those of this time and later")
	flags.StringVar(&until, "until", "", "only those before this time")
	byFlags(flags, &by)
	return command
}

// moment reads a time, or how long ago it was; nothing is the zero time.
func (d *decoder) moment(field, given string, now time.Time) time.Time {
	if given == "" {
		return time.Time{}
	}
	if at, err := time.Parse(time.RFC3339, given); err == nil {
		return at
	}
	ago, err := time.ParseDuration(given)
	if err != nil || ago < 0 {
		d.refuse(field, strconv.Quote(given), "a time such as 2026-11-20T08:00:00Z, or how long ago such as 24h")
	}
	return now.Add(-ago)
}
