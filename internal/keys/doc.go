// Package keys holds the three keys of an installation and everything that is
// derived from them.
//
// The key file is JSON with three independent random keys of 32 bytes:
//
//   - codec encrypts payloads on their way to Temporal;
//   - seal encrypts photos, samples and templates in sealed storage, and the
//     key derived from it encrypts the store of records;
//   - subject turns subjects into keyed hashes, and requests into digests.
//
// The subject key is apart from the others because it must outlive them:
// workflow IDs, references and generated user IDs are derived from it, so a
// new subject key would make the same person look like a new one. Client,
// gateway and worker need the same file.
//
// Each key has an ID that is computed from the key itself. It is no secret: it
// travels with what the key encrypted, and tells two key files apart.
//
// Every derivation names its purpose and measures each part before hashing
// it, so no two different questions ever hash the same bytes.
package keys
