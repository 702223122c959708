package demo

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
)

// Row is how one journey went.
type Row struct {
	Journey enroll.Journey `json:"journey"`
	ID      string         `json:"id,omitempty"`
	RunID   string         `json:"run_id,omitempty"`
	Outcome enroll.Outcome `json:"outcome,omitempty"`
	Reason  enroll.Reason  `json:"reason,omitempty"`
	// Expected is the outcome that a healthy system gives.
	Expected enroll.Outcome `json:"expected"`
	// Seconds from start to outcome.
	Seconds float64 `json:"seconds"`
	// Events of the workflow's history.
	Events int64 `json:"history_events"`
	// Calls that the provider received for the subject, access tokens left
	// out because many journeys share one.
	Calls int `json:"provider_calls"`
	// Error says what went wrong, when something did.
	Error string `json:"error,omitempty"`
}

// AsExpected reports whether the journey ended as it should.
func (r Row) AsExpected() bool { return r.Error == "" && r.Outcome == r.Expected }

// Demo runs journeys.
type Demo struct {
	// Client starts them.
	Client *client.Client
	// User finishes the captures.
	User *User
	// Notebook remembers what is under way, so that a stopped demo can be
	// finished later.
	Notebook *Notebook
	// Progress is told one line for every step; never nil.
	Progress func(format string, args ...any)
}

// journeyRun is one journey of the demo.
type journeyRun struct {
	request  client.Request
	expected enroll.Outcome
	prepare  func(context.Context) error
}

// Run plays the six journeys and returns a row for each, in the catalogue's
// order. The name keeps the subjects of several demos apart.
func (d *Demo) Run(ctx context.Context, name string) []Row {
	account, selfie := "demo-"+name+"-enroll", "demo-"+name+"-selfie"
	user := "demo-" + name
	sequences := [][]journeyRun{
		{{enroll.AuthIDEnrollment{AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: account}}, enroll.Enrolled, d.account(account)}},
		{{enroll.AuthIDLiveSelfie{AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: selfie}}, enroll.Captured, d.account(selfie)}},
		{{enroll.BioIDEnrollment{BCID: fmt.Sprintf("bws.1.%d", time.Now().Unix()%1_000_000_000)}, enroll.Enrolled, nil}},
		{ // Unenroll needs an enrollment, so these two follow each other.
			{enroll.SmartIDEnrollment{User: user, Template: "demo-template", PayLoad: "demo-payload"}, enroll.Enrolled, nil},
			{enroll.SmartIDUnenrollment{User: user}, enroll.Removed, nil},
		},
		{{enroll.IProovPhotoEnrollment{UserID: user, Image: simulator.SampleImage(simulator.SampleLive), Source: enroll.SourceEID}, enroll.Enrolled, nil}},
	}
	rows := make([][]Row, len(sequences))
	var group sync.WaitGroup
	for i, sequence := range sequences {
		group.Go(func() {
			for _, run := range sequence {
				rows[i] = append(rows[i], d.play(ctx, name, run))
			}
		})
	}
	group.Wait()
	var all []Row
	for _, r := range rows {
		all = append(all, r...)
	}
	return all
}

func (d *Demo) account(number string) func(context.Context) error {
	return func(ctx context.Context) error { return d.User.CreateAccount(ctx, number) }
}

// play runs one journey from start to outcome.
func (d *Demo) play(ctx context.Context, name string, run journeyRun) Row {
	row := Row{Journey: run.request.Journey(), Expected: run.expected}
	began := time.Now()
	if err := d.playInto(ctx, name, run, &row); err != nil {
		row.Error = err.Error()
	}
	row.Seconds = time.Since(began).Seconds()
	if row.AsExpected() {
		d.Progress("  %-20s %s", row.Journey, row.Outcome)
	} else {
		d.Progress("  %-20s %s %s %s, expected %s", row.Journey, row.Outcome, row.Reason, row.Error, row.Expected)
	}
	return row
}

func (d *Demo) playInto(ctx context.Context, name string, run journeyRun, row *Row) error {
	if run.prepare != nil {
		if err := run.prepare(ctx); err != nil {
			return err
		}
	}
	since, err := d.User.Now(ctx)
	if err != nil {
		return err
	}
	started, err := d.Client.Start(ctx, "demo-"+name+"-"+string(row.Journey), run.request)
	if err != nil {
		return err
	}
	row.ID, row.RunID = started.ID, started.RunID
	if err := d.Notebook.Add(Note{Journey: row.Journey, ID: row.ID, RunID: row.RunID, Expected: row.Expected}); err != nil {
		return err
	}
	if started.HandOver != nil {
		d.Progress("  %-20s handed over, waiting for the person", row.Journey)
		if err := d.finish(ctx, started.ID, started.HandOver); err != nil {
			return err
		}
	}
	if err := d.conclude(ctx, row); err != nil {
		return err
	}
	spec, err := row.Journey.Spec()
	if err != nil {
		return err
	}
	row.Calls, err = d.User.Calls(ctx, spec.Provider, run.request.SubjectName(), since)
	return err
}

// finish is the person who completes the capture, and the frontend that relays
// the hint.
func (d *Demo) finish(ctx context.Context, id string, handed *enroll.HandOver) error {
	hint, body, err := d.User.Complete(ctx, handed)
	if err != nil {
		return err
	}
	_, err = d.Client.Hint(ctx, id, hint, body)
	return err
}

// conclude waits for the outcome and crosses the journey out.
func (d *Demo) conclude(ctx context.Context, row *Row) error {
	result, err := d.Client.Wait(ctx, row.ID, row.RunID)
	if err != nil {
		return err
	}
	row.Outcome, row.Reason = result.Outcome, result.Reason
	shown, err := d.Client.Show(ctx, row.ID, row.RunID)
	if err != nil {
		return err
	}
	row.Events = shown.Events
	return d.Notebook.Remove(row.RunID)
}

// Resume finishes what an earlier demo left waiting, and returns a row for
// each.
func (d *Demo) Resume(ctx context.Context) ([]Row, error) {
	notes, err := d.Notebook.Notes()
	if err != nil {
		return nil, err
	}
	var rows []Row
	for _, note := range notes {
		d.Progress("  %-20s left waiting by an earlier demo, finishing it", note.Journey)
		row := Row{Journey: note.Journey, ID: note.ID, RunID: note.RunID, Expected: note.Expected}
		began := time.Now()
		if err := d.resume(ctx, &row); err != nil {
			row.Error = err.Error()
		}
		row.Seconds = time.Since(began).Seconds()
		rows = append(rows, row)
	}
	return rows, nil
}

func (d *Demo) resume(ctx context.Context, row *Row) error {
	shown, err := d.Client.Show(ctx, row.ID, row.RunID)
	if err != nil {
		return err
	}
	if shown.ClosedAt.IsZero() {
		handed, err := d.Client.HandOver(ctx, row.ID)
		if err != nil {
			return err
		}
		if handed != nil {
			if err := d.finish(ctx, row.ID, handed); err != nil {
				d.Progress("  %-20s %v; the backup poll will tell", row.Journey, err)
			}
		}
	}
	return d.conclude(ctx, row)
}
