package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/providerset"
)

// mostSkew is how far the clocks of provider and machine may be apart. Tokens
// and deadlines are told in absolute times.
const mostSkew = 30 * time.Second

// checked is how the check of one provider went.
type checked struct {
	Provider enroll.Provider `json:"provider"`
	OK       bool            `json:"ok"`
	// SkewSeconds is how far the provider's clock is ahead of ours.
	SkewSeconds float64 `json:"skew_seconds"`
	// Proved says what was tried.
	Proved string `json:"proved,omitempty"`
	// Problem says what is wrong.
	Problem string `json:"problem,omitempty"`
}

// errCheck ends a check that found something wrong.
var errCheck = errors.New("check: not every provider can be used as configured")

func (p *program) checkCommand() *cobra.Command {
	var only []string
	command := &cobra.Command{
		Use:   "check",
		Short: "Try the providers' credentials, region and clock, without starting a journey",
		Long: `Tries each provider with the variables that the worker reads, without starting a journey
and without changing anything there:

  authid   gets an access token
  bioid    asks for the service's status with the app's credentials
  smartid  reaches the host; SmartID has no harmless call that tries the key
  iproov   asks for availability, tries key and secret, gets an OAuth token

A clock that is more than 30 seconds apart is a problem too. No Temporal server is needed.
Exits with 0 when all is well, with 1 when a provider cannot be used, with 2 when a variable
is missing or malformed.

  starter check
  starter check --provider iproov`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.check(cmd.Context(), only) },
	}
	command.Flags().StringSliceVar(&only, "provider", nil, "only this provider, repeatable: "+words(enroll.Providers()))
	return command
}

// check tries the providers all at once and prints how it went.
func (p *program) check(ctx context.Context, only []string) error {
	src := config.NewSource(p.lookup)
	settings, err := providersToCheck(src, only)
	if err != nil {
		return err
	}
	if err := src.Err(); err != nil {
		return err
	}
	clients, err := settings.Open()
	if err != nil {
		return err
	}
	all := make([]checked, len(settings.Chosen))
	var group sync.WaitGroup
	for i, provider := range settings.Chosen {
		group.Go(func() { all[i] = checkOne(ctx, clients, provider) })
	}
	group.Wait()
	if err := p.print(all, func(s *sheet) { describeChecked(s, all) }); err != nil {
		return err
	}
	for _, c := range all {
		if !c.OK {
			return errCheck
		}
	}
	return nil
}

// providersToCheck reads the variables of the given providers, or of those
// that the environment chooses.
func providersToCheck(src *config.Source, only []string) (providerset.Settings, error) {
	if len(only) == 0 {
		return providerset.Read(src), nil
	}
	var d decoder
	var providers []enroll.Provider
	for _, name := range only {
		oneOf(&d, "provider", enroll.Provider(name), enroll.Providers())
		providers = append(providers, enroll.Provider(name))
	}
	if len(d.problems) > 0 {
		return providerset.Settings{}, &inputError{d.problems}
	}
	return providerset.ReadOnly(src, providers), nil
}

func checkOne(ctx context.Context, clients providerset.Clients, provider enroll.Provider) checked {
	skew, err := clients.Check(ctx, provider)
	c := checked{Provider: provider, SkewSeconds: skew.Seconds()}
	switch {
	case err != nil:
		c.Problem = problemOf(err)
	case skew.Abs() > mostSkew:
		c.Problem = "the provider's clock is " + describeSkew(skew) + " this machine's: set the clock right"
	default:
		c.OK, c.Proved = true, proved(provider)
	}
	return c
}

// problemOf tells the provider's own words, too: a check is about nobody.
func problemOf(err error) string {
	if known, ok := errors.AsType[*enroll.Error](err); ok && known.Said != "" {
		return err.Error() + ": " + known.Said
	}
	return err.Error()
}

// proved says what a good check means.
func proved(provider enroll.Provider) string {
	if provider == enroll.SmartID {
		return "host reached; the key was not tried, because no harmless call does"
	}
	return "credentials accepted"
}

func describeSkew(skew time.Duration) string {
	if skew < 0 {
		return skew.Abs().Round(time.Second).String() + " behind"
	}
	return skew.Round(time.Second).String() + " ahead of"
}

// describeClock writes the skew for people. Providers tell whole seconds, so
// less than two are nothing.
func describeClock(skewSeconds float64) string {
	if math.Abs(skewSeconds) < 2 {
		return "in step"
	}
	return fmt.Sprintf("%+.0fs", skewSeconds)
}

func describeChecked(s *sheet, all []checked) {
	s.row("PROVIDER", "RESULT", "CLOCK", "")
	for _, c := range all {
		result, detail := "ok", c.Proved
		if !c.OK {
			result, detail = "problem", c.Problem
		}
		s.row(string(c.Provider), result, describeClock(c.SkewSeconds), detail)
	}
}
