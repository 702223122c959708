// Package backend is a backend in another program: it starts journeys at a
// gateway over HTTP, sends hints and learns outcomes, with nothing of Temporal
// and no key but the one for the API. Tests and benchmarks play one of them, or
// many.
//
// A backend in Go would rather use the package client, which goes without the
// gateway.
package backend
