package workflows

import (
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

// Housekeeping removes what has been kept long enough: sealed bytes whose
// journey could not delete them, the personal part of records, and records. One
// of them that cannot be removed does not keep the others, and fails the run, so
// that an operator sees it; the schedule begins the next one.
func Housekeeping(ctx workflow.Context) (enroll.Housekept, error) {
	var done enroll.Housekept
	var failed []error
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
		return done, temporal.NewApplicationErrorWithCause("not everything could be removed; the next run tries again", enroll.HousekeepingIncomplete, errors.Join(failed...))
	}
	return done, nil
}

// housekept is what an operator reads of housekeeping.
func housekept(done enroll.Housekept) string {
	var lines []string
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
