package simulator

import "encoding/json"

// provider is all that the core knows of one provider.
type provider struct {
	name string
	// root is the path prefix that belongs to this provider; what no endpoint answers below it is refused with 404.
	root      string
	endpoints []endpoint
	// controls are endpoints below /_sim/ that only this provider needs; they are not in the ledger and no fault strikes them.
	controls []endpoint
	// refuse answers with a status that no endpoint chose (unknown path, fault, body too large) in the provider's own style.
	refuse func(status int, message string) reply
	// happens are the things the agenda can ask for, by name.
	happens map[string]func(t *txn, ref string)
	// capture does what the simulated user is asked to do by POST /_sim/capture and returns what to answer.
	// A request that cannot be followed is a problem, see [problem].
	capture func(t *txn, request json.RawMessage) (any, error)
	// preload puts accounts, classes or users in place, by POST /_sim/preload.
	preload func(t *txn, request json.RawMessage) error
	// state returns what the provider believes of a subject now, for GET /_sim/state.
	state func(t *txn, subject string) any
}

// endpoint is one call a provider answers.
type endpoint struct {
	// name is stable and unique, such as "authid.create_operation": ledger, faults and tests use it.
	name string
	// pattern is a pattern of [net/http.ServeMux] with a method.
	pattern string
	// browser is set when pages of other origins call it: preflight is answered and the answer can be read.
	browser bool
	// secretPath is set when the path carries a secret: the ledger then shows the pattern.
	secretPath bool
	// subject finds whom a call is about before the endpoint acts, so that faults can be aimed; nil when it names nobody.
	subject func(c *call) string
	// handle acts and answers. It runs inside the transaction; what it changes is undone when the transaction fails.
	handle func(c *call) reply
}
