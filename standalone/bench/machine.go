package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/standalone/bench/report"
)

// machine describes what the benchmark runs on, and how busy it is before.
func machine(ctx context.Context) report.Machine {
	return report.Machine{
		System: runtime.GOOS + "/" + runtime.GOARCH, CPU: cpuName(), Cores: runtime.NumCPU(), Go: runtime.Version(), Busy: busy(ctx),
	}
}

// cpuName is the processor's name where Linux tells it.
func cpuName() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.Trim(name, " \t:\n")
		}
	}
	return "unknown"
}

// busy watches the processors for a second. It is 0 where Linux does not tell.
func busy(ctx context.Context) float64 {
	idleBefore, allBefore := processorTimes()
	if pause(ctx, time.Second) != nil {
		return 0
	}
	idle, all := processorTimes()
	if all == allBefore {
		return 0
	}
	return 1 - float64(idle-idleBefore)/float64(all-allBefore)
}

// processorTimes reads how long the processors were idle and how long they
// were there, in ticks.
func processorTimes() (idle, all int64) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	for i, field := range strings.Fields(first) {
		var ticks int64
		if _, err := fmt.Sscan(field, &ticks); err != nil {
			continue // The line's name.
		}
		all += ticks
		if i == 4 || i == 5 { // idle, and waiting for a disk
			idle += ticks
		}
	}
	return idle, all
}
