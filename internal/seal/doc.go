// Package seal keeps photos, samples and templates in encrypted files, so that
// they travel through Temporal as references only.
//
// A client seals the parts of a request before it starts the journey, under
// references that it derives from workflow ID, idempotency key and part. The
// journey's activities open them, and its last step deletes them. The folder
// is shared by client and worker.
//
// Each file is sealed with AES-256-GCM. Its associated data binds the
// reference and a keyed digest of the content, so a file that was changed, cut
// or renamed does not open.
//
// A reference lives once:
//
//   - Put stores bytes under a new reference. Repeated with the same bytes it
//     stores nothing; with other bytes it is refused.
//   - Delete leaves a tombstone of a few bytes. A start that is repeated late,
//     after its journey has ended, finds the tombstone and stores nothing
//     again.
//   - Discard takes back what was put for a start that was then refused; it
//     leaves no tombstone, because no journey ever saw the bytes.
//   - Sweep removes what is too old to belong to anything: bytes whose start
//     never happened, and tombstones of long ago.
//
// Every step is one link or rename of a file written in full, so it is safe
// between processes and leaves nothing half done in a crash.
package seal
