package access

import (
	"time"

	"github.com/bioenroll/bioenroll/internal/config"
)

// Names of the settings.
const (
	keysVariable      = "BIOENROLL_GATEWAY_KEYS"       // The file of API keys.
	originsVariable   = "BIOENROLL_GATEWAY_ORIGINS"    // Origins whose pages are answered.
	keyRateVariable   = "BIOENROLL_GATEWAY_KEY_RATE"   // Requests a second for each API key.
	relayRateVariable = "BIOENROLL_GATEWAY_RELAY_RATE" // Requests a minute for each journey's relay token.
)

// Settings say who is let in.
type Settings struct {
	// Keys is the file of API keys.
	Keys KeyFile
	// Origins are those whose pages are answered.
	Origins Origins
	// KeyRate is for each API key, RelayRate for the relay tokens of each journey.
	KeyRate, RelayRate Rate
}

// Read returns the settings of the environment. Problems are recorded in the
// source.
func Read(src *config.Source) Settings {
	s := Settings{Keys: KeyFile(src.Path(keysVariable, "data/gateway-keys", "file of API keys; 'gateway key NAME --role ROLE' writes it"))}
	var err error
	s.Origins, err = ParseOrigins(src.String(originsVariable, "", "origins whose pages frontends are, such as https://app.example, with commas between them; none unless given"))
	if err != nil {
		src.Refuse(originsVariable, "another form", err.Error())
	}
	s.KeyRate = rate(src.Int(keyRateVariable, 200, 0, 100_000, "requests a second that one API key may make, twice as many at once; 0 sets no limit"), time.Second)
	s.RelayRate = rate(src.Int(relayRateVariable, 60, 0, 100_000, "requests a minute that one journey's relay token may make, twice as many at once; 0 sets no limit"), time.Minute)
	return s
}

// rate is so many requests in a time, and twice as many at once.
func rate(requests int, each time.Duration) Rate {
	if requests == 0 {
		return Rate{}
	}
	return Rate{Every: each / time.Duration(requests), Burst: 2 * requests}
}
