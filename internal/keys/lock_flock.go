//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package keys

import (
	"errors"
	"os"
	"syscall"
)

// lock waits until no other program changes key files in the folder. The
// system itself unlocks what a dead program has locked.
func lock(folder string) (unlock func(), err error) {
	handle, err := os.Open(folder) //nolint:gosec // the folder of the operator's own setting
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(handle.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, handle.Close())
	}
	return func() { _ = handle.Close() }, nil // Closing unlocks; nothing was written.
}
