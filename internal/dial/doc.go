// Package dial connects to Temporal the way every program here does: where to
// is read by the SDK's own envconfig, so the TEMPORAL_ variables and the
// configuration file mean what they mean to the temporal command line;
// payloads and failures are encrypted; and the SDK logs to zap.
//
// Settings reads the environment and records what it read. Dial connects, and
// fails with a message that names the address and the namespace and says what
// to do. In between a program may add to the options what else it needs, such
// as metrics and interceptors.
package dial
