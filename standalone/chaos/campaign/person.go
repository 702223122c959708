package campaign

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/chaos/script"
)

// What the simulators' user can do.
const (
	actComplete = "complete"
	actFail     = "fail"
)

// samples is how many the browser uploads to BioID.
const samples = 2

// live is the time from the hand-over until the person and the backend have
// done their part.
func (p *player) live(ctx context.Context, started client.Started) {
	for range p.script.Hints.Early {
		p.hint(ctx, "early hint")
	}
	for range p.script.Hints.Forged {
		p.forge(ctx)
	}
	if sleep(ctx, p.script.Think) != nil {
		return
	}
	if p.script.ResetAt == script.ResetLive {
		p.reset(ctx)
	}
	p.act(ctx, started.HandOver)
}

// act is what the person does.
func (p *player) act(ctx context.Context, handed *enroll.HandOver) {
	switch p.script.Person {
	case script.Completes:
		p.finish(ctx, handed, actComplete)
	case script.CompletesUnseen:
		p.capture(ctx, handed, actComplete)
	case script.Fails:
		p.finish(ctx, handed, actFail)
	case script.FailsThenCompletes:
		p.finish(ctx, handed, actFail)
		if sleep(ctx, p.script.Pause) == nil {
			p.finish(ctx, handed, actComplete)
		}
	case script.Pretends:
		p.hint(ctx, "pretending hint")
	case script.Renews:
		if renewed := p.renew(ctx); renewed != nil {
			handed = renewed
		}
		if sleep(ctx, p.script.Pause) == nil {
			p.finish(ctx, handed, actComplete)
		}
	case script.Cancels:
		p.cancel(ctx)
	case script.CompletesAfterCancel:
		p.cancel(ctx)
		if sleep(ctx, p.script.Pause) == nil {
			p.finish(ctx, handed, actComplete)
		}
	case script.WalksAway:
	}
}

// finish is a capture with the hint that follows, as often as it arrives.
func (p *player) finish(ctx context.Context, handed *enroll.HandOver, result string) {
	if !p.capture(ctx, handed, result) {
		return
	}
	p.mu.Lock()
	p.finished = time.Now()
	p.mu.Unlock()
	for range 1 + p.script.Hints.Copies {
		p.hint(ctx, "hint")
	}
}

// capture lets the person act at the provider and reports whether there was
// still something to act on.
func (p *player) capture(ctx context.Context, handed *enroll.HandOver, result string) bool {
	request := map[string]any{"provider": p.spec.Provider, "result": result}
	switch {
	case handed.AuthID != nil:
		request["operation_id"] = handed.AuthID.OperationID
		if result == actFail {
			request["reason"] = p.script.Reason
		}
	case handed.BioID != nil:
		maps.Copy(request, map[string]any{"token": handed.BioID.Token.Reveal(), "samples": samples, "perform": handed.BioID.PerformedBy == enroll.ByBrowser})
	case handed.IProov != nil:
		request["token"] = handed.IProov.Token.Reveal()
	}
	err := p.simulated.capture(ctx, request)
	if err != nil {
		p.note("the person could not %s: %v", result, err)
		return false
	}
	p.note("the person's capture: %s", result)
	return true
}

// hint relays what the frontend saw. One that does not arrive is lost, as
// hints are.
func (p *player) hint(ctx context.Context, what string) {
	if len(p.spec.Hints) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	late, err := p.client.Hint(ctx, p.id(), "", p.spec.Hints[0], enroll.Hint{Samples: samples, Client: "chaos"})
	switch {
	case err != nil:
		p.note("%s lost: %v", what, err)
	case late:
		p.note("%s, too late", what)
	default:
		p.note("%s", what)
	}
	p.journal.count("hints")
}

// forge sends hints that no frontend sends: a verdict, and something that is no
// hint at all.
func (p *player) forge(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	for _, body := range []any{enroll.Verdict{Outcome: enroll.Enrolled}, "passed", nil} {
		for _, name := range []enroll.HintName{p.spec.Hints[0], "enrolled"} {
			if err := p.temporal.SignalWorkflow(ctx, p.id(), "", string(name), body); err != nil {
				p.note("forged hint lost: %v", err)
			}
		}
	}
	p.note("forged hints")
	p.journal.count("forged hints")
}

// renew asks for a new hand-over until there is an answer.
func (p *player) renew(ctx context.Context) *enroll.HandOver {
	until := time.Now().Add(startPatience)
	for time.Now().Before(until) {
		limited, cancel := context.WithTimeout(ctx, callLimit)
		reply, err := p.client.Renew(limited, p.id(), "", p.script.Key+"-renewal")
		cancel()
		p.note("renew: %s", renewal(reply, err))
		if err == nil || definiteRenewal(err) {
			return reply.HandOver
		}
		if sleep(ctx, retryPause) != nil {
			return nil
		}
	}
	return nil
}

func renewal(reply enroll.RenewReply, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case reply.HandOver != nil:
		return "a new hand-over"
	case reply.Refused != nil:
		return fmt.Sprintf("refused: %s %s", reply.Refused.Outcome, reply.Refused.Reason)
	default:
		return "the journey has ended"
	}
}

// cancel calls the journey off until that is acknowledged.
func (p *player) cancel(ctx context.Context) {
	until := time.Now().Add(startPatience)
	for time.Now().Before(until) {
		limited, stop := context.WithTimeout(ctx, callLimit)
		err := p.client.Cancel(limited, p.id(), "")
		stop()
		p.note("cancel: %v", err)
		if err == nil || definiteCancel(err) || sleep(ctx, retryPause) != nil {
			return
		}
	}
}
