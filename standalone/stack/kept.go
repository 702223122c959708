package stack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
)

// kept reads the secret in a file of the data folder, and makes it when there is
// none: it stays the same, so a shell that knows it goes on working after a
// restart.
func kept(path string, fresh func() (enroll.Secret, error)) (enroll.Secret, error) {
	content, err := os.ReadFile(path) //nolint:gosec // a fixed name in the data folder
	if err == nil && len(content) > 0 {
		return enroll.Secret(strings.TrimSpace(string(content))), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read a secret of the data folder: %w", err)
	}
	secret, err := fresh()
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(path, []byte(secret.Reveal()+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep a secret in the data folder: %w", err)
	}
	return secret, nil
}
