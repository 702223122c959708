package server

// IsShown reports whether a field's values are shown without being revealed.
func IsShown(name string) bool { return isShown(name) }

// Redact blanks out what is not shown.
func Redact(value []byte) ([]byte, error) { return redact(value) }

// The bounds that tests go up to.
const (
	MaxBody      = maxBody
	MaxPayloads  = maxPayloads
	MaxSessions  = maxSessions
	MaxAddresses = maxAddresses
	Guesses      = guesses
	GuessTime    = guessTime
	CookieName   = cookieName
)
