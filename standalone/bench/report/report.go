// Package report is what a benchmark found, as JSON and as a table for people,
// and how it compares with the targets.
package report

import (
	"time"

	"github.com/bioenroll/bioenroll/standalone/bench/measure"
)

// Report is everything that was measured in one run.
type Report struct {
	Began   time.Time `json:"began"`
	Seconds float64   `json:"seconds"`
	Scale   string    `json:"scale"`
	Machine Machine   `json:"machine"`
	Costs   []Cost    `json:"costs"`
	Waits   []Wait    `json:"waits"`
	Speeds  []Speed   `json:"speeds"`
	Loads   []Load    `json:"loads"`
	Memory  []Memory  `json:"memory"`
	// Gateway compares journeys through the gateway with the same through the
	// Go client.
	Gateway []Comparison `json:"gateway"`
	// Encryption compares the same with and without it.
	Encryption []Comparison `json:"encryption"`
	// Beside tells how fast a journey ends while others wait.
	Beside  []Speed  `json:"beside_waiting"`
	Targets []Target `json:"targets"`
}

// Machine is what it was measured on.
type Machine struct {
	System string `json:"system"`
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Go     string `json:"go"`
	// Busy is the share of the processors that was in use before the run
	// began; a machine that is not idle measures less.
	Busy float64 `json:"busy_before"`
}

// The variants that are compared.
const (
	Ours     = "ours"
	Skeleton = "skeleton"
	Bare     = "bare"
	Polling  = "polling loop"
)

// Cost is what one journey costs.
type Cost struct {
	Kind    string `json:"kind"`
	Variant string `json:"variant"`
	Events  int64  `json:"history_events"`
	Bytes   int64  `json:"history_bytes"`
	// Actions are billable, ByType says which.
	Actions int            `json:"actions"`
	ByType  map[string]int `json:"actions_by_type"`
	// Calls that the provider received, access tokens left out.
	Calls int `json:"provider_calls"`
	// SameShape reports whether a skeleton's history has the same events as
	// the journey's.
	SameShape bool `json:"same_shape,omitempty"`
}

// Wait is what waiting for an hour costs.
type Wait struct {
	Variant string  `json:"variant"`
	Events  float64 `json:"history_events"`
	Bytes   float64 `json:"history_bytes"`
	Actions float64 `json:"actions"`
	Calls   float64 `json:"provider_calls"`
	// How tells what was measured and what was computed.
	How string `json:"how"`
}

// Speed is how long journeys take, one at a time, in milliseconds.
type Speed struct {
	Kind    string `json:"kind"`
	Variant string `json:"variant"`
	Count   int    `json:"count"`
	// Start until the caller has the hand-over, or the outcome of a journey
	// that does not wait.
	StartP50 float64 `json:"start_p50_ms"`
	StartP99 float64 `json:"start_p99_ms"`
	// Outcome from sending the hint until the server closed the journey.
	OutcomeP50 float64 `json:"outcome_p50_ms"`
	OutcomeP99 float64 `json:"outcome_p99_ms"`
}

// Load is how many journeys a machine gets through.
type Load struct {
	Variant    string `json:"variant"`
	Concurrent int    `json:"concurrent"`
	// PerSecond is the median of the blocks.
	PerSecond float64   `json:"journeys_per_second"`
	Blocks    []float64 `json:"blocks"`
	// CPU is the processor time of one journey in milliseconds, by process.
	CPU map[string]float64 `json:"cpu_ms_per_journey"`
}

// Comparison is one quantity with and without something: encryption, or the
// gateway.
type Comparison struct {
	// What was done: a kind of journey, or something with a photo.
	What string `json:"what"`
	// Concurrent is how many at once.
	Concurrent int    `json:"concurrent"`
	Measure    string `json:"measure"`
	Unit       string `json:"unit"`
	// With and Without are medians; Without is 0 when there is nothing to
	// compare with.
	With    float64 `json:"with"`
	Without float64 `json:"without"`
	// Ratio is the median of with : without over the rounds.
	Ratio float64 `json:"ratio"`
}

// Compare fills in a comparison from the values of each round; no values mean
// that there is nothing to compare with.
func Compare(c Comparison, with, without []float64) Comparison {
	c.With, c.Without, c.Ratio = measure.Median(with), measure.Median(without), paired(with, without)
	return c
}

// Memory is what journeys occupy while they wait, by process, in bytes.
type Memory struct {
	Variant string `json:"variant"`
	Waiting int    `json:"waiting"`
	// Live is the memory of the worker's reachable objects and of stacks, for
	// each journey; Resident what the worker's process occupies more, for each
	// journey; ServerResident the same of the server.
	Live           float64 `json:"worker_live_bytes_each"`
	Resident       float64 `json:"worker_resident_bytes_each"`
	ServerResident float64 `json:"server_resident_bytes_each"`
	// Goroutines of the worker, for each journey.
	Goroutines float64 `json:"worker_goroutines_each"`
}

// Target is a promise and what was found.
type Target struct {
	What  string  `json:"what"`
	Found float64 `json:"found"`
	// Most or Least is the promise; the other is 0.
	Most  float64 `json:"most,omitempty"`
	Least float64 `json:"least,omitempty"`
	Met   bool    `json:"met"`
}
