// Package process runs the parts of a benchmark as processes of their own, so
// that processor time and memory can be told apart: the server's, the worker's,
// the simulators'. A child is this same program, started with the name of its
// part. It ends when the parent closes its input, so none outlives the parent.
package process

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// patience is how long a child may take to end.
const patience = 40 * time.Second

// Child is a running part.
type Child struct {
	part    string
	log     string
	command *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Reader
	mu      sync.Mutex // one command at a time
}

// Start runs this program with the arguments "part" and the part's name, in an
// environment of the variables alone, and decodes what the part announces when
// it is ready. What it logs goes to a file in the folder. When the context ends,
// the part is stopped.
func Start(ctx context.Context, folder, part string, environment map[string]string, ready any) (*Child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", part, err)
	}
	c := &Child{part: part, log: filepath.Join(folder, part+".log")}
	log, err := os.Create(c.log)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", part, err)
	}
	defer log.Close()                                           //nolint:errcheck // the child has its own
	c.command = exec.CommandContext(ctx, program, "part", part) //nolint:gosec // this program itself
	c.command.Stderr = log
	for name, value := range environment {
		c.command.Env = append(c.command.Env, name+"="+value)
	}
	if err := c.start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", part, err)
	}
	if err := c.answer(ready); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Child) start() error {
	var err error
	if c.input, err = c.command.StdinPipe(); err != nil {
		return err
	}
	output, err := c.command.StdoutPipe()
	if err != nil {
		return err
	}
	c.output = bufio.NewReader(output)
	c.command.Cancel = c.input.Close
	c.command.WaitDelay = patience
	return c.command.Start()
}

func (c *Child) answer(into any) error {
	line, err := c.output.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("%s does not answer: %w; its log ends: %s", c.part, err, c.lastWords())
	}
	if err := json.Unmarshal(line, into); err != nil {
		return fmt.Errorf("%s answered what cannot be read: %w", c.part, err)
	}
	return nil
}

func (c *Child) ask(command string, into any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := io.WriteString(c.input, command+"\n"); err != nil {
		return fmt.Errorf("ask %s: %w", c.part, err)
	}
	return c.answer(into)
}

// Usage is what the part has used so far.
func (c *Child) Usage() (Usage, error) { return c.usage(askUsage) }

// Collect is Usage after the part has collected its garbage and returned what
// it could to the system.
func (c *Child) Collect() (Usage, error) { return c.usage(askCollect) }

func (c *Child) usage(command string) (Usage, error) {
	var used Usage
	err := c.ask(command, &used)
	return used, err
}

// Profile writes a CPU profile of the part to the file until the returned
// function is called.
func (c *Child) Profile(path string) (end func() error, err error) {
	var nothing struct{}
	end = func() error { return c.ask(endProfile, &nothing) }
	return end, c.ask(startProfile+path, &nothing)
}

// Stop ends the part and returns when it has ended.
func (c *Child) Stop() error {
	if err := c.input.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("stop %s: %w", c.part, err)
	}
	if err := c.command.Wait(); err != nil {
		return fmt.Errorf("stop %s: %w; its log ends: %s", c.part, err, c.lastWords())
	}
	return nil
}

// lastWords is the end of the part's log.
func (c *Child) lastWords() string {
	const most = 2000
	text, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}
