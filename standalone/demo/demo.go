package demo

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
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
	// Seconds from start to outcome. For a journey that an earlier demo
	// started, the time in between counts.
	Seconds float64 `json:"seconds"`
	// Events of the workflow's history.
	Events int64 `json:"history_events"`
	// Calls that the provider received for the subject, access tokens left
	// out because many journeys share one; zero when they are not known.
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
	// JourneyID tells the ID of a subject's journey before it is started, so
	// that it can be found when nobody lived to see the answer.
	JourneyID func(provider enroll.Provider, subject string) string
	// Progress is told one line for every step; never nil.
	Progress func(format string, args ...any)
}

// grace is how long a call that starts a journey may go on after an interrupt,
// so that most often the journey is known by its ID when the program ends.
const grace = 5 * time.Second

// Run plays the six journeys and returns a row for each, in the catalogue's
// order. The name keeps the subjects of several demos apart. When the context
// ends, the rows of the journeys that have not ended say so.
func (d *Demo) Run(ctx context.Context, name string) []Row {
	user, bcid := "demo-"+name, fmt.Sprintf("bws.1.%d", time.Now().Unix()%1_000_000_000)
	sequences := [][]Note{
		{{Journey: enroll.AuthIDEnroll, Subject: user + "-enroll", Expected: enroll.Enrolled}},
		{{Journey: enroll.AuthIDSelfie, Subject: user + "-selfie", Expected: enroll.Captured}},
		{{Journey: enroll.BioIDEnroll, Subject: bcid, Expected: enroll.Enrolled}},
		{ // Unenroll needs an enrollment, so these two follow each other.
			{Journey: enroll.SmartIDEnroll, Subject: user, Expected: enroll.Enrolled},
			{Journey: enroll.SmartIDUnenroll, Subject: user, Expected: enroll.Removed},
		},
		{{Journey: enroll.IProovPhotoEnroll, Subject: user, Expected: enroll.Enrolled}},
	}
	rows := make([][]Row, len(sequences))
	var group sync.WaitGroup
	for i, sequence := range sequences {
		group.Go(func() {
			for _, note := range sequence {
				note.Key = "demo-" + name + "-" + string(note.Journey)
				rows[i] = append(rows[i], d.row(ctx, note, d.play))
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

// row takes one journey to its outcome, in the way given, and tells of it.
func (d *Demo) row(ctx context.Context, note Note, way func(context.Context, Note, *Row) error) Row {
	row := Row{Journey: note.Journey, Expected: note.Expected}
	err := ctx.Err() // An interrupted demo begins nothing more.
	if err == nil {
		err = way(ctx, note, &row)
	}
	if err != nil {
		row.Error = err.Error()
	}
	switch {
	case row.AsExpected():
		d.Progress("  %-20s %s", row.Journey, row.Outcome)
	case ctx.Err() == nil: // Else the interrupt is reason enough.
		d.Progress("  %-20s %s %s %s, expected %s", row.Journey, row.Outcome, row.Reason, row.Error, row.Expected)
	}
	return row
}

// play runs one journey from start to outcome.
func (d *Demo) play(ctx context.Context, note Note, row *Row) error {
	if err := d.prepare(ctx, note); err != nil {
		return err
	}
	spec, err := note.Journey.Spec()
	if err != nil {
		return err
	}
	note.ID = d.JourneyID(spec.Provider, note.Subject)
	if note.Since, err = d.User.Now(ctx); err != nil {
		return err
	}
	// The note comes first: should the program end while the call is under
	// way, the next demo finds the journey, or repeats the call.
	if err := d.Notebook.Write(note); err != nil {
		return err
	}
	started, err := d.start(ctx, note, row)
	if err != nil {
		return err
	}
	if started.HandOver != nil {
		d.Progress("  %-20s handed over, waiting for the person", row.Journey)
		if err := d.finish(ctx, started.ID, started.HandOver); err != nil {
			return err
		}
	}
	return d.conclude(ctx, note, row)
}

// prepare makes authID know the account, as a backend does before it enrolls.
func (d *Demo) prepare(ctx context.Context, note Note) error {
	if note.Journey != enroll.AuthIDEnroll && note.Journey != enroll.AuthIDSelfie {
		return nil
	}
	return d.User.CreateAccount(ctx, note.Subject)
}

// start begins the journey of the note and notes its run.
func (d *Demo) start(ctx context.Context, note Note, row *Row) (client.Started, error) {
	request, err := note.request()
	if err != nil {
		return client.Started{}, err
	}
	lasting, cancel := outlast(ctx, grace)
	defer cancel()
	started, err := d.Client.Start(lasting, note.Key, request)
	if err != nil {
		return client.Started{}, d.crossOutRefused(note, err)
	}
	row.ID, row.RunID = started.ID, started.RunID
	note.RunID = started.RunID
	return started, d.Notebook.Write(note)
}

// outlast returns a context that ends somewhat later than its parent.
func outlast(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(by, cancel) })
	return lasting, func() {
		stop()
		cancel()
	}
}

// finish is the person who completes the capture, and the frontend that relays
// the hint.
func (d *Demo) finish(ctx context.Context, id string, handed *enroll.HandOver) error {
	hint, body, err := d.User.Complete(ctx, handed)
	if err != nil {
		return err
	}
	_, err = d.Client.Hint(ctx, id, "", hint, body)
	return err
}

// conclude waits for the outcome, crosses the journey out, and fills the row.
func (d *Demo) conclude(ctx context.Context, note Note, row *Row) error {
	result, err := d.Client.Wait(ctx, row.ID, row.RunID)
	if err != nil {
		return d.crossOutEnded(ctx, note, row, err)
	}
	row.Outcome, row.Reason = result.Outcome, result.Reason
	shown, err := d.Client.Show(ctx, row.ID, row.RunID)
	if err != nil {
		return err
	}
	row.Events, row.Seconds = shown.Events, shown.ClosedAt.Sub(shown.StartedAt).Seconds()
	spec, err := row.Journey.Spec()
	if err != nil {
		return err
	}
	if row.Calls, err = d.User.Calls(ctx, spec.Provider, note.Subject, note.Since); err != nil {
		return err
	}
	return d.Notebook.Remove(note.Key)
}
