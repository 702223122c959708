package host

import (
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
)

// Capacity bounds the steps at one provider, so that one that is slow cannot
// take all of a worker, and one that returns is not flooded by the journeys
// that waited for it.
type Capacity struct {
	// Slots is how many steps this process runs at once.
	Slots int
	// Rate is how many steps the whole installation starts in a second. The
	// Temporal server keeps it, as a property of the provider's task queue:
	// the last worker that asked for tasks decides, so all must agree.
	Rate float64
}

// DefaultCapacity returns the capacity of a provider unless settings say
// otherwise. No provider publishes a limit.
//
// A call takes a few tenths of a second, so 100 slots carry more than the rate
// while a provider is well. When it hangs they are all that it holds of a
// worker: at most 100 photos in memory. 100 steps a second are some thirty
// enrollments, or the backup polls of six thousand people who wait.
func DefaultCapacity() Capacity { return Capacity{Slots: 100, Rate: 100} }

// SlotsSetting is the variable of a provider's slots, such as AUTHID_SLOTS.
func SlotsSetting(provider enroll.Provider) string { return setting(provider, "SLOTS") }

// RateSetting is the variable of a provider's rate, such as AUTHID_RATE.
func RateSetting(provider enroll.Provider) string { return setting(provider, "RATE") }

func setting(provider enroll.Provider, what string) string {
	return strings.ToUpper(string(provider)) + "_" + what
}

func readCapacity(src *config.Source, provider enroll.Provider) Capacity {
	usual := DefaultCapacity()
	return Capacity{
		Slots: src.Int(SlotsSetting(provider), usual.Slots, 1, 10_000, "steps at this provider that one worker runs at once"),
		Rate:  src.Float(RateSetting(provider), usual.Rate, 0.1, 100_000, "steps at this provider that all workers together start in a second; give all the same"),
	}
}
