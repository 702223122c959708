// Package host is everything the gateway serves: the API, who may ask it, what
// is told of each request, and whether the gateway is ready.
//
// The gateway program reads Settings from the environment and serves a Host until
// it is told to stop. The standalone program and tests serve one in their own
// process, beside a worker and with its connection to Temporal.
//
// Stopping is graceful: requests that wait for news are answered at once with
// what is known, and a start that is under way finishes. A backend that lost its
// answer would have to start once more to learn it.
package host
