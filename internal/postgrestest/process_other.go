//go:build !linux

package postgrestest

import "syscall"

// attributes run a command as the user.
func attributes(user *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: user}
}
