// Package activities holds the steps of the journeys that have side effects:
// each asks one provider one thing, or cleans up. Steps are methods of one
// struct per provider, registered under the names of package enroll.
//
// A provider's refusal is a value of the step's result, because it is an
// outcome of the journey. An error means that the answer could not be learned;
// errors.go is the one place where its kind becomes a Temporal failure.
package activities
