// Package logging builds the zap logger of a program, and lends it to the
// Temporal SDK.
//
// Logs hold IDs and never people. As a net below that rule, the loggers made
// here print structured values the way fmt does, so that an enroll.Secret
// inside a struct stays redacted; encoding/json would write it out, because
// payloads need that.
package logging
