package records_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/records"
)

// model is a record as one honest process would remember it.
type model struct {
	store *records.Store
	id    string
	// calls are the claimed calls by their ordinal.
	calls map[int]modelCall
	// references are what the answers gave.
	references map[string]enroll.Secret
	result     *enroll.Result
	// clock gives every claim a time of its own.
	clock int
}

type modelCall struct {
	claim  records.Claim
	state  enroll.StepState
	answer string
}

// claim returns a claim by somebody new.
func (m *model) claim(t *rapid.T) records.Claim {
	m.clock++
	c := claim(m.id)
	c.Ordinal = rapid.IntRange(1, 2).Draw(t, "ordinal")
	c.RunID = rapid.SampledFrom([]string{"run-1", "run-2"}).Draw(t, "run")
	c.At = c.At.Add(time.Duration(m.clock) * time.Second)
	return c
}

// Claim claims and compares what the claimant is told.
func (m *model) Claim(t *rapid.T) {
	c := m.claim(t)
	claimed, err := m.store.Claim(t.Context(), c)
	require.NoError(t, err)
	call, known := m.calls[c.Ordinal]
	switch {
	case m.result != nil:
		require.Equal(t, records.Concluded, claimed.State)
		require.Equal(t, m.result, claimed.Record.Result)
	case !known:
		require.Equal(t, records.Fresh, claimed.State)
		m.calls[c.Ordinal] = modelCall{claim: c, state: enroll.StepClaimed}
	case call.state == enroll.StepAnswered:
		require.Equal(t, records.Answered, claimed.State)
		require.Equal(t, call.answer, string(claimed.Answer))
	default:
		require.Equal(t, records.InDoubt, claimed.State)
	}
}

// settling returns the claim that is there, or that of somebody else.
func (m *model) settling(t *rapid.T) (records.Claim, modelCall, bool) {
	c := m.claim(t)
	call, known := m.calls[c.Ordinal]
	if known && rapid.Bool().Draw(t, "claimant") {
		c = call.claim
	}
	return c, call, known
}

// Answer answers as the claimant, or as somebody who found the answer.
func (m *model) Answer(t *rapid.T) {
	c, call, known := m.settling(t)
	m.clock++
	answer := fmt.Sprintf("answer %d", m.clock)
	references := map[string]enroll.Secret{fmt.Sprintf("token_%d", c.Ordinal): enroll.Secret(answer)}
	err := m.store.Answer(t.Context(), c, []byte(answer), references)
	if !known {
		require.ErrorIs(t, err, records.ErrNotClaimed)
		return
	}
	require.NoError(t, err)
	if call.state != enroll.StepAnswered {
		call.state, call.answer = enroll.StepAnswered, answer
		m.calls[c.Ordinal] = call
		maps.Copy(m.references, references)
	}
}

// Lost loses the answer.
func (m *model) Lost(t *rapid.T) {
	c, call, known := m.settling(t)
	err := m.store.Lost(t.Context(), c)
	if !known {
		require.ErrorIs(t, err, records.ErrNotClaimed)
		return
	}
	require.NoError(t, err)
	if call.state == enroll.StepClaimed {
		call.state = enroll.StepLost
		m.calls[c.Ordinal] = call
	}
}

// Release gives up a claim, which only its claimant may before it is settled.
func (m *model) Release(t *rapid.T) {
	c, call, known := m.settling(t)
	err := m.store.Release(t.Context(), c, "never sent")
	switch {
	case !known:
		require.NoError(t, err)
	case c == call.claim && call.state == enroll.StepClaimed:
		require.NoError(t, err)
		delete(m.calls, c.Ordinal)
	default:
		require.ErrorIs(t, err, records.ErrNotClaimed)
	}
}

// Conclude comes to some outcome; the first one counts.
func (m *model) Conclude(t *rapid.T) {
	if rapid.IntRange(0, 4).Draw(t, "patience") > 0 {
		return // or most journeys would end at once
	}
	given := result(rapid.SampledFrom(enroll.Outcomes()).Draw(t, "outcome"))
	got, err := m.store.Conclude(t.Context(), records.Conclusion{Opening: opening(m.id), Result: given})
	require.NoError(t, err)
	if m.result == nil {
		m.result = &given
	}
	require.Equal(t, *m.result, got)
}

// Check compares the whole record.
func (m *model) Check(t *rapid.T) {
	record, err := m.store.Get(t.Context(), enroll.RecordID(m.id))
	require.NoError(t, err)
	require.Len(t, record.Steps, len(m.calls))
	for _, step := range record.Steps {
		call := m.calls[step.Ordinal]
		require.Equal(t, call.state, step.State)
		require.Equal(t, call.claim.At, step.ClaimedAt)
	}
	require.Len(t, record.References, len(m.references))
	for name, value := range m.references {
		require.Equal(t, value, record.References[name])
	}
	require.Equal(t, m.result, record.Result)
}

func TestModel(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			store := database.empty(t).open(t)
			journeys := 0
			rapid.Check(t, func(rt *rapid.T) {
				journeys++
				m := &model{store: store, id: fmt.Sprintf("m%d", journeys), calls: map[int]modelCall{}, references: map[string]enroll.Secret{}}
				_, err := store.Begin(rt.Context(), opening(m.id))
				require.NoError(rt, err)
				rt.Repeat(map[string]func(*rapid.T){
					"claim": m.Claim, "answer": m.Answer, "lost": m.Lost, "release": m.Release, "conclude": m.Conclude, "": m.Check,
				})
			})
		})
	}
}
