// Package codec encrypts every payload before it leaves the process for the
// Temporal server, and decrypts what comes back. Converters returns the two
// converters that clients, workers and replayers share.
//
// # What is encrypted
//
// A whole payload, its metadata included, is sealed with AES-256-GCM under a
// random nonce. What remains readable is the metadata that decryption needs:
// the encoding, the ID of the key and the ID of the workflow. Failure messages
// and stack traces are encrypted too. Failure types, activity and workflow
// types, workflow IDs, update IDs and search attributes are not: the server
// works with them, so none may hold personal data. Nor is the text of an error
// that a query handler returns, which the SDK sends in clear.
//
// # Which key
//
// The codec ring of the key file: its first key encrypts, each decrypts what
// names it. What is under a key that was retired, or of another installation,
// is refused by name of the key, so that an operator knows what to bring back.
//
// # What is bound
//
// The workflow ID is associated data of the cipher. A payload copied into
// another workflow does not decrypt there. The run ID is not bound, because a
// reset run reads the payloads of the run before it. Nor is the namespace: a
// replayed history has none of its own.
//
// The SDK tells the workflow ID in a serialization context. Some readers have
// none, such as a codec server behind the Temporal UI; they take it from the
// payload's metadata. Where there is a context, the two must agree. A context
// without a workflow ID is refused on the way out, because it is a mistake: an
// Update-with-Start must set UpdateWorkflowOptions.WorkflowID, or the SDK
// encodes its arguments before it knows the workflow. A replayer knows only
// the workflow ID that it is told, in ReplayWorkflowHistoryOptions.
//
// # What is accepted in clear
//
// An operator may send a hint from the Temporal UI or the command line, which
// encrypt nothing, or through a codec server, which knows no workflow. A hint
// never carries a verdict, so it is read in clear and unbound. Everything else
// is refused so: inputs of workflows and activities, answers, replies and
// outcomes come from those who have the keys, and nobody else can forge one,
// not even who runs the Temporal server.
//
// # Size
//
// Photos, samples and templates travel as references to sealed storage, never
// in a payload. MaxPayload is the net below that rule: Plain, the converter
// below the encryption, refuses a larger value on the way out and names its
// type. Failures have no such limit, because the SDK panics when it cannot
// encode one.
package codec
