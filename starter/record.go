package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// recordedJourney is the answer of record.
type recordedJourney struct {
	enroll.Record

	Audit []enroll.AuditEntry `json:"audit,omitempty"`
}

// recordOptions are the flags of record.
type recordOptions struct {
	run    string
	audit  bool
	reveal bool
	by     client.By
}

func (p *program) recordCommand() *cobra.Command {
	var options recordOptions
	command := &cobra.Command{
		Use:   "record ID",
		Short: "Show what is kept of a journey for longer than Temporal keeps it",
		Long: `Shows the record of a journey: when it began, the consent and the check that it relies on,
the calls that may be made only once and what became of them, the outcome, and how an
unknown outcome was resolved. ID is that of a record, or of a journey.

The person's name, the caller's own reference and the provider's references are hidden.
--reveal shows them, and is written into the audit trail with --who and --why; --audit
shows that trail.

  starter record authid-0123456789abcdef
  starter record 89abcdef01234567 --audit
  starter record 89abcdef01234567 --reveal --who olga --why "ticket 4711"`,
		Args: arguments("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var d decoder
			d.by(options.by, options.reveal, "--reveal")
			if err := d.err(); err != nil {
				return err
			}
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error { return p.record(ctx, j, args[0], options) })
		},
	}
	runFlag(command, &options.run)
	flags := command.Flags()
	flags.BoolVar(&options.audit, "audit", false, "show the audit trail, too")
	flags.BoolVar(&options.reveal, "reveal", false, "show the person's name and the references")
	byFlags(flags, &options.by)
	return command
}

func (p *program) record(ctx context.Context, j journeys, id string, options recordOptions) error {
	record, err := recordOf(ctx, j, id, options.run)
	if err != nil {
		return err
	}
	if options.reveal {
		if record, err = j.Reveal(ctx, record.ID, options.by); err != nil {
			return err
		}
	}
	told := recordedJourney{Record: record}
	if options.audit {
		if told.Audit, err = j.Audit(ctx, record.ID); err != nil {
			return err
		}
	}
	return p.print(told, func(s *sheet) { describeRecord(s, told) })
}

// recordOf finds a record by its own ID or by that of its journey, which names
// the provider.
func recordOf(ctx context.Context, j journeys, id, run string) (enroll.Record, error) {
	if strings.Contains(id, "-") {
		return j.RecordOf(ctx, id, run)
	}
	return j.Record(ctx, enroll.RecordID(id))
}

// byFlags adds the flags of an operator.
func byFlags(flags *pflag.FlagSet, by *client.By) {
	flags.StringVar(&by.Who, "who", "", "who you are, for the audit trail")
	flags.StringVar(&by.Why, "why", "", "why you do it, for the audit trail")
}

// by wants an operator's name and reason, and refuses them where they would go
// nowhere.
func (d *decoder) by(by client.By, wanted bool, what string) {
	if wanted {
		for _, wrong := range enroll.CheckReason(by.Who, by.Why) {
			d.refuse(wrong.Field, wrong.Given, wrong.Allowed+", in --"+wrong.Field+", for the audit trail")
		}
		return
	}
	for _, field := range []struct{ name, given string }{{"who", by.Who}, {"why", by.Why}} {
		if field.given != "" {
			d.refuse(field.name, "without "+what, "only together with "+what)
		}
	}
}

// err is the error of what was refused, or nil.
func (d *decoder) err() error {
	if len(d.problems) == 0 {
		return nil
	}
	return &inputError{d.problems}
}

func describeRecord(s *sheet, told recordedJourney) {
	s.row("journey", string(told.Journey))
	s.row("record", string(told.ID))
	s.row("id", told.WorkflowID)
	s.row("run", told.RunID)
	s.fact("subject", told.Subject.Reveal())
	s.fact("consent", told.Grounds.Consent)
	s.fact("upstream", told.Grounds.Upstream)
	s.fact("caller's own", told.Reference.Reveal())
	s.row("began", stamp(told.BeganAt))
	for _, name := range slices.Sorted(maps.Keys(told.References)) {
		s.row("reference", name+" "+told.References[name].Reveal())
	}
	for _, step := range told.Steps {
		s.row("step", describeRecordStep(step))
	}
	if told.Result != nil {
		describeResult(s, *told.Result)
	}
	describeResolution(s, told.Resolution)
	s.fact("emptied", stamp(told.EmptiedAt))
	for _, entry := range told.Audit {
		s.row("audit", describeAudit(entry))
	}
	if told.Result != nil && told.Result.Outcome == enroll.Unknown && told.Resolution == nil {
		s.text("")
		s.text("Nobody knows the outcome. Ask the provider, then:  starter resolve %s --outcome OUTCOME --who NAME --why TEXT", told.ID)
	}
}

func describeRecordStep(step enroll.RecordStep) string {
	text := fmt.Sprintf("%s (%d) %s, claimed %s", step.Name, step.Ordinal, step.State, stamp(step.ClaimedAt))
	if !step.AnsweredAt.IsZero() {
		text += ", answered " + stamp(step.AnsweredAt)
	}
	return text
}

func describeResolution(s *sheet, resolution *enroll.Resolution) {
	if resolution == nil {
		return
	}
	s.row("resolved as", string(resolution.Outcome))
	s.fact("resolved by", resolution.Who)
	s.fact("because", resolution.Why)
	s.fact("resolved at", stamp(resolution.At))
}

func describeAudit(entry enroll.AuditEntry) string {
	text := stamp(entry.At) + " " + entry.What
	if entry.Who != "" {
		text += " by " + entry.Who
	}
	if entry.Detail != "" {
		text += ": " + entry.Detail
	}
	return text
}

// recordList is the answer of records.
type recordList struct {
	Records []enroll.Record `json:"records"`
	// Next is for --after; it is empty on the last page.
	Next string `json:"next,omitempty"`
}

func (p *program) recordsCommand() *cobra.Command {
	var filter client.RecordFilter
	var reference string
	var since time.Duration
	command := &cobra.Command{
		Use:   "records",
		Short: "List records, the newest first",
		Long: `Lists what is kept of journeys, those included that Temporal has forgotten, the newest
first. More pages are listed with --after and what is printed at the end.

  starter records --unresolved            unknown outcomes that somebody has to settle
  starter records --provider iproov --since 24h
  starter records --reference order-17    what a caller calls so`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter.Reference = enroll.Secret(reference)
			if err := checkRecordFilter(filter, since); err != nil {
				return err
			}
			if since > 0 {
				filter.Since = time.Now().Add(-since)
			}
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				page, err := j.Records(ctx, filter)
				if err != nil {
					return err
				}
				listed := recordList{Records: page.Records, Next: page.Next}
				if listed.Records == nil {
					listed.Records = []enroll.Record{} // In JSON an empty list, never null.
				}
				return p.print(listed, func(s *sheet) { describeRecords(s, listed) })
			})
		},
	}
	flags := command.Flags()
	flags.StringVar((*string)(&filter.Provider), "provider", "", "only of this provider: "+words(enroll.Providers()))
	flags.StringVar((*string)(&filter.Journey), "journey", "", "only this kind, such as authid.enroll")
	flags.StringVar((*string)(&filter.Outcome), "outcome", "", "only with this outcome: "+words(enroll.Outcomes()))
	flags.StringVar(&reference, "reference", "", "only those that the caller called so")
	flags.BoolVar(&filter.Unresolved, "unresolved", false, "only unknown outcomes that nobody has settled")
	flags.DurationVar(&since, "since", 0, "only journeys that began so long ago or later, such as 24h")
	flags.IntVar(&filter.Limit, "limit", 50, fmt.Sprintf("the most records to list, 1 to %d", mostListed))
	flags.StringVar(&filter.After, "after", "", "where the page before ended")
	return command
}

// checkRecordFilter refuses words that mean nothing, as for journeys.
func checkRecordFilter(filter client.RecordFilter, since time.Duration) error {
	var d decoder
	oneOf(&d, "provider", filter.Provider, enroll.Providers())
	oneOf(&d, "journey", filter.Journey, journeyNames())
	oneOf(&d, "outcome", filter.Outcome, enroll.Outcomes())
	if refused, ok := errors.AsType[*enroll.InputError](enroll.CheckReference(filter.Reference)); ok {
		d.problems = append(d.problems, refused.Fields...)
	}
	if since < 0 {
		d.refuse("since", since.String(), "more than 0, such as 24h")
	}
	if filter.Limit < 1 || filter.Limit > mostListed {
		d.refuse("limit", strconv.Itoa(filter.Limit), fmt.Sprintf("1 to %d", mostListed))
	}
	return d.err()
}

func describeRecords(s *sheet, listed recordList) {
	if len(listed.Records) == 0 {
		s.text("No records.")
		return
	}
	s.row("RECORD", "JOURNEY", "OUTCOME", "RESOLVED AS", "BEGAN", "ID")
	for _, r := range listed.Records {
		outcome, resolved := "-", "-"
		if r.Result != nil {
			outcome = string(r.Result.Outcome)
		}
		if r.Resolution != nil {
			resolved = string(r.Resolution.Outcome)
		}
		s.row(string(r.ID), string(r.Journey), outcome, resolved, stamp(r.BeganAt), r.WorkflowID)
	}
	if listed.Next != "" {
		s.text("")
		s.text("There are more:  --after %s", listed.Next)
	}
}
