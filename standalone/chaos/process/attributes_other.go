//go:build !linux

package process

import "syscall"

// attributes put a part into a group of its own, so that Ctrl-C reaches the
// campaign alone.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
