// Package enroll holds the words of biometric enrollment: journeys, their
// inputs, the hand-over, hints, outcomes with their reasons, the names of
// messages and activities, and the kinds of error. Every other package speaks
// these words and this package imports nothing but the standard library.
//
// A journey is one enrollment attempt of one subject at one provider and runs
// as one workflow. It begins at the provider, hands over what the frontend
// needs to open the capture, waits for the person, and concludes with exactly
// one outcome:
//
//   - A hint (a final page, uploaded samples, a webhook) wakes the journey. It
//     never carries a verdict.
//   - A confirm is the orchestrator's own authenticated question to the
//     provider. Only a confirm decides.
//   - A refusal by the provider is an outcome, not an error. An error is only a
//     failure to learn the outcome.
//
// The catalogue of journeys (Catalogue) is the one list that ties a journey to
// its provider, its workflow type and the hints it listens to.
package enroll
