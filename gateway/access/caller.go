package access

// Role is what a caller is to the gateway.
type Role string

// The roles, as they stand in the file of API keys.
const (
	// Backend starts journeys, sees them and changes their course.
	Backend Role = "backend"
	// Relay speaks for a frontend: hints, phase and renewal.
	Relay Role = "relay"
	// Operator puts right what needs a person.
	Operator Role = "operator"
)

// Roles lists every role.
func Roles() []Role { return []Role{Backend, Relay, Operator} }

// Caller is who asks.
type Caller struct {
	// Name is that of the API key; empty for the holder of a relay token.
	Name string
	// Role says which requests may be made.
	Role Role
	// Journey and Run are the workflow ID and the run ID of the one journey that
	// a relay token is for; empty for an API key.
	Journey, Run string
}

// May reports whether the caller may ask about a run of a journey at all: the
// holder of a relay token only about its own.
func (c Caller) May(journey, run string) bool {
	return c.Journey == "" || (c.Journey == journey && c.Run == run)
}

// String names the caller for a log. It is no secret.
func (c Caller) String() string {
	if c.Journey != "" {
		return "relay token of " + c.Journey + "." + c.Run
	}
	return c.Name
}
