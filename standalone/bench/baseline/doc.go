// Package baseline holds what the journeys are measured against.
//
// A skeleton gives the same commands as a journey, on the same queues and in
// the same order, with empty activities and empty payloads. Its shape is read
// from the history of a real journey, so it cannot fall behind the stories.
// What a journey loses against its skeleton is our own cost: encryption, sealed
// storage, the calls to the provider, and the stories' own work.
//
// Bare is the least that could do the job at all: an update that starts the
// workflow, two activities and a signal.
//
// PollingLoop is how waiting for a person is usually written: a timer and an
// activity, again and again.
package baseline
