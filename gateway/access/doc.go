// Package access says who may do what at the gateway, and how often.
//
// # Who asks
//
// Everybody sends "Authorization: Bearer TOKEN", and there are two kinds of
// tokens.
//
// An API key belongs to a program of yours and has one role: backend starts
// journeys and sees them, relay speaks for frontends, operator puts right what
// needs a person. A file has the names, the roles and the hashes of the keys; it
// is read again when it changes, so a key that is taken out is good for nothing
// at once.
//
// A relay token belongs to one run of one journey and is handed out together
// with its hand-over, for the browser or the phone that does the capture. It
// lets its holder send that journey's hints, read its phase and ask for renewal.
// It ends by itself. It is signed with a key that follows from the key file, so
// every gateway with that file knows it, none has to remember it, and it goes on
// being good while keys are rotated. It names the journey by the identifier that
// callers know and says nothing of the person.
//
// # How often
//
// Each API key and each journey's relay token has a rate of its own, and sends a
// journey at most MaxHints hints. Both are counted in the memory of one gateway,
// in tables of bounded size: several gateways allow as many times as much, and a
// restart begins anew. That is enough to keep one caller from taking everybody's
// turn. Nothing rests on the exact count: a hint only wakes a journey, and the
// journey itself bounds how often it asks its provider for that.
//
// # From where
//
// Browsers let a page read an answer when its origin is one of Origins. The
// token is what protects: it is in no cookie, so no page of a stranger sends it
// by accident.
//
// Whatever is refused is an *Error, which tells a kind, a sentence for the
// caller, and the headers that go with it. No body is read here.
package access
