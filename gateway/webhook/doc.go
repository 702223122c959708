// Package webhook lets providers call, and makes a hint of each call: one
// question to the provider, asked by the journey, and nothing more. What the body
// says happened is never read.
//
// # Who may call
//
// A provider calls POST /webhooks/{provider}/{secret}. The secret is a setting,
// because no provider signs its calls in a way that is published, and an address
// is what each of them lets us choose; a login may be asked for beside it. To
// whoever does not have the secret there is nothing: the request goes on to the
// next handler, which answers as it answers any path that it does not know. So
// nobody learns by asking whether a webhook is set, for which provider, or with
// which method it is called.
//
// # What is read
//
// A body of any content type and any shape, up to a size: the names of
// operations stand in JSON at any depth, or in a form, under one field name. A
// body without any is taken like all others, and counted.
//
// # What is answered
//
// 202, before anything was looked up, and with nothing in it: an operation that
// nobody knows is answered as any other, and as fast. Afterwards a few workers
// look for the journeys, once and once more about a second later, because the
// server's index learns of an operation a moment after the hand-over. What does
// not fit into their queue is refused with 503: a provider that repeats its calls
// can do so, and behind one that does not stands the journey's backup poll, as it
// does behind every webhook that never came.
//
// # What a flood does
//
// The same body again within some minutes is no news, and an operation is asked
// about MaxHints times at most. Both are remembered by digest, in tables that are
// bounded in number and time, in the memory of one gateway. The journey bounds
// what hints make it do by itself.
package webhook
