package e2e_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/canary"
)

// TestCanary_finds_what_leaks leaks on purpose, in each place that TestCanary
// searches, and wants it found there.
func TestCanary_finds_what_leaks(t *testing.T) {
	s := setStage(t)
	subject, memo, name := s.personal("subject", unique()), s.personal("memo", unique()), s.personal("search attribute", plain())
	s.startInClear(t, subject, memo, name)
	photo := s.png(t, "photo")
	leaks := map[string]string{
		"data/sealed/photo":  string(photo),
		"data/records.copy":  base64.StdEncoding.EncodeToString([]byte(subject)),
		"logs/crash.log":     fmt.Sprintf("panic: %#v", struct{ Image []byte }{photo}),
		"tmp/upload-1234567": "data:image/png;base64," + base64.StdEncoding.EncodeToString(photo),
	}
	for path, content := range leaks {
		path = filepath.Join(s.root, filepath.FromSlash(path))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	s.logger(t, "worker").Debug("asking", zap.String("url", "https://host/accounts/"+subject), zap.Binary("body", photo))

	search, err := canary.For(s.needles()...)
	require.NoError(t, err)
	var found []string
	files, _, err := search.Tree(s.root, nil)
	require.NoError(t, err)
	for _, f := range files {
		found = append(found, f.Needle+" in "+filepath.ToSlash(f.Where))
	}
	for where, content := range s.exported(t, nil) {
		for _, f := range search.Bytes(where, content) {
			found = append(found, f.Needle+" in "+f.Where)
		}
	}
	for _, wanted := range []string{
		"pixels of photo in data/sealed/photo", "PNG text of photo in data/sealed/photo", "subject in data/records.copy",
		"pixels of photo in logs/crash.log", "pixels of photo in tmp/upload-1234567", "subject in logs/worker.log", "pixels of photo in logs/worker.log",
		"subject in event 1 of AuthIDEnrollment leak", "subject in event 1 of AuthIDEnrollment leak as JSON",
		"memo in the list of workflows", "memo in the list of workflows as JSON", "search attribute in the list of workflows",
		"memo in the description of AuthIDEnrollment leak", "subject in server/temporal.db-wal",
	} {
		require.Contains(t, found, wanted)
	}
	s.close(t)
}

// startInClear starts a journey with a client that encrypts nothing, as the
// SDK's own does.
func (s *stage) startInClear(t *testing.T, subject, memo, attribute string) {
	t.Helper()
	careless, err := sdk.Dial(sdk.Options{HostPort: s.server.FrontendAddress()})
	require.NoError(t, err)
	defer careless.Close()
	_, err = careless.ExecuteWorkflow(t.Context(), sdk.StartWorkflowOptions{
		ID: "leak", TaskQueue: enroll.WorkflowTaskQueue, Memo: map[string]any{"note": memo},
		TypedSearchAttributes: temporal.NewSearchAttributes(temporal.NewSearchAttributeKeyKeyword(enroll.AttrSubject).ValueSet(attribute)),
	}, "AuthIDEnrollment", enroll.AuthIDInput{AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: subject}})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return slices.Contains(s.listedIDs(t), "leak") }, time.Minute, 50*time.Millisecond)
}

// listedIDs are the workflows that the server's index knows.
func (s *stage) listedIDs(t *testing.T) []string {
	t.Helper()
	var ids []string
	for _, execution := range s.executions(t) {
		ids = append(ids, execution.GetExecution().GetWorkflowId())
	}
	return ids
}
