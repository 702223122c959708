package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
)

// together is how many rows of the table run at a time.
const together = 24

// TestMagicSubjects walks the whole table of magic subjects: each row must end
// as it promises, through the real server.
func TestMagicSubjects(t *testing.T) {
	rows := simulator.MagicSubjects()
	require.NotEmpty(t, rows)
	results, errs := make([]enroll.Result, len(rows)), make([]error, len(rows))
	slots := make(chan struct{}, together)
	var group sync.WaitGroup
	for i, row := range rows {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i], errs[i] = play(t.Context(), row)
		})
	}
	group.Wait()
	for i, row := range rows {
		t.Run(row.Journey+"/"+row.Subject, func(t *testing.T) {
			require.NoError(t, errs[i], row.Forces)
			require.Equal(t, promise(row), verdict(results[i]), "%s: %+v", row.Forces, results[i])
		})
	}
}

// promise is what a row says of its journey's end.
func promise(row simulator.Magic) enroll.Verdict {
	return enroll.Verdict{Outcome: enroll.Outcome(row.Outcome), Reason: enroll.Reason(row.Reason), CanRetry: row.CanRetry}
}

// verdict is what the row is compared with.
func verdict(result enroll.Result) enroll.Verdict {
	return enroll.Verdict{Outcome: result.Outcome, Reason: result.Reason, CanRetry: result.CanRetry}
}

// play runs one row: it starts the journey and waits. At iProov, whose only
// backup is half a minute away, a frontend relays the end of the SDK.
func play(ctx context.Context, row simulator.Magic) (enroll.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	request, err := requestOf(row)
	if err != nil {
		return enroll.Result{}, err
	}
	started, err := shared.Client().Start(ctx, "magic", request)
	if err != nil {
		return enroll.Result{}, err
	}
	if started.HandOver != nil && started.HandOver.IProov != nil {
		if _, err := shared.Client().Hint(ctx, started.ID, started.RunID, enroll.SDKFinished, enroll.Hint{}); err != nil {
			return enroll.Result{}, err
		}
	}
	return shared.Client().Wait(ctx, started.ID, started.RunID)
}

// requestOf fills a request from a row of the table.
func requestOf(row simulator.Magic) (client.Request, error) {
	fields := map[string]any{}
	switch journey := enroll.Journey(row.Journey); journey {
	case enroll.AuthIDEnroll, enroll.AuthIDSelfie:
		fields["account_number"] = row.Subject
	case enroll.BioIDEnroll:
		fields["bcid"] = row.Subject
	case enroll.SmartIDEnroll:
		fields["user"], fields["template"], fields["pay_load"] = row.Subject, "template", "payload"
	case enroll.SmartIDUnenroll:
		fields["user"] = row.Subject
	case enroll.IProovPhotoEnroll:
		fields["user_id"], fields["source"], fields["image"] = row.Subject, enroll.SourceSelfie, simulator.SampleImage(simulator.SampleLive)
	}
	maps.Copy(fields, row.Inputs)
	raw, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("encode the row: %w", err)
	}
	into, request, err := client.NewRequest(enroll.Journey(row.Journey))
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return nil, fmt.Errorf("the row's inputs are not the request's: %w", err)
	}
	return request(), nil
}
