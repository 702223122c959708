// Package browsertest opens pages in a headless Chromium, for tests that do what
// a person at a browser does. Every test has a browser of its own, with an empty
// profile, which ends with the test.
package browsertest

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/testserver"
)

// Patience is how long a page may take for what a test waits for. A machine that
// is busy with other tests needs it.
const Patience = 90 * time.Second

// Open starts a browser and returns the context of its first tab, for
// chromedp.Run and chromedp.Do. The test is skipped when Chromium is not installed; with
// BIOENROLL_TEST_NO_SKIP=1 it fails.
func Open(t *testing.T, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path := testserver.Program(t, "Chromium is not installed; apt-get install chromium", "chromium", "chromium-browser", "google-chrome")
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.DisableGPU,
		chromedp.WSURLReadTimeout(Patience), // Until the program has started.
		// It would look for its maker's hosts otherwise.
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-sync", true),
	)
	if os.Getuid() == 0 { // Chromium's sandbox refuses to be started by root.
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), append(options, more...)...)
	t.Cleanup(stop)
	tab, shut := chromedp.NewContext(ctx)
	t.Cleanup(shut)
	require.NoError(t, chromedp.Do(tab), "start Chromium")
	return tab
}
