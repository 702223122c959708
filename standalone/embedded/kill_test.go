package embedded_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/standalone/embedded"
)

// serveDir names the variable that turns this test binary into a server on the
// folder it holds, so that a test can kill a server without killing itself.
const serveDir = "EMBEDDED_TEST_SERVE_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveDir); dir != "" {
		serveUntilKilled(dir)
	}
	os.Exit(m.Run())
}

func TestServer_survives_a_kill(t *testing.T) {
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), serveDir+"="+dir)
	child.Stderr = os.Stderr
	output, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	t.Cleanup(func() { _ = child.Process.Kill() }) // for a test that fails before it kills

	address, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	startGreeting(t, dialAddress(t, address[:len(address)-1]), "interrupted")
	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait(), "the server must have ended by the kill")

	temporalClient := dial(t, start(t, embedded.Options{DataDir: dir, UIPort: embedded.Off}))
	work(t, temporalClient)
	require.NoError(t, temporalClient.SignalWorkflow(t.Context(), "interrupted", "", nameSignal, "Ada"))
	requireGreeting(t, temporalClient.GetWorkflow(t.Context(), "interrupted", ""), "hello Ada")
}

// serveUntilKilled prints the frontend's address and then waits for the kill.
func serveUntilKilled(dir string) {
	server, err := embedded.Start(context.Background(), embedded.Options{DataDir: dir, UIPort: embedded.Off})
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	_, _ = os.Stdout.WriteString(server.FrontendAddress() + "\n")
	select {}
}
