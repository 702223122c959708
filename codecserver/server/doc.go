// Package server shows operators what is in a journey's encrypted payloads: it
// is the codec server that the Temporal UI and Temporal's command line ask.
//
// # Who is served
//
// Operators. Each has a name, a token and one or both of two rights: read shows
// payloads with secrets and subjects blanked out, reveal shows them in clear. A
// program sends the token as "Authorization: Bearer TOKEN"; a browser exchanges
// it once, on the page /login, for a cookie that ends by itself. Only hashes of
// tokens are known here. Guessing is slowed down for each address.
//
// A browser is listened to only when it shows the Temporal UI: cross-origin
// requests are taken from one origin, the configured one, and a cookie counts
// only together with that origin.
//
// # What is shown
//
// POST /decode decrypts. In every JSON object, at any depth, only fields that
// are on a list keep their values; the others become "[redacted]". A field that
// nobody thought of is therefore hidden, and a test makes sure that every field
// of package enroll was thought of. Bare strings pass: summaries, details and
// failure messages, which hold no secret by the rules of the workflows.
//
// POST /revealed/decode shows everything, to those with the right to. Asking for
// it is a path of its own, so it stands in every log, also in a proxy's.
//
// A payload that cannot be decrypted is answered with a sentence that says why.
// An error would make the UI show none of the payloads that came with it.
//
// POST /encode encrypts what an operator sends from the UI, such as a hint. The
// result is bound to no workflow; package codec takes that where it takes clear
// text, from whoever may signal, and nowhere else. So /encode gives nobody a
// power, it only keeps what operators type out of the history.
//
// # What is written down
//
// One line of the log for each request: who, from where, which workflows, how
// many payloads, revealed or not, and why not if it was refused. Never a token,
// never content.
package server
