package browsertest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/standalone/browsertest"
)

func TestOpen_shows_a_page_and_runs_its_script(t *testing.T) {
	t.Parallel()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<!doctype html><p id="said"></p><script>said.textContent = "hello"</script>`))
	}))
	t.Cleanup(page.Close)
	tab := browsertest.Open(t)
	require.NoError(t, chromedp.Do(tab, chromedp.Navigate(page.URL)))
	said, err := chromedp.Run(tab, chromedp.Text(chromedp.CSS("#said")))
	require.NoError(t, err)
	require.Equal(t, "hello", said)
}
