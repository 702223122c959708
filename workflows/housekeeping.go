package workflows

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

// resumePatience is short: what cannot be started now waits for the next run, and
// not everything else for it.
const resumePatience = 5 * time.Minute

// Housekeeping starts erasures whose caller was cut short, and removes what has
// been kept long enough: sealed bytes whose journey could not delete them, the
// personal part of records, and records. One task that cannot be done does not
// keep the others, and fails the run, so that an operator sees it; the schedule
// begins the next one.
func Housekeeping(ctx workflow.Context) (enroll.Housekept, error) {
	var done enroll.Housekept
	var failed []error
	starting := housekeepingOptions("start erasures")
	starting.ScheduleToCloseTimeout = resumePatience
	resumed, err := execute(ctx, starting, enroll.ResumeErasures, enroll.Nothing{})
	if err != nil {
		failed = append(failed, fmt.Errorf("start erasures: %w", err))
	}
	done.Resumed = resumed
	for _, task := range []struct {
		step enroll.Activity[enroll.Nothing, enroll.Swept]
		what string
		into *enroll.Swept
	}{
		{enroll.SweepSealed, "destroy sealed bytes", &done.Sealed},
		{enroll.SweepRecords, "delete records", &done.Deleted},
		{enroll.EmptyRecords, "empty records", &done.Emptied}, // Last: what is deleted need not be emptied.
	} {
		swept, err := execute(ctx, housekeepingOptions(task.what), task.step, enroll.Nothing{})
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", task.what, err))
			continue
		}
		*task.into = swept
	}
	workflow.SetCurrentDetails(ctx, housekept(done))
	if len(failed) > 0 {
		return done, temporal.NewApplicationErrorWithCause("not everything could be done; the next run tries again", enroll.HousekeepingIncomplete, errors.Join(failed...))
	}
	return done, nil
}

// housekept is what an operator reads of housekeeping.
func housekept(done enroll.Housekept) string {
	lines := []string{fmt.Sprintf("- Erasures started that had no workflow: %d.", done.Resumed.Count)}
	for _, line := range []struct {
		what string
		of   enroll.Swept
	}{
		{"Sealed bytes destroyed", done.Sealed},
		{"Records and statements of erasures deleted", done.Deleted},
		{"Records emptied of everything personal", done.Emptied},
	} {
		text := "by setting none"
		if !line.of.Before.IsZero() {
			text = fmt.Sprintf("%d, older than %s", line.of.Count, clock(line.of.Before))
		}
		lines = append(lines, fmt.Sprintf("- %s: %s.", line.what, text))
	}
	return strings.Join(lines, "\n")
}
