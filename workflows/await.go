package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

const (
	// briskGap is the shortest time between two series of confirms that hints
	// set off while the answer stays pending. Surplus hints are only counted.
	briskGap = 30 * time.Second
	// mostHinted bounds the confirms that hints can set off in one journey, so
	// that a flood of them cannot make it expensive.
	mostHinted = 25
)

// question asks the provider whether the person has finished. An error is only
// a failure to learn it: noted, never the end of a journey.
type question func(ctx workflow.Context) (answer, error)

// answer is what a question learned.
type answer struct {
	// verdict is nil while there is none.
	verdict *enroll.Verdict
	// again reports that the person's attempt definitely failed and another
	// is allowed, so that the next hint is heeded at once. A verdict beside it
	// counts only when waiting is over.
	again bool
}

// waiting describes one journey's wait.
type waiting struct {
	// heed reports whether a hint deserves a question; nil heeds every hint.
	heed func(enroll.Hint) bool
	// onHint is asked after a hint, never twice at a time.
	onHint question
	// readOnly tells that onHint only reads, so that it may be abandoned when
	// waiting is over; otherwise its answer is waited for.
	readOnly bool
	// brisk lists the pauses after which onTime follows a hint whose answer
	// was pending. Empty when onHint itself repeats.
	brisk []time.Duration
	// poll is the backup: one long question that the server repeats. It may
	// be abandoned. Nil when the provider has no status to read.
	poll question
	// askAt lists the moments at which onTime is asked without a hint, in the
	// place of onHint and never beside it.
	askAt  []time.Time
	onTime question
	// last is asked once more when waiting is over.
	last question
	// renew replaces the hand-over.
	renew func(ctx workflow.Context) renewed
}

// wait is the state of one wait. Everything that can happen next has a time,
// and one alarm is set to the earliest: timers cost history events.
type wait struct {
	*journey
	waiting
	hinted   bool      // a hint waits for its confirm
	notAgain time.Time // no confirm for a hint before this moment
	series   int       // confirms set off by hints
	asking   workflow.Future
	stopAsk  workflow.CancelFunc
	briskAt  time.Time       // the next question of a brisk series
	pauses   []time.Duration // what is left of the series
	polling  workflow.Future
	stopPoll workflow.CancelFunc
	pollAt   time.Time
	alarmAt  time.Time
	alarm    workflow.Future
	disarm   workflow.CancelFunc
	abandon  bool // what is being asked may be abandoned
	over     bool // canceled, or the deadline has passed, whichever came first
	called   bool // cancellation was requested
	verdict  *enroll.Verdict
}

// await waits until a confirm gives a verdict, the deadline passes, or the
// journey is canceled. In the last two cases the provider is asked once more.
func (j *journey) await(ctx workflow.Context, described waiting) enroll.Verdict {
	w := &wait{journey: j, waiting: described, pollAt: workflow.Now(ctx).Add(j.pace.HoldOff)}
	for {
		w.collectHints()
		w.start(ctx)
		switch {
		case w.verdict != nil:
			return *w.verdict
		case w.over && w.asking == nil:
			return w.conclude(ctx)
		}
		w.tell(ctx)
		w.sleep(ctx)
	}
}

// conclude asks once more, after the deadline or the cancel.
func (w *wait) conclude(ctx workflow.Context) enroll.Verdict {
	w.state.WaitingOn, w.ending = "provider", false
	w.state.Asked++
	w.tell(ctx)
	got, err := w.last(ctx)
	w.note(got, err)
	switch {
	case got.verdict != nil && (!w.hurry || !got.again):
		return *got.verdict
	case w.hurry:
		return enroll.Verdict{Outcome: enroll.Canceled, Reason: enroll.ReasonCanceledByRequest, CanRetry: true}
	case err != nil:
		return unlearned(err)
	default:
		return enroll.Verdict{Outcome: enroll.Expired, Reason: enroll.ReasonTimeout, CanRetry: true}
	}
}

// unlearned is the verdict when the deadline has passed and the provider did
// not say that the capture ended. Pending is expired; a status outside the
// documentation, or no answer at all, is unknown.
func unlearned(err error) enroll.Verdict {
	kind, details := kindOf(err)
	if kind == enroll.KindPending {
		if details.Code == "" {
			return enroll.Verdict{Outcome: enroll.Expired, Reason: enroll.ReasonTimeout, CanRetry: true}
		}
		return enroll.Verdict{Outcome: enroll.Unknown, Reason: enroll.ReasonUnknownStatus, ProviderCode: details.Code}
	}
	verdict := verdictOfKind(kind, details.Code)
	verdict.Outcome, verdict.CanRetry = enroll.Unknown, false
	return *verdict
}

// start begins whatever is due now: a confirm after a hint or at its moment,
// and the backup poll.
func (w *wait) start(ctx workflow.Context) {
	now := workflow.Now(ctx)
	if !w.over {
		w.over, w.hurry = w.called || !now.Before(w.state.Deadline), w.called
		w.ending = w.over
	}
	if w.over && w.asking != nil && w.abandon {
		w.stopAsk()
		w.asking = nil
	}
	if w.over || w.verdict != nil {
		return
	}
	if q := w.due(now); q != nil {
		asked, stop := workflow.WithCancel(ctx)
		w.asking, w.stopAsk = w.ask(asked, q), stop
		w.state.Asked++
	}
	if w.poll != nil && w.polling == nil && !now.Before(w.pollAt) {
		polled, stop := workflow.WithCancel(ctx)
		w.polling, w.stopPoll = w.ask(polled, w.poll), stop
	}
}

// due returns the question to ask now, if any, and takes note of it. A hint
// goes before a moment.
func (w *wait) due(now time.Time) question {
	if w.asking != nil {
		return nil
	}
	w.abandon = w.readOnly && w.renewal == nil
	switch {
	case w.renewal != nil:
		return w.renewNow
	case w.hinted && w.series < mostHinted && !now.Before(w.notAgain):
		w.hinted, w.notAgain = false, now.Add(briskGap)
		w.series++
		w.pauses = w.brisk
		return w.follow(w.onHint)
	case !w.briskAt.IsZero() && !now.Before(w.briskAt):
		w.briskAt = time.Time{}
		return w.follow(w.onTime)
	case len(w.askAt) > 0 && !now.Before(w.askAt[0]):
		w.askAt = slices.DeleteFunc(w.askAt, func(at time.Time) bool { return !now.Before(at) })
		return w.onTime
	default:
		return nil
	}
}

// follow is a question of a brisk series: while the answer is pending, the
// next one is due after the next pause.
func (w *wait) follow(q question) question {
	return func(ctx workflow.Context) (answer, error) {
		got, err := q(ctx)
		if got.verdict == nil && len(w.pauses) > 0 {
			w.briskAt, w.pauses = workflow.Now(ctx).Add(w.pauses[0]), w.pauses[1:]
		}
		return got, err
	}
}

// ask runs a question beside the wait.
func (w *wait) ask(ctx workflow.Context, q question) workflow.Future {
	future, settable := workflow.NewFuture(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		got, err := q(ctx)
		if !temporal.IsCanceledError(err) { // A stopped poll says nothing of the person.
			w.note(got, err)
		}
		if kind, _ := kindOf(err); kind == enroll.KindConcluded {
			got.verdict = verdictOf(err)
		}
		if got.again {
			w.notAgain = time.Time{}
		}
		if w.verdict == nil && !got.again {
			w.verdict = got.verdict
		}
		settable.SetValue(nil)
	})
	return future
}

// note keeps the last answer for operators.
func (w *wait) note(got answer, err error) {
	switch kind, details := kindOf(err); {
	case err != nil && details.Code != "":
		w.state.LastAnswer = string(kind) + " " + details.Code
	case err != nil:
		w.state.LastAnswer = string(kind)
	case got.verdict != nil:
		w.state.LastAnswer = string(got.verdict.Outcome)
	case got.again:
		w.state.LastAnswer = "try again"
	default:
		w.state.LastAnswer = string(enroll.KindPending)
	}
}

// sleep waits for the next thing to happen.
func (w *wait) sleep(ctx workflow.Context) {
	w.setAlarm(ctx)
	selector := workflow.NewSelector(ctx)
	for _, h := range w.hints {
		selector.AddReceive(h.channel, func(workflow.ReceiveChannel, bool) { w.collectHints() })
	}
	if !w.called {
		selector.AddReceive(w.canceled, func(workflow.ReceiveChannel, bool) { w.called = true })
	}
	selector.AddReceive(w.wake, func(c workflow.ReceiveChannel, _ bool) { c.ReceiveAsync(nil) })
	if w.asking != nil {
		selector.AddFuture(w.asking, func(workflow.Future) { w.asking = nil })
	}
	if w.polling != nil {
		selector.AddFuture(w.polling, func(workflow.Future) {
			w.polling, w.pollAt = nil, workflow.Now(ctx).Add(w.pace.PollCap)
		})
	}
	if w.alarm != nil {
		selector.AddFuture(w.alarm, func(workflow.Future) { w.alarm, w.alarmAt = nil, time.Time{} })
	}
	selector.Select(ctx)
}

// collectHints takes every hint that has arrived.
func (w *wait) collectHints() {
	for _, h := range w.hints {
		var hint enroll.Hint
		for h.channel.ReceiveAsync(&hint) {
			w.state.Hints[h.name]++
			if hint.Code != "" {
				w.state.LastHintCode = hint.Code
			}
			if hint.Client != "" {
				w.client = hint.Client
			}
			if w.heed == nil || w.heed(hint) {
				w.hinted = true
			}
			hint = enroll.Hint{}
		}
	}
}

// setAlarm arms one timer for the earliest thing that is due. One that rings
// earlier than needed is left alone: waking for nothing costs less than
// replacing it each time.
func (w *wait) setAlarm(ctx workflow.Context) {
	next := w.next()
	if next.IsZero() || (w.alarm != nil && !w.alarmAt.After(next)) {
		return
	}
	if w.alarm != nil {
		w.disarm()
	}
	w.alarmAt = next
	timed, cancel := workflow.WithCancel(ctx)
	w.disarm = cancel
	w.alarm = workflow.NewTimerWithOptions(timed, next.Sub(workflow.Now(ctx)), workflow.TimerOptions{Summary: "next: " + w.nextName(next)})
}

// next is the earliest moment at which something is due. While a question is
// under way its answer comes before hints and moments. Once waiting is over
// only that answer is waited for.
func (w *wait) next() time.Time {
	if w.over {
		return time.Time{}
	}
	due := []time.Time{w.state.Deadline}
	if w.poll != nil && w.polling == nil {
		due = append(due, w.pollAt)
	}
	if w.asking == nil {
		due = append(due, w.askAt...)
		if w.hinted && w.series < mostHinted {
			due = append(due, w.notAgain)
		}
		if !w.briskAt.IsZero() {
			due = append(due, w.briskAt)
		}
	}
	return slices.MinFunc(due, time.Time.Compare)
}

// nextName tells an operator what the alarm is for.
func (w *wait) nextName(next time.Time) string {
	switch {
	case next.Equal(w.state.Deadline):
		return "the deadline"
	case next.Equal(w.pollAt) && w.polling == nil && w.poll != nil:
		return "the backup poll"
	default:
		return "a confirm"
	}
}
