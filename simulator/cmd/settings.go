package main

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/bioenroll/bioenroll/simulator"
)

// settings are what flags and environment say.
type settings struct {
	// healthcheck asks the simulator that listens, instead of being one.
	healthcheck bool
	listen      string
	options     simulator.Options
}

const about = `simulator answers as authID, BioID, SmartID and iProov do: on one address, true to the wire, with a memory.

Every flag can also be set by the environment: --auto-user-delay is SIMULATOR_AUTO_USER_DELAY, and so on. A flag wins.

  simulator                          on 127.0.0.1:7400, state in ./data/simulator
  simulator --data ""                forgets everything when it ends
  simulator healthcheck              exits 0 when the one on --listen answers, else 1
  curl http://127.0.0.1:7400/_sim/   shows how to play the user, break things and read the ledger

Flags:
`

// parse reads the flags, then the environment for those not given.
func parse(args []string, getenv func(string) string, errs io.Writer) (settings, error) {
	s := settings{options: simulator.Options{Credentials: simulator.DefaultCredentials()}}
	flags := flag.NewFlagSet("simulator", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.Usage = func() {
		say(errs, "%s", about)
		flags.PrintDefaults()
	}
	keys := &s.options.Credentials
	flags.StringVar(&s.listen, "listen", "127.0.0.1:7400", "`address` to listen on; port 0 takes a free one")
	flags.StringVar(&s.options.DataDir, "data", "data/simulator", "`folder` of the state file; empty for none that lasts")
	flags.DurationVar(&s.options.AutoUserDelay, "auto-user-delay", 0, "how long the user of a magic subject takes (default 1s)")
	flags.StringVar(&s.options.SmartIDCodes, "smartid-codes", "status", "how SmartID's codes travel: status (as HTTP status) or body (in a 200 body)")
	flags.StringVar(&keys.AuthIDKeyID, "authid-key-id", keys.AuthIDKeyID, "authID API key id")
	flags.StringVar(&keys.AuthIDKeyValue, "authid-key-value", keys.AuthIDKeyValue, "authID API key value")
	flags.StringVar(&keys.BioIDAppID, "bioid-app-id", keys.BioIDAppID, "BioID app id")
	flags.StringVar(&keys.BioIDAppSecret, "bioid-app-secret", keys.BioIDAppSecret, "BioID app secret")
	flags.StringVar(&keys.SmartIDKey, "smartid-key", keys.SmartIDKey, "SmartID API key")
	flags.StringVar(&keys.IProovKey, "iproov-key", keys.IProovKey, "iProov API key")
	flags.StringVar(&keys.IProovSecret, "iproov-secret", keys.IProovSecret, "iProov API secret")
	flags.StringVar(&keys.IProovOAuthUser, "iproov-oauth-user", keys.IProovOAuthUser, "iProov OAuth user name")
	flags.StringVar(&keys.IProovOAuthValue, "iproov-oauth-password", keys.IProovOAuthValue, "iProov OAuth password")
	if len(args) > 0 && args[0] == "healthcheck" {
		s.healthcheck, args = true, args[1:]
	}
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("%q is not a flag, and the only command is healthcheck; --help lists them", flags.Arg(0))
	}
	if err := fromEnvironment(flags, getenv); err != nil {
		return s, err
	}
	return s, s.check()
}

// fromEnvironment sets the flags that were not given from variables named after them.
func fromEnvironment(flags *flag.FlagSet, getenv func(string) string) error {
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var err error
	flags.VisitAll(func(f *flag.Flag) {
		name := "SIMULATOR_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value := getenv(name)
		if value == "" || given[f.Name] || err != nil {
			return
		}
		if problem := flags.Set(f.Name, value); problem != nil {
			err = fmt.Errorf("%s is %q: %w", name, value, problem)
		}
	})
	return err
}

func (s settings) check() error {
	if s.options.SmartIDCodes != "status" && s.options.SmartIDCodes != "body" {
		return fmt.Errorf("--smartid-codes is %q; allowed are status and body", s.options.SmartIDCodes)
	}
	if s.options.AutoUserDelay < 0 {
		return fmt.Errorf("--auto-user-delay is %s; it cannot be negative", s.options.AutoUserDelay)
	}
	return nil
}
