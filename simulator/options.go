package simulator

import "time"

// Options say how a [Server] behaves. The zero value is a working simulator with documented credentials and no lasting state.
type Options struct {
	// DataDir is the folder of the state file simulator.db. Empty means a temporary folder, removed by [Server.Close].
	DataDir string
	// Now tells the time; nil means the system clock. Everything that expires or is due is measured with it.
	Now func() time.Time
	// Credentials are what callers must present. Empty fields take the values of [DefaultCredentials].
	Credentials Credentials
	// AutoUserDelay is how long the simulated user of a magic subject takes for each step. Zero means one second.
	AutoUserDelay time.Duration
	// Lifetimes bound tokens and references. Zero fields take the values of [DefaultLifetimes].
	Lifetimes Lifetimes
	// SmartIDCodes chooses how SmartID's codes travel, as the provider's pages leave it open: "status" as the HTTP status,
	// "body" inside a 200 JSON body. Empty means "status".
	SmartIDCodes string
	// AuthIDWebhook is the address that authID calls when an operation has changed, until a tenant sets one of its own. None
	// when empty.
	AuthIDWebhook string
}

// Credentials are the keys the simulated providers accept. They are not secret: they only keep clients honest.
type Credentials struct {
	AuthIDKeyID      string
	AuthIDKeyValue   string
	BioIDAppID       string
	BioIDAppSecret   string
	SmartIDKey       string
	IProovKey        string
	IProovSecret     string
	IProovOAuthUser  string
	IProovOAuthValue string
}

// DefaultCredentials returns the credentials for local use, as docs/simulators.md lists them.
func DefaultCredentials() Credentials {
	return Credentials{
		AuthIDKeyID: "sim-key-id", AuthIDKeyValue: "sim-key-value",
		BioIDAppID: "sim-app", BioIDAppSecret: "sim-secret",
		SmartIDKey: "sim-api-key",
		IProovKey:  "sim-api-key", IProovSecret: "sim-secret",
		IProovOAuthUser: "sim-oauth", IProovOAuthValue: "sim-oauth-secret",
	}
}

// Lifetimes say how long what a provider hands out is good for.
type Lifetimes struct {
	// AuthIDAccessToken is the life of an access token; about 15 minutes were observed.
	AuthIDAccessToken time.Duration
	// AuthIDRefreshToken is the life of a refresh token.
	AuthIDRefreshToken time.Duration
	// AuthIDSelfie is how long a TempId can be used; the provider purges it after 72 hours.
	AuthIDSelfie time.Duration
	// BioIDToken is exp-nbf of a BWS token; 600 seconds in real ones.
	BioIDToken time.Duration
	// BioIDMagicToken is the same for magic classes whose journey waits for the end of its token.
	BioIDMagicToken time.Duration
	// IProovClaim is how long a token may wait to be claimed by the SDK.
	IProovClaim time.Duration
	// IProovAccessToken is the life of an OAuth access token; it also ends after 50 requests.
	IProovAccessToken time.Duration
	// SmartIDTemplate is the age at which a template made by the simulated SDK is too old.
	SmartIDTemplate time.Duration
}

// DefaultLifetimes returns the life spans of the real providers, where they are known.
func DefaultLifetimes() Lifetimes {
	return Lifetimes{
		AuthIDAccessToken:  15 * time.Minute,
		AuthIDRefreshToken: 24 * time.Hour,
		AuthIDSelfie:       72 * time.Hour,
		BioIDToken:         10 * time.Minute,
		BioIDMagicToken:    20 * time.Second,
		IProovClaim:        2 * time.Minute,
		IProovAccessToken:  time.Hour,
		SmartIDTemplate:    5 * time.Minute,
	}
}

const defaultAutoUserDelay = time.Second

// withDefaults returns o with every empty field filled.
func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Credentials = o.Credentials.withDefaults()
	o.Lifetimes = o.Lifetimes.withDefaults()
	setDefault(&o.AutoUserDelay, defaultAutoUserDelay)
	setDefault(&o.SmartIDCodes, "status")
	return o
}

func (c Credentials) withDefaults() Credentials {
	d := DefaultCredentials()
	setDefault(&c.AuthIDKeyID, d.AuthIDKeyID)
	setDefault(&c.AuthIDKeyValue, d.AuthIDKeyValue)
	setDefault(&c.BioIDAppID, d.BioIDAppID)
	setDefault(&c.BioIDAppSecret, d.BioIDAppSecret)
	setDefault(&c.SmartIDKey, d.SmartIDKey)
	setDefault(&c.IProovKey, d.IProovKey)
	setDefault(&c.IProovSecret, d.IProovSecret)
	setDefault(&c.IProovOAuthUser, d.IProovOAuthUser)
	setDefault(&c.IProovOAuthValue, d.IProovOAuthValue)
	return c
}

func (l Lifetimes) withDefaults() Lifetimes {
	d := DefaultLifetimes()
	setDefault(&l.AuthIDAccessToken, d.AuthIDAccessToken)
	setDefault(&l.AuthIDRefreshToken, d.AuthIDRefreshToken)
	setDefault(&l.AuthIDSelfie, d.AuthIDSelfie)
	setDefault(&l.BioIDToken, d.BioIDToken)
	setDefault(&l.BioIDMagicToken, d.BioIDMagicToken)
	setDefault(&l.IProovClaim, d.IProovClaim)
	setDefault(&l.IProovAccessToken, d.IProovAccessToken)
	setDefault(&l.SmartIDTemplate, d.SmartIDTemplate)
	return l
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
