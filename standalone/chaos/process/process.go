// Package process runs the parts of a fault campaign as processes of their own,
// so that one can be killed the way a kernel kills: without a word, in the
// middle of whatever it does. A part is this same program, started with the
// name of the part.
//
// Nothing outlives the campaign: a part ends when its input closes, which also
// happens when the campaign itself is killed, and on Linux the kernel ends it
// with its parent besides.
package process

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"time"
)

// patience is how long a part may take to end by itself.
const patience = 30 * time.Second

// Program says how a part is started, any number of times.
type Program struct {
	// Part is the name that the started program gets as its second argument,
	// behind the word "part".
	Part string
	// Environment holds all variables of the part.
	Environment map[string]string
	// Log is the file to which the part's log is appended.
	Log string
}

// Child is a running part.
type Child struct {
	program Program
	command *exec.Cmd
	input   io.WriteCloser
	killed  atomic.Bool
	ended   chan struct{}
	err     error // of the end; read only after ended is closed
}

// Start starts the part and decodes into ready what it announces when it can be
// used.
func (p Program) Start(ready any) (*Child, error) {
	c := &Child{program: p, ended: make(chan struct{})}
	output, err := c.start()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.Part, err)
	}
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, ready)
	}
	go func() {
		c.err = c.command.Wait()
		close(c.ended)
	}()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: it did not announce itself: %w; its log ends: %s", p.Part, err, c.LastWords()), c.Kill())
	}
	return c, nil
}

// start returns the part's output.
func (c *Child) start() (io.Reader, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(c.program.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()                                      //nolint:errcheck // the part has its own
	c.command = exec.Command(self, "part", c.program.Part) //nolint:gosec,noctx // this program itself; Stop and Kill end it, not a context
	c.command.Stderr = log
	c.command.SysProcAttr = attributes()
	for name, value := range c.program.Environment {
		c.command.Env = append(c.command.Env, name+"="+value)
	}
	if c.input, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return output, c.command.Start()
}

// PID is the part's process ID.
func (c *Child) PID() int { return c.command.Process.Pid }

// Ended is closed when the process has ended, by whatever cause.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// Kill ends the part with SIGKILL and returns when it has ended.
func (c *Child) Kill() error {
	c.killed.Store(true)
	err := c.command.Process.Kill()
	<-c.ended
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Stop closes the part's input, upon which it ends in good order, and returns
// when it has. One that takes too long is killed, which is an error; one that
// was killed before has ended already.
func (c *Child) Stop() error {
	if err := c.input.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("stop %s: %w", c.program.Part, err)
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-c.ended:
	case <-late.C:
		return errors.Join(fmt.Errorf("stop %s: killed after %s; its log ends: %s", c.program.Part, patience, c.LastWords()), c.Kill())
	}
	if c.err != nil && !c.killed.Load() {
		return fmt.Errorf("stop %s: %w; its log ends: %s", c.program.Part, c.err, c.LastWords())
	}
	return nil
}

// LastWords is the end of the part's log.
func (c *Child) LastWords() string {
	const most = 2000
	text, err := os.ReadFile(c.program.Log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}

// Serve tells the parent that the part is ready, with whatever the parent wants
// to know of it, and returns when the parent closes the input or is gone. It
// runs in the part.
func Serve(in io.Reader, out io.Writer, ready any) error {
	if err := json.NewEncoder(out).Encode(ready); err != nil {
		return fmt.Errorf("tell the parent: %w", err)
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return fmt.Errorf("listen to the parent: %w", err)
	}
	return nil
}
