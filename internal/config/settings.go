package config

import (
	"time"

	"github.com/bioenroll/bioenroll/enroll"
)

// Names of the settings that shape journeys. They are read where a journey is
// started, and travel with it.
const (
	AuthIDTimeoutMin = "BIOENROLL_AUTHID_TIMEOUT_MIN" // Lower bound of an authID Timeout, in seconds.
	AuthIDTimeoutMax = "BIOENROLL_AUTHID_TIMEOUT_MAX" // Upper bound of an authID Timeout, in seconds.
	RequireConsent   = "BIOENROLL_REQUIRE_CONSENT"    // Whether an enrollment has to name the person's consent.
	RequireUpstream  = "BIOENROLL_REQUIRE_UPSTREAM"   // Whether an enrollment has to name the check before it.
	BeginBudget      = "BIOENROLL_BEGIN_BUDGET"       // Time for all calls until the hand-over.
	HoldOff          = "BIOENROLL_HOLD_OFF"           // Head start of hints before the backup poll.
	PollFirst        = "BIOENROLL_POLL_FIRST"         // First delay of the backup poll.
	PollFactor       = "BIOENROLL_POLL_FACTOR"        // Growth of the delay.
	PollCap          = "BIOENROLL_POLL_CAP"           // Longest delay.
	Renewals         = "BIOENROLL_RENEWALS"           // Renewals of a hand-over.
	LateCapture      = "BIOENROLL_LATE_CAPTURE"       // What becomes of a capture completed after its journey.
)

// Limits returns the bounds of inputs: the defaults of package enroll, with
// the bounds of an authID Timeout and what an enrollment has to name as the
// settings say.
func Limits(src *Source) enroll.Limits {
	const week = 7 * 86_400
	limits := enroll.DefaultLimits()
	limits.RequireConsent = src.Bool(RequireConsent, false, "true refuses an enrollment that names no consent of the person")
	limits.RequireUpstream = src.Bool(RequireUpstream, false, "true refuses an enrollment that names no check passed before it")
	low, high := limits.AuthIDTimeoutMin, limits.AuthIDTimeoutMax
	low = src.Int(AuthIDTimeoutMin, low, 1, week, "shortest Timeout of an authID operation, in seconds")
	high = src.Int(AuthIDTimeoutMax, high, 1, week, "longest Timeout of an authID operation, in seconds")
	if low > high {
		src.Refuse(AuthIDTimeoutMin, "more than "+AuthIDTimeoutMax, "at most "+AuthIDTimeoutMax)
		return limits
	}
	limits.AuthIDTimeoutMin, limits.AuthIDTimeoutMax = low, high
	return limits
}

// Pace returns how long a journey may begin and how often it asks: the
// defaults of package enroll unless the settings say otherwise. A plain poll
// every 5 s is a factor of 1.
func Pace(src *Source) enroll.Pace {
	const shortest, longest = 100 * time.Millisecond, time.Hour
	pace := enroll.DefaultPace()
	pace.BeginBudget = src.Duration(BeginBudget, pace.BeginBudget, time.Second, 5*time.Minute,
		"time for all calls to the provider until the hand-over")
	pace.HoldOff = src.Duration(HoldOff, pace.HoldOff, 0, longest,
		"how long the backup poll waits for a hint to come first")
	pace.PollFirst = src.Duration(PollFirst, pace.PollFirst, shortest, longest,
		"delay after the first pending answer of the backup poll")
	pace.PollFactor = src.Float(PollFactor, pace.PollFactor, 1, 10,
		"growth of that delay from answer to answer; 1 polls evenly")
	pace.PollCap = src.Duration(PollCap, pace.PollCap, shortest, longest,
		"longest delay between two polls")
	pace.Renewals = src.Int(Renewals, pace.Renewals, 0, 100, "how often a journey's hand-over may be renewed")
	if pace.PollFirst > pace.PollCap {
		src.Refuse(PollFirst, "more than "+PollCap, "at most "+PollCap)
		return enroll.DefaultPace()
	}
	return pace
}

// AfterEnd returns what becomes of a capture that the person completes after
// the journey has ended, where the provider cannot be told.
func AfterEnd(src *Source) enroll.AfterEnd {
	return enroll.AfterEnd(src.OneOf(LateCapture, string(enroll.RemoveLate),
		"what becomes of an enrollment that the person completes after its journey has ended", string(enroll.RemoveLate), string(enroll.ReportLate)))
}
