package frontend_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/frontend"
)

func TestFiles(t *testing.T) {
	t.Run("are_those_of_the_folder", func(t *testing.T) {
		for _, name := range []string{frontend.Script, frontend.Types} {
			embedded, err := fs.ReadFile(frontend.Files(), name)
			require.NoError(t, err)
			inFolder, err := os.ReadFile(name)
			require.NoError(t, err)
			require.Equal(t, string(inFolder), string(embedded))
			require.Contains(t, string(embedded), "SPDX-License-Identifier: Apache-2.0")
		}
	})

	t.Run("hold_nothing_else", func(t *testing.T) {
		entries, err := fs.ReadDir(frontend.Files(), ".")
		require.NoError(t, err)
		require.Len(t, entries, 2)
	})

	t.Run("are_served_as_what_a_browser_runs", func(t *testing.T) {
		answer := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/"+frontend.Script, http.NoBody)
		http.FileServerFS(frontend.Files()).ServeHTTP(answer, request)
		require.Equal(t, http.StatusOK, answer.Code)
		require.Equal(t, "text/javascript; charset=utf-8", answer.Header().Get("Content-Type"))
	})
}
