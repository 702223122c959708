package s3test

import (
	"os/exec"
	"runtime"
)

// supervise starts the server and returns a channel that is closed when it has
// ended. The server is told to end when the thread that started it does, so
// that thread is kept until then.
func supervise(server *exec.Cmd) <-chan struct{} {
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
