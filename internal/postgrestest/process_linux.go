package postgrestest

import "syscall"

// attributes run a command as the user. SIGQUIT is PostgreSQL's immediate
// shutdown, for when the test was killed.
func attributes(user *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: user, Pdeathsig: syscall.SIGQUIT}
}
