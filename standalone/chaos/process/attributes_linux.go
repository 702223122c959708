package process

import "syscall"

// attributes put a part into a group of its own, so that Ctrl-C reaches the
// campaign alone, and let the kernel kill it with its parent.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
