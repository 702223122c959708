package e2e_test

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/testserver"
	"github.com/bioenroll/bioenroll/simulator"
)

// generatedClient is a folder with a client that was generated from the gateway's
// description, and with the program in testdata/client that uses it.
type generatedClient struct{ folder, node string }

// generate makes the client. The test is skipped without Node.js and the packages
// of tools/web; with BIOENROLL_TEST_NO_SKIP=1 it fails.
func generate(t *testing.T, description []byte) generatedClient {
	t.Helper()
	node := testserver.Program(t, "Node.js is not installed; apt-get install nodejs npm", "node")
	packages, err := filepath.Abs(filepath.Join("..", "..", "tools", "web", "node_modules"))
	require.NoError(t, err)
	for _, tool := range []string{"@hey-api/openapi-ts", "typescript", "standardwebhooks"} {
		if _, err := os.Stat(filepath.Join(packages, filepath.FromSlash(tool))); err != nil {
			testserver.Missing(t, tool+" is not installed; make tools/web/node_modules")
		}
	}
	c := generatedClient{t.TempDir(), node}
	require.NoError(t, os.CopyFS(c.folder, os.DirFS(filepath.Join("testdata", "client"))))
	require.NoError(t, os.Symlink(packages, filepath.Join(c.folder, "node_modules")))
	require.NoError(t, os.WriteFile(filepath.Join(c.folder, "openapi.json"), description, 0o600))
	c.run(t, nil, "node_modules/@hey-api/openapi-ts/bin/index.cjs", "--input", "openapi.json", "--output", "generated")
	return c
}

// run runs a script of the folder and returns what it prints.
func (c generatedClient) run(t *testing.T, environment variables, script string, arguments ...string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), c.node, append([]string{script}, arguments...)...)
	command.Dir = c.folder
	command.Env = []string{"HOME=" + c.folder, "PATH=" + os.Getenv("PATH")}
	for name, value := range environment {
		command.Env = append(command.Env, name+"="+value)
	}
	var printed, complaints bytes.Buffer
	command.Stdout, command.Stderr = &printed, &complaints
	require.NoError(t, command.Run(), "%s: %s%s", script, &printed, &complaints)
	return printed.Bytes()
}

// TestGeneratedClient runs a journey of each kind from TypeScript, as a backend
// and its frontends do who have nothing but the gateway's description. The
// backend is also told each outcome, and verifies that with a library that is
// not ours.
func TestGeneratedClient(t *testing.T) {
	d := shared.storefront()
	status, description := d.page(t, d.address+"/openapi.json")
	require.Equal(t, http.StatusOK, status)
	c := generate(t, []byte(description))
	c.run(t, nil, "node_modules/typescript/bin/tsc", "--project", ".")
	photo := filepath.Join(c.folder, "photo.png")
	require.NoError(t, os.WriteFile(photo, simulator.SampleImage(simulator.SampleLive), 0o600))
	_, operator := d.GatewayKeys()
	printed := c.run(t, variables{"GATEWAY": d.address, "GATEWAY_KEY": d.key, "GATEWAY_OPERATOR_KEY": operator.Reveal(), "PHOTO": photo}, "built/main.js")

	told := strings.Split(strings.TrimSpace(string(printed)), "\n")
	expected := []string{
		`{"what": "repeated", "replayed": true, "same": true, "opens": true}`,
		`{"what": "authid.enroll", "outcome": "enrolled", "can_retry": false, "event": "journey.concluded", "agrees": true}`,
		`{"what": "another request with the key", "status": 422}`,
		`{"what": "authid.live-selfie", "outcome": "captured", "can_retry": false, "event": "journey.concluded", "agrees": true}`,
		`{"what": "selfie", "kept": true}`,
		`{"what": "bioid.enroll", "outcome": "enrolled", "can_retry": false, "event": "journey.concluded", "agrees": true}`,
		`{"what": "smartid.enroll", "outcome": "enrolled", "can_retry": false, "event": "journey.concluded", "agrees": true}`,
		`{"what": "smartid.unenroll", "outcome": "removed", "can_retry": false, "event": "journey.concluded", "agrees": true}`,
		`{"what": "iproov.photo-enroll", "outcome": "enrolled", "can_retry": false, "event": "journey.concluded", "agrees": true}`,
		`{"what": "renewed", "left": 4, "other": true}`,
		`{"what": "authid.live-selfie", "outcome": "canceled", "reason": "canceled_by_request", "can_retry": true, "event": "journey.concluded", "agrees": true}`,
		`{"what": "renewed too late", "status": 410, "type": "urn:bioenroll:problem:hand-over-gone"}`,
		`{"what": "input refused", "type": "urn:bioenroll:problem:input-refused", "fields": ["bcid", "max_tries"]}`,
		`{"what": "found by its reference", "journeys": [["authid.enroll", "enrolled"]]}`,
	}
	require.Len(t, told, len(expected), "%s", printed)
	for i, line := range expected {
		require.JSONEq(t, line, told[i])
	}
	for _, spec := range enroll.Catalogue() {
		require.Contains(t, string(printed), `{"what":"`+string(spec.Journey)+`","outcome":`)
	}
}
