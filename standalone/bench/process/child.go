package process

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"
)

// The commands that a child understands, one on each line.
const (
	askUsage     = "usage"
	askCollect   = "collect"
	startProfile = "profile "
	endProfile   = "end profile"
)

// Usage is what a process has used.
type Usage struct {
	// CPU is the processor time of all its threads so far.
	CPU time.Duration `json:"cpu"`
	// Resident is the memory that it occupies, in bytes; 0 where the system
	// does not tell.
	Resident int64 `json:"resident"`
	// Live is the memory of reachable objects and of stacks, in bytes.
	Live int64 `json:"live"`
	// Goroutines it has.
	Goroutines int `json:"goroutines"`
}

// Serve tells the parent that the child is ready, with whatever the parent
// wants to know of it, and answers the parent's commands until the parent
// closes the input. It runs in the child.
func Serve(in io.Reader, out io.Writer, ready any) error {
	answers := json.NewEncoder(out)
	if err := answers.Encode(ready); err != nil {
		return fmt.Errorf("tell the parent: %w", err)
	}
	commands := bufio.NewScanner(in)
	for commands.Scan() {
		answer, err := obey(commands.Text())
		if err != nil {
			return err
		}
		if err := answers.Encode(answer); err != nil {
			return fmt.Errorf("answer the parent: %w", err)
		}
	}
	if err := commands.Err(); err != nil {
		return fmt.Errorf("listen to the parent: %w", err)
	}
	return nil
}

func obey(command string) (any, error) {
	path, profile := strings.CutPrefix(command, startProfile)
	switch {
	case command == askUsage:
		return Own()
	case command == askCollect:
		return Collect()
	case profile:
		return struct{}{}, StartProfile(path)
	case command == endProfile:
		pprof.StopCPUProfile()
		return struct{}{}, nil
	default:
		return nil, fmt.Errorf("the parent's command %q is not known", command)
	}
}

// StartProfile writes a CPU profile of this process to the file until
// pprof.StopCPUProfile.
func StartProfile(path string) error {
	file, err := os.Create(path) //nolint:gosec // the person who benchmarks names the folder
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return nil
}

// Own is what this process has used so far.
func Own() (Usage, error) {
	var times syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &times); err != nil {
		return Usage{}, fmt.Errorf("read the processor time: %w", err)
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return Usage{
		CPU:      time.Duration(times.Utime.Nano() + times.Stime.Nano()),
		Resident: resident(),
		//nolint:gosec // no process has that much memory
		Live:       int64(memory.HeapAlloc + memory.StackInuse),
		Goroutines: runtime.NumGoroutine(),
	}, nil
}

// Collect is Own after this process has collected its garbage and returned what
// it could to the system.
func Collect() (Usage, error) {
	debug.FreeOSMemory()
	return Own()
}

// resident reads the occupied memory where Linux tells it.
func resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
