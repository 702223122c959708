// Package host is everything a worker process runs: the worker that tells the
// stories, and for each provider a worker of its own for the steps, on the
// provider's own task queue, so that a provider that is slow or down cannot
// starve the others. Beside them it brings outcome events to their receivers.
//
// The worker program reads Settings from the environment and runs a Host until
// it is told to stop. The standalone program and tests run one in their own
// process.
//
// Stopping is graceful: nothing new is taken, and calls to providers that are
// under way get the time to finish and report their answer. A once-only call
// that was cut off instead would leave a journey that nobody knows the end of.
package host
