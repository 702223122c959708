package secrettest_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// dies names the value with which this program is to die.
const dies = "SECRETTEST_DIES"

const secret = "hunter2-hunter2"

// deaths are the values with which a program could die by mistake.
func deaths() map[string]any {
	return map[string]any{
		"secret":  enroll.Secret(secret),
		"request": rest.Request{Op: "ask", Auth: rest.Bearer(secret), Redact: []string{secret}},
		"content": enroll.Bytes([]byte(secret)),
		"failure": &enroll.Error{Op: "ask", Kind: enroll.KindLost, Said: secret},
		"wrapped": fmt.Errorf("ask with %v: %w", enroll.Secret(secret), errors.New("no answer")),
		"text":    fmt.Sprintf("ask with %+v", rest.Bearer(secret)),
	}
}

// TestPanic_tells_no_secret lets this program die with each of them, and reads
// its last words.
func TestPanic_tells_no_secret(t *testing.T) {
	if name := os.Getenv(dies); name != "" {
		panic(deaths()[name])
	}
	for name := range deaths() {
		t.Run(name, func(t *testing.T) {
			self := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPanic_tells_no_secret$")
			self.Env = append(os.Environ(), dies+"="+name, "GOTRACEBACK=all")
			said, err := self.CombinedOutput()
			require.Error(t, err)
			require.Contains(t, string(said), "panic: ")
			require.Contains(t, string(said), "goroutine ")
			require.NotContains(t, string(said), secret)
		})
	}
}
