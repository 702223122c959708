// Package demo runs one journey of each kind against the simulated providers,
// with a simulated user who finishes each capture and a frontend that relays
// the hint. It is what a newcomer sees first, and a whole-system check: every
// journey must end as expected.
package demo
