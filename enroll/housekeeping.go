package enroll

import "time"

// LongestJourney is longer than any journey can take, its clean-up and the watch
// of a late capture included: an authID operation of up to a week, and a day to
// learn its end and to record it.
const LongestJourney = 8 * 24 * time.Hour

// HousekeepingWorkflow is the workflow type of housekeeping: it removes what has
// been kept long enough, and starts erasures that their callers could not.
const HousekeepingWorkflow = "Housekeeping"

// HousekeepingSchedule is the ID of the schedule that starts housekeeping, and
// the beginning of the workflow IDs that it gives.
const HousekeepingSchedule = "bioenroll-housekeeping"

// HousekeepingIncomplete is the failure type with which housekeeping ends when
// something could not be done.
const HousekeepingIncomplete = "HousekeepingIncomplete"

// The steps of housekeeping. They take nothing: how long things are kept is the
// setting of the worker that runs them, so that nobody who may merely start a
// workflow can have records deleted.
const (
	// SweepSealed destroys sealed bytes that outlived their journey.
	SweepSealed Activity[Nothing, Swept] = "SweepSealed"
	// EmptyRecords empties records of everything personal.
	EmptyRecords Activity[Nothing, Swept] = "EmptyRecords"
	// SweepRecords deletes records, and the statements of erasures.
	SweepRecords Activity[Nothing, Swept] = "SweepRecords"
	// ResumeErasures starts erasures whose caller was cut short before they could.
	ResumeErasures Activity[Nothing, Resumed] = "ResumeErasures"
)

// Resumed is what ResumeErasures did.
type Resumed struct {
	// Count is how many erasures were started.
	Count int `json:"count"`
}

// Swept is what one step of housekeeping removed.
type Swept struct {
	// Before is the time before which things were old enough; it is zero when a
	// setting keeps them for good.
	Before time.Time `json:"before,omitzero"`
	Count  int       `json:"count"`
}

// Housekept is the result of housekeeping.
type Housekept struct {
	// Resumed counts erasures that were started.
	Resumed Resumed `json:"resumed"`
	// Sealed counts sealed bytes, and marks of bytes deleted long ago.
	Sealed Swept `json:"sealed"`
	// Emptied counts records that were emptied of everything personal.
	Emptied Swept `json:"emptied"`
	// Deleted counts records and statements of erasures.
	Deleted Swept `json:"deleted"`
}
