// Package smartid forwards to SmartID what its SDK captured on a device: a
// face template and a payload, byte for byte. Nobody is waited for, because
// the person has finished before the journey starts.
//
// SmartID publishes the codes of its answers, but neither the body that
// carries them nor whether they are HTTP statuses: some, such as 701, are
// hardly meant as such, and others, such as 407 and 408, mean something else
// in HTTP. So a code is taken from the HTTP status, and from the body when the
// status is 200; both go through one table, in table.go. There 408 means "User
// already enrolled", never a time-out. See codeOf for what counts as a code.
//
// The wording of SmartID's own messages is unpublished too and could quote a
// template, so it is never kept: messages are the published meanings of the
// codes.
//
// Enroll without OverWrite may be sent only once, because a second call finds
// the first one's enrollment and is refused for it. A caller that repeats it
// all the same, or any other call whose effect may have happened, says so with
// Repeated and gets the verdict that is still certain.
package smartid
