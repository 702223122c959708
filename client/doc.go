// Package client is how a Go backend uses Bioenroll: it starts journeys, sends
// their hints, renews their hand-overs, looks at them, follows them, waits for
// their outcomes and cancels them.
//
// Start validates the request, seals photos, samples and templates, and makes
// one round trip that starts the journey and returns what the frontend needs
// to open the capture, or the outcome when there is nothing to wait for.
// Repeating Start with the same idempotency key returns the same answer and
// starts nothing twice; the same key with another request is refused, and
// another key is refused while a journey of the same subject at the same
// provider is alive.
//
// The worker keeps a record of every journey for longer than Temporal keeps its
// history, and the client reads it: a key answers as long as its record is
// kept. Operators find, reveal and export records, resolve outcomes that nobody
// knows, hold new journeys at a provider, and cancel or renew many journeys at
// once; whatever they change or reveal asks for a name and a reason.
//
// This package is the only place that derives workflow IDs, seals inputs and
// calls Update-with-Start. Client and worker share one key file, one sealed store
// and the records.
package client
