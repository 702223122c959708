package access

// Sign returns a relay token that was signed for any purpose.
var Sign = sign

// The bounds that tests go up to.
const (
	Purpose         = purpose
	RelayPrefix     = relayPrefix
	MaxCallers      = maxCallers
	CountedJourneys = countedJourneys
)
