//go:build !linux

package s3test

import "syscall"

// attributes leave the server as it is.
func attributes() *syscall.SysProcAttr { return nil }
