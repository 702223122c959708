package main

import (
	"slices"
	"time"

	"go.temporal.io/sdk/activity"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/bioenroll/bioenroll/enroll"
)

// scenario is one path through one story.
type scenario struct {
	name    string
	journey enroll.Journey
	input   any
	script  script
	acts    []act
	// want is the outcome and the reason that this path leads to.
	want enroll.Verdict
	// renewal is what comes of the renewal that the scenario asks for.
	renewal renewal
}

// act is something done to the journey from outside.
type act struct {
	after time.Duration // the act before it, or begin's answer
	do    deed
	name  enroll.HintName
	hint  enroll.Hint
	stage sdk.WorkflowUpdateStage // of a renewal, to wait for
}

// deed says what an act does.
type deed string

const (
	sendHint   deed = "hint"
	askRenewal deed = "renew"
	askCancel  deed = "cancel"
)

// renewal says what came of a renewal.
type renewal string

const (
	handedOver    renewal = "handed over"
	refusedAnew   renewal = "refused"
	endedInstead  renewal = "answered with the result"
	notUnderstood renewal = "not understood"
)

// renewalOf tells what a reply means.
func renewalOf(reply enroll.RenewReply) renewal {
	switch {
	case reply.HandOver != nil:
		return handedOver
	case reply.Refused != nil:
		return refusedAnew
	case reply.Result != nil:
		return endedInstead
	default:
		return notUnderstood
	}
}

// hinted is a hint that says nothing more than its name.
func hinted(name enroll.HintName) act { return act{do: sendHint, name: name} }

// renew asks for a new hand-over and waits for it; renewing goes on as soon as
// the journey has taken it up.
func renew() act    { return act{do: askRenewal, stage: sdk.WorkflowUpdateStageCompleted} }
func renewing() act { return act{do: askRenewal, stage: sdk.WorkflowUpdateStageAccepted} }

func cancel() act { return act{do: askCancel} }

// later is the act after a pause.
func later(a act, d time.Duration) act {
	a.after = d
	return a
}

// scenarios lists every path that has a fixture.
func scenarios() []scenario {
	return slices.Concat(authIDScenarios(), bioIDScenarios(), iproovScenarios(), smartIDScenarios(), deathScenarios(), resetScenarios())
}

// answers scripts a step that returns the results in turn.
func answers[In, Out any](name enroll.Activity[In, Out], results ...Out) part {
	return func(s script) {
		for _, result := range results {
			s[string(name)] = append(s[string(name)], reply{result: func() any { return result }})
		}
	}
}

// opens scripts a step that returns, once more, something that lives so long
// from the moment it is asked for.
func opens[In, Out any](name enroll.Activity[In, Out], life time.Duration, open func(until time.Time) Out) part {
	return func(s script) {
		s[string(name)] = append(s[string(name)], reply{result: func() any { return open(time.Now().Add(life)) }})
	}
}

// fails scripts a step that fails once more in that way.
func fails[In, Out any](name enroll.Activity[In, Out], kind enroll.Kind, details enroll.FailureDetails) part {
	failure := temporal.NewApplicationErrorWithOptions("scripted", string(kind), temporal.ApplicationErrorOptions{
		NonRetryable: !kind.Retryable(), NextRetryDelay: time.Second, Details: []any{details},
	})
	return func(s script) { s[string(name)] = append(s[string(name)], reply{failure: failure}) }
}

// dies scripts a step whose worker dies once more: nobody hears of it again.
func dies[In, Out any](name enroll.Activity[In, Out]) part {
	return func(s script) {
		s[string(name)] = append(s[string(name)], reply{failure: activity.ErrResultPending})
	}
}

// part is a piece of a script.
type part func(script)

// together makes one part of several.
func together(parts ...part) part {
	return func(s script) {
		for _, p := range parts {
			p(s)
		}
	}
}

// scripted builds a script.
func scripted(parts ...part) script {
	s := script{}
	together(parts...)(s)
	return s
}

// envelope has a short hold-off, so that recording a poll takes no time.
func envelope() enroll.Envelope {
	pace := enroll.DefaultPace()
	pace.HoldOff = time.Second
	return enroll.Envelope{SubjectHash: "hash", Digest: "digest", Pace: pace}
}

// impatient gives up an outage after seconds.
func impatient() enroll.Envelope {
	env := envelope()
	env.Pace.BeginBudget, env.Pace.PollFirst, env.Pace.PollCap = 2*time.Second, time.Second, time.Second
	return env
}

// ended is what a scenario wants, or what a provider answers.
func ended(outcome enroll.Outcome, reason enroll.Reason) enroll.Verdict {
	return enroll.Verdict{Outcome: outcome, Reason: reason}
}

var (
	enrolled = enroll.Verdict{Outcome: enroll.Enrolled}
	refused  = enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonLivenessFailed, CanRetry: true}
	timedOut = enroll.Verdict{Outcome: enroll.Expired, Reason: enroll.ReasonTimeout}
	calledBy = enroll.Verdict{Outcome: enroll.Canceled, Reason: enroll.ReasonCanceledByRequest}
	lost     = enroll.Verdict{Outcome: enroll.Unknown, Reason: enroll.ReasonLostAnswer}
	down     = enroll.Verdict{Outcome: enroll.Failed, Reason: enroll.ReasonProviderUnavailable}
)
