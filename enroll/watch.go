package enroll

import "time"

// WatchWorkflow is the workflow type of a watch: it outlives a journey whose
// provider could not be told that the journey ended.
const WatchWorkflow = "LateCaptureWatch"

// Watching is the phase of a watch. A journey is never in it.
const Watching Phase = "watching"

// AfterEnd says what becomes of a capture that the person completed after the
// journey had ended.
type AfterEnd string

// The choices.
const (
	// RemoveLate removes what came into being, because nobody wants it any more.
	RemoveLate AfterEnd = "remove"
	// ReportLate leaves it at the provider and reports it.
	ReportLate AfterEnd = "report"
)

// WatchInput is what a watch needs to know of the journey that ended. One of
// AuthID and BioID is set.
type WatchInput struct {
	Journey  Journey  `json:"journey"`
	Provider Provider `json:"provider"`
	// Record is the journey's record.
	Record RecordID `json:"record"`
	// JourneyID is the journey's workflow ID, and EndedRun its run.
	JourneyID string `json:"journey_id"`
	EndedRun  string `json:"ended_run"`
	// Until is when the capture ends at the provider by itself.
	Until    time.Time `json:"until"`
	AfterEnd AfterEnd  `json:"after_end"`
	Pace     Pace      `json:"pace"`
	// AuthID and BioID name the capture.
	AuthID *AuthIDLeftOpen `json:"authid,omitempty"`
	BioID  *BioIDLeftOpen  `json:"bioid,omitempty"`
}

// AuthIDLeftOpen names operations that the person may still complete.
type AuthIDLeftOpen struct {
	AccountNumber string `json:"account_number"`
	// OperationIDs are the operations, the newest first.
	OperationIDs []string `json:"operation_ids"`
}

// BioIDLeftOpen names a class that did not exist before the journey, and whose
// token may still be used.
type BioIDLeftOpen struct {
	BCID   string `json:"bcid"`
	Traits string `json:"traits,omitempty"`
}

// Watched is what a watch found.
type Watched struct {
	Journey   Journey `json:"journey"`
	JourneyID string  `json:"journey_id"`
	EndedRun  string  `json:"ended_run"`
	// Completed reports that the person completed the capture after all.
	Completed bool `json:"completed"`
	// Removed reports that what came into being is gone again.
	Removed bool `json:"removed"`
	// Kept says why it was left there on purpose.
	Kept KeptBecause `json:"kept,omitempty"`
	// Reason says why something could not be learned or removed.
	Reason Reason `json:"reason,omitempty"`
}

// KeptBecause is why a late capture was not removed.
type KeptBecause string

// The reasons to keep it.
const (
	// KeptBySetting: removing is switched off.
	KeptBySetting KeptBecause = "setting"
	// KeptForNewer: a newer journey enrolled the subject meanwhile, and what is
	// at the provider may be its own.
	KeptForNewer KeptBecause = "newer_journey"
	// KeptNothing: a live selfie leaves nothing that could be removed; authID
	// purges it by itself.
	KeptNothing KeptBecause = "purged_by_provider"
)
