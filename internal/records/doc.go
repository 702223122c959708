// Package records keeps what has to outlive Temporal's history: one record per
// journey with its outcome, the fences around calls that may be made only
// once, and an append-only audit trail.
//
// A record is made by the activity that opens a journey at the provider, in
// the transaction that claims its first call (BeginAndClaim), and closed by
// the one activity that concludes the journey. Whatever happens in between, a
// repeated activity, a second worker or a workflow reset finds the same
// record, because its ID is derived from workflow ID and idempotency key:
//
//   - Claim is the fence. Of all who claim one call of one step, exactly one is
//     told Fresh and makes the call. The others are told what is known of it:
//     the stored answer, or that nobody knows yet whether the provider acted.
//   - Answer, Release and Lost say what became of a claim. A process that died
//     in between said nothing, and that is what InDoubt means.
//   - Conclude records the outcome. The first one wins; every later caller is
//     given the one that is recorded.
//
// A record lasts longer than the person's wish to be known. Erase empties what a
// subject's records tell of the person, EmptyBefore does so when a record has
// been kept long enough, and Sweep deletes it. What remains of an emptied record
// says that there was a journey, when, how it ended and what it relied on; an
// answer that comes late is dropped. BeginErasure keeps new journeys of a subject
// away until ConcludeErasure.
//
// What happened to a journey is told. The transaction that writes an outcome,
// what an operator found out, or what a watch found, writes an outcome event, and
// the schema adds a delivery of it for each receiver. ClaimDeliveries gives
// deliveries that are due to whoever sends them, with a lease, so that one that
// dies leaves them to others: at least once, never lost. Events hold nothing
// personal and go with their record.
//
// Every function may be repeated and may run in several processes at once.
// Each write is one transaction that first locks the record's row.
//
// The store is a SQLite file, for one machine, or a PostgreSQL database, for
// several. Both run the same queries. Migrations are embedded and applied when
// a store is opened; they only ever add, so a release may be rolled back
// without touching the records.
//
// Who the person is, what the provider answered, and what an operator wrote
// are encrypted with AES-256-GCM under a key of their own. In clear are only
// what a search needs, keyed hashes, the journey, the outcome, times, and what
// receivers are told. Nothing encrypted opens in another row or column than its own.
package records
