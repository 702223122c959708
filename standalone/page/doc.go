// Package page is a page to see it all work: a person starts a journey, does the
// capture in a frame, and watches what becomes of it.
//
// The page's server stands for the backend of somebody who uses Bioenroll. It
// talks to the gateway as such a backend does, over HTTP and with a key of the
// role backend, and gives the browser what a frontend gets: the hand-over and the
// relay token. From then on the browser is on its own: the take-home script of
// package frontend listens to the capture and sends the hint to the gateway.
//
// What happens meanwhile comes from Temporal itself, step by step, because that is
// what an operator would look at.
//
// The server keeps nothing. All that a start needs is in the fragment of the
// page's address, its idempotency key included, so a page that is loaded again
// makes the same request again and is given the same journey.
package page
