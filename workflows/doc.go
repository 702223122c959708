// Package workflows holds the stories: one workflow function per journey, each
// readable on one screen. A story is deterministic: it reads no clock, no
// configuration and no randomness, does no I/O, and names the steps it needs
// by the activity names of package enroll.
//
// What the stories share is small: begin and conclude (journey.go), the wait
// for a person (await.go), and named activity options that say when they apply
// (options.go).
//
// A story runs its steps on a context that outlives cancellation, because a
// step at a provider must not be cut off halfway: a cancel is noticed by the
// wait, which asks the provider once more and then concludes.
package workflows
