// Package keys holds the keys of an installation and everything that is
// derived from them.
//
// The key file is JSON with random keys of 32 bytes for three purposes:
//
//   - codec encrypts payloads on their way to Temporal;
//   - seal encrypts photos, samples and templates in sealed storage, and the
//     keys derived from it encrypt the store of records;
//   - subject turns subjects into keyed hashes, and requests into digests.
//
// Codec and seal are rings: the first key encrypts, all of them decrypt. A new
// key is added at the end, where every program learns to read it before any
// writes it; then it is put to use, at the front; and when nothing is left
// under the old one, that is retired. A file from before there were rings
// holds one key where a ring has a list, and is read as a ring of one.
//
// The subject key is one key for good. Workflow IDs, references, digests and
// generated user IDs are derived from it and compared over years, so a new one
// would make the same person look like a new one. What it hashes is not
// readable with it either: who has the key can test a guess, not more. It can
// only be replaced together with everything else, as a new installation, and
// the stores refuse a key file with another one. Client, gateway and worker
// need the same file.
//
// Each key has an ID that is computed from the key itself. It is no secret: it
// travels with what the key encrypted, and tells two key files apart.
//
// Every derivation names its purpose and measures each part before hashing
// it, so no two different questions ever hash the same bytes.
package keys
