// Package seal keeps photos, samples and templates encrypted, in a folder or in
// a bucket of S3-compatible storage, so that they travel through Temporal as
// references only.
//
// A client seals the parts of a request before it starts the journey. The
// journey's activities open them, and its last step deletes them. Client and
// worker use the same folder or bucket.
//
// # Keys
//
// Each journey has a random key of its own. It lies beside the bytes, encrypted
// under the newest seal key of the key file, and the associated data binds it
// to the journey. A reference is the journey's record, a dash, and the name of
// the part, so it tells where the key is:
//
//	0123456789abcdef-key        the journey's key, or a tombstone
//	0123456789abcdef-sample-0   sealed bytes
//	0123456789abcdef-sample-1
//
// To delete what a journey sealed, its key is destroyed first: a tombstone of a
// few bytes takes its place in one step. From then on nobody can read the
// bytes, neither those that could not be removed nor a copy in a backup without
// the key's own.
//
// # Bytes
//
// Bytes are encrypted in segments of 32 KiB (AES-256-GCM with a key per text,
// tink's streaming form), so that storing and reading them takes the same memory
// whatever their size. Associated data binds the reference. A digest, keyed with
// the journey's key, covers the whole.
//
// Open reads everything once before it gives anything out, and gives it from a
// file of this machine: a call that may be made only once must not be spent on
// damage, nor cut off by a bucket that is out of reach.
//
// # Life
//
//   - Put stores bytes under a new reference. Repeated with the same bytes it
//     stores nothing; with other bytes it is refused.
//   - Delete is the end. A start that is repeated late, after its journey has
//     ended, finds the tombstone and stores nothing again. Destroy is Delete for
//     who knows the journey and not its parts.
//   - Discard takes back what was put for a start that was then refused; it
//     leaves no tombstone, because no journey ever saw the bytes.
//   - Sweep removes what is too old to belong to anything: bytes whose start
//     never happened, and tombstones of long ago.
//
// Nothing is ever half written: an object appears whole, under a name that was
// free, or takes the place of another in one step. That makes the store safe
// between processes and in a crash.
package seal
