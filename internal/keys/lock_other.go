//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package keys

import "errors"

// lock refuses: two programs could change the key file at once.
func lock(string) (unlock func(), err error) {
	return nil, errors.New("this system has no lock of the kind needed; change the key file on Linux, macOS or a BSD")
}
