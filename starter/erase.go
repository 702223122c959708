package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// erasures are what the commands about erasures need of a client.
type erasures interface {
	Erase(ctx context.Context, key string, people []client.Person, by client.By) (client.Erasure, error)
	Erasure(ctx context.Context, id string) (client.Erasure, error)
	Erasures(ctx context.Context, pending bool, limit int) ([]client.Erasure, error)
	WaitErased(ctx context.Context, id string) (enroll.ErasureStatement, error)
	KnownAs(ctx context.Context, name enroll.Secret) ([]client.Person, error)
	PersonOf(ctx context.Context, journeyID string) (client.Person, error)
}

// eraseOptions are the flags of erase.
type eraseOptions struct {
	names    map[enroll.Provider]*string
	anywhere string
	journeys []string
	key      string
	by       client.By
	wait     time.Duration
}

func (p *program) eraseCommand() *cobra.Command {
	o := eraseOptions{names: map[enroll.Provider]*string{}}
	command := &cobra.Command{
		Use:   "erase",
		Short: "Remove a person from their providers and from our storage",
		Long: `Removes a person at every provider that is named: the authID credential, the BioID class,
the SmartID enrollment, the iProov user; and with us what their journeys sealed, their
Temporal histories and the personal columns of their records. Journeys of theirs that are
under way are canceled, and none can begin until the erasure has concluded.

Where something cannot be removed at once, the erasure goes on by itself for up to a month.
'starter erasure ID' shows what is left, and in the end the statement of what was removed
when, which names nobody.

Whoever repeats the command with the same --key gets the same erasure. A name
given as - is read from standard input, and --known-as finds the providers by itself. Exits
with 3 when something is left after --wait.

  starter erase --authid jane --iproov u-4711 --who olga --why "ticket 4711"
  starter erase --known-as jane --who olga --why "ticket 4711" --wait 1m`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.erase(cmd.Context(), o) },
	}
	flags := command.Flags()
	flags.SortFlags = false
	for _, provider := range enroll.Providers() {
		o.names[provider] = flags.String(string(provider), "", fmt.Sprintf("the person's name at %s", provider))
	}
	flags.StringVar(&o.anywhere, "known-as", "", "the person's name, at every provider where there are records of it")
	flags.StringArrayVar(&o.journeys, "journey", nil, "ID of a journey, for the person that it is about; may be repeated")
	flags.StringVar(&o.key, "key", "", "idempotency key, 1 to 256 bytes; a random one unless given")
	flags.DurationVar(&o.wait, "wait", 0, "how long to wait for the end, such as 1m")
	byFlags(flags, &o.by)
	return command
}

// erase starts an erasure and shows how far it came.
func (p *program) erase(ctx context.Context, o eraseOptions) error {
	var d decoder
	d.by(o.by, true, "")
	if o.wait < 0 {
		d.refuse("wait", o.wait.String(), "more than 0, such as 1m")
	}
	if err := d.err(); err != nil {
		return err
	}
	if o.key == "" {
		o.key = p.newKey()
	}
	return p.with(ctx, func(ctx context.Context, j journeys) error {
		people, err := p.people(ctx, j, o)
		if err != nil {
			return err
		}
		erasing, err := j.Erase(ctx, o.key, people, o.by)
		if err != nil {
			return &startError{key: o.key, err: err}
		}
		if o.wait > 0 {
			if erasing, err = awaitErased(ctx, j, erasing, o.wait); err != nil {
				return err
			}
		}
		if err := p.print(erasing, func(s *sheet) { describeErasure(s, erasing) }); err != nil {
			return err
		}
		if o.wait > 0 && !erasing.Statement.Complete {
			return errNoSuccess
		}
		return nil
	})
}

// people gathers whom the flags name.
func (p *program) people(ctx context.Context, j journeys, o eraseOptions) ([]client.Person, error) {
	var people []client.Person
	for _, provider := range enroll.Providers() {
		if *o.names[provider] == "" {
			continue
		}
		name, err := p.subject(*o.names[provider])
		if err != nil {
			return nil, err
		}
		people = append(people, client.Person{Provider: provider, Name: enroll.Secret(name)})
	}
	if o.anywhere != "" {
		name, err := p.subject(o.anywhere)
		if err != nil {
			return nil, err
		}
		known, err := j.KnownAs(ctx, enroll.Secret(name))
		if err != nil {
			return nil, err
		}
		people = append(people, known...)
	}
	for _, id := range o.journeys {
		person, err := j.PersonOf(ctx, id)
		if err != nil {
			return nil, err
		}
		people = append(people, person)
	}
	if len(people) == 0 && o.anywhere != "" {
		return nil, fmt.Errorf("erase: no records of this name at any provider: %w", client.ErrNotFound)
	}
	return people, nil
}

// awaitErased waits for the end, but no longer than asked.
func awaitErased(ctx context.Context, j journeys, erasing client.Erasure, limit time.Duration) (client.Erasure, error) {
	waiting, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	statement, err := j.WaitErased(waiting, erasing.ID)
	switch {
	case err == nil:
		return client.Erasure{ID: erasing.ID, Statement: statement}, nil
	case errors.Is(waiting.Err(), context.DeadlineExceeded):
		return j.Erasure(ctx, erasing.ID)
	}
	return client.Erasure{}, err
}

func (p *program) erasureCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "erasure ID",
		Short: "Show how far an erasure has come, or its statement",
		Long: `Shows what an erasure has removed when and what is left, with the steps under way and what
they last failed with. Once it has concluded this is the statement for the person: it names
nobody and is kept in the records. With --json it can be passed on.

  starter erasure erasure-0123456789abcdef`,
		Args: arguments("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				erasing, err := j.Erasure(ctx, args[0])
				if err != nil {
					return err
				}
				return p.print(erasing, func(s *sheet) { describeErasure(s, erasing) })
			})
		},
	}
}

func (p *program) erasuresCommand() *cobra.Command {
	var pending bool
	var most int
	command := &cobra.Command{
		Use:   "erasures",
		Short: "List erasures",
		Long: `Lists erasures, the newest first.

  starter erasures --pending`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				listed, err := j.Erasures(ctx, pending, most)
				if err != nil {
					return err
				}
				if listed == nil {
					listed = []client.Erasure{} // In JSON an empty list, never null.
				}
				return p.print(listed, func(s *sheet) { listErasures(s, listed) })
			})
		},
	}
	command.Flags().BoolVar(&pending, "pending", false, "only those under way")
	command.Flags().IntVar(&most, "limit", 50, "the most erasures, 1 to 1000")
	return command
}

func listErasures(s *sheet, listed []client.Erasure) {
	if len(listed) == 0 {
		s.text("No erasures.")
		return
	}
	s.row("ID", "REQUESTED", "CONCLUDED", "LEFT")
	for _, one := range listed {
		left := orDash(strings.Join(one.Statement.Left(), ", "))
		if one.Statement.ConcludedAt.IsZero() {
			left = "under way"
		}
		s.row(one.ID, stamp(one.Statement.RequestedAt), orDash(stamp(one.Statement.ConcludedAt)), left)
	}
}

func describeErasure(s *sheet, erasing client.Erasure) {
	statement := erasing.Statement
	s.row("erasure", erasing.ID)
	s.fact("requested", stamp(statement.RequestedAt))
	s.fact("by", statement.Who)
	s.fact("why", statement.Why)
	s.row("concluded", orDash(stamp(statement.ConcludedAt)))
	s.fact("complete", yes(statement.Complete))
	s.fact("no statement", erasing.StatementMissing)
	if len(statement.Subjects) > 0 {
		s.text("")
		s.row("PROVIDER", "WHAT", "HOW MANY", "REMOVED", "LEFT BECAUSE")
	}
	for _, subject := range statement.Subjects {
		for _, removal := range subject.Removals {
			count := "-"
			if removal.Done() {
				count = strconv.Itoa(removal.Count)
			}
			s.row(string(subject.Provider), strings.ReplaceAll(string(removal.What), "_", " "), count, orDash(stamp(removal.At)), leftBecause(removal))
		}
	}
	for _, step := range erasing.Pending {
		s.row("under way", step.Step, "attempt "+strconv.Itoa(int(step.Attempt)), step.LastFailure, stamp(step.NextAttempt))
	}
}

// leftBecause says why something has not been removed yet.
func leftBecause(removal enroll.Removal) string {
	switch {
	case removal.Done():
		return ""
	case removal.Left == "" && removal.What == enroll.RemovedJourneys:
		return "awaited, with captures that are still open"
	case removal.Left == "":
		return "not yet"
	default:
		return fmt.Sprintf("%s, %d times", removal.Left, removal.Tries)
	}
}
