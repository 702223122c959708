// Package testserver starts the servers that tests need, PostgreSQL and one of
// S3, so that none outlives its test.
package testserver

import (
	"os/exec"
	"runtime"
)

// Supervise starts the server and returns a channel that is closed when it has
// ended. A server may be told to end when the thread that started it does, so
// that thread is kept until then.
func Supervise(server *exec.Cmd) <-chan struct{} {
	started, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := server.Start()
		close(started)
		if err == nil {
			_ = server.Wait()
		}
	}()
	<-started
	return ended
}
