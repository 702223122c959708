// Package simulator answers as the four providers do, on this machine: authID, BioID, SmartID and iProov behind one
// [http.Handler], because their path prefixes do not collide.
//
// It is true to the wire (paths, casing, content types, error bodies, the leniency that existing clients rely on) and it
// remembers: accounts, operations, tokens, samples and users live in a file and survive a killed process. It shares no type
// with the clients it is used to test, so that both cannot be wrong together.
//
// What makes it a tool for tests rather than a stub:
//
//   - A simulated user completes, fails or leaves a capture, by request (POST /_sim/capture) or, for a magic subject, by
//     itself. [MagicSubjects] is the table of those: start a journey with such a subject, wait, and the outcome the row
//     promises arrives, every time.
//   - A ledger holds every call and every effect. An entry is committed together with its effect and before the answer is
//     written, so a lost answer can be told from a lost request.
//   - Faults by request (POST /_sim/faults): late answers, 429, 500, connections reset before or after the effect.
//
// How a call travels: [Server.Handler] finds the endpoint; in one transaction the agenda is brought up to now (simulated users
// act, operations expire), a fault may strike, the endpoint acts, and the ledger is written; then the answer leaves. Nothing
// happens between calls: what was due meanwhile is done, in order and with its own time, when the next call arrives.
//
// A provider is one file (or a few with its name as prefix) with a function that returns a provider value, and one line in
// catalogue.go. The program in simulator/cmd runs the package alone, for example in a customer's own CI.
package simulator
