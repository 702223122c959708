// Package e2e holds the end-to-end tests: the whole system in one process, on
// a real Temporal server with its state on disk, against the simulated
// providers. Tests share one stack, each with subjects of its own; those that
// restart or break something start their own.
package e2e
