package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// ours plays real journeys.
type ours struct {
	*system
	kind
	connection sdk.Client
	client     *client.Client
	people     *people
}

// people are the numbers of subjects that have not had their journey.
type people struct {
	mu    sync.Mutex
	ready []int
}

func (p *people) next() (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.ready) == 0 {
		return 0, errors.New("more journeys were started than subjects prepared")
	}
	n := p.ready[0]
	p.ready = p.ready[1:]
	return n, nil
}

func (s *system) ours(k kind, pace enroll.Pace) (ours, error) { return s.oursOver(s.temporal, k, pace) }

// oursOver plays them over a connection, which says where and in which form.
func (s *system) oursOver(connection sdk.Client, k kind, pace enroll.Pace) (ours, error) {
	c, err := client.New(client.Options{Temporal: connection, Keys: s.keys, Sealed: s.sealed, Records: s.records, Pace: pace})
	return ours{system: s, kind: k, connection: connection, client: c, people: &people{}}, err
}

// prepare tells the simulators the subjects, as many as are missing. No two
// players share one.
func (o ours) prepare(ctx context.Context, count int) error {
	o.people.mu.Lock()
	defer o.people.mu.Unlock()
	missing := count - len(o.people.ready)
	if missing <= 0 {
		return nil
	}
	first := int(o.subjects.Add(int64(missing))) - missing + 1
	for n := range missing {
		o.people.ready = append(o.people.ready, first+n)
	}
	if o.preload == nil {
		return nil
	}
	return o.control(ctx, "/_sim/preload", o.preload(first, missing))
}

func (o ours) start(ctx context.Context) (journey, error) {
	n, err := o.people.next()
	if err != nil {
		return journey{}, err
	}
	request := o.request(n)
	started, err := o.client.Start(ctx, "bench", request)
	if err != nil {
		return journey{}, err
	}
	j := o.journey(request, started)
	if started.HandOver != nil && o.outcome != enroll.Expired {
		j.capture, j.wake = o.person(started.HandOver, func(ctx context.Context, name enroll.HintName, hint enroll.Hint) error {
			_, err := o.client.Hint(ctx, started.ID, started.RunID, name, hint)
			return err
		})
	}
	return j, nil
}

func (o ours) journey(request client.Request, started client.Started) journey {
	return journey{
		id: started.ID, run: started.RunID, temporal: o.connection,
		calls: func(ctx context.Context) (int, error) {
			spec, err := request.Journey().Spec()
			if err != nil {
				return 0, err
			}
			return o.user.Calls(ctx, spec.Provider, request.SubjectName(), 0)
		},
		end: func(ctx context.Context) error {
			result, err := o.client.Wait(ctx, started.ID, started.RunID)
			if err != nil {
				return err
			}
			return o.expect(result.Outcome, result.Reason)
		},
	}
}

// expect returns an error unless a journey ended as it should.
func (o ours) expect(ended enroll.Outcome, why enroll.Reason) error {
	if ended != o.outcome {
		return fmt.Errorf("%s ended %s %s, not %s", o.name, ended, why, o.outcome)
	}
	return nil
}

// person finishes the capture, and then sends the hint.
func (o ours) person(handed *enroll.HandOver, send func(context.Context, enroll.HintName, enroll.Hint) error) (capture, wake func(context.Context) error) {
	var name enroll.HintName
	var hint enroll.Hint
	capture = func(ctx context.Context) (err error) {
		if !o.fails {
			name, hint, err = o.user.Complete(ctx, handed)
			return err
		}
		name = enroll.SDKFinished
		return o.control(ctx, "/_sim/capture", map[string]any{
			"provider": enroll.IProov, "token": handed.IProov.Token.Reveal(), "result": "fail", "reason": "matching_failed",
		})
	}
	return capture, func(ctx context.Context) error { return send(ctx, name, hint) }
}

// control asks the simulators for something.
func (s *system) control(ctx context.Context, path string, body any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode the request to %s: %w", path, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.simulators+path, bytes.NewReader(encoded))
	if err != nil {
		return fmt.Errorf("make the request to %s: %w", path, err)
	}
	answer, err := s.http.Do(request)
	if err != nil {
		return fmt.Errorf("ask the simulators: %w", err)
	}
	defer answer.Body.Close() //nolint:errcheck // the answer has been read
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the simulators answered %s with %d: %s %w", path, answer.StatusCode, text, err)
	}
	return nil
}
