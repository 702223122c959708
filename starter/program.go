package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
)

// journeys is what the commands need of a client.
type journeys interface {
	Start(ctx context.Context, key string, request client.Request) (client.Started, error)
	Hint(ctx context.Context, id, runID string, name enroll.HintName, hint enroll.Hint) (late bool, err error)
	HandOver(ctx context.Context, id, runID string) (*enroll.HandOver, error)
	Renew(ctx context.Context, id, runID, key string) (enroll.RenewReply, error)
	Show(ctx context.Context, id, runID string) (client.Shown, error)
	List(ctx context.Context, filter client.Filter) ([]client.Shown, error)
	Wait(ctx context.Context, id, runID string) (enroll.Result, error)
	Concluded(ctx context.Context, id, runID string) (bool, error)
	Cancel(ctx context.Context, id, runID string) error
	Close()

	operations
	erasures
	receivers
}

// operations are what operators do beside following journeys. Each leaves a
// line in the audit trail.
type operations interface {
	CancelBy(ctx context.Context, id, runID string, by client.By) error
	RenewBy(ctx context.Context, id, runID, key string, by client.By) (enroll.RenewReply, error)
	CancelAll(ctx context.Context, filter client.Filter, by client.By, progress func(client.Step)) (int, error)
	RenewAll(ctx context.Context, filter client.Filter, key string, by client.By, progress func(client.Step)) (int, error)
	Record(ctx context.Context, id enroll.RecordID) (enroll.Record, error)
	RecordOf(ctx context.Context, id, runID string) (enroll.Record, error)
	Reveal(ctx context.Context, id enroll.RecordID, by client.By) (enroll.Record, error)
	Records(ctx context.Context, filter client.RecordFilter) (client.RecordPage, error)
	Audit(ctx context.Context, id enroll.RecordID) ([]enroll.AuditEntry, error)
	Resolve(ctx context.Context, id enroll.RecordID, resolution enroll.Resolution) error
	Hold(ctx context.Context, provider enroll.Provider, by client.By) error
	Release(ctx context.Context, provider enroll.Provider, by client.By) error
	Held(ctx context.Context) ([]client.Hold, error)
	Export(ctx context.Context, provider enroll.Provider, subject string, by client.By) (client.Export, error)
}

var _ journeys = (*client.Client)(nil)

// connect connects as the environment says.
func connect(ctx context.Context, lookup config.Lookup) (journeys, error) {
	return client.Dial(ctx, client.WithLookup(lookup))
}

// program is the command line without the process around it.
type program struct {
	lookup         config.Lookup
	stdin          io.Reader
	stdout, stderr io.Writer
	connect        func(context.Context, config.Lookup) (journeys, error)
	// newKey makes an idempotency key for a caller who gave none.
	newKey func() string
	// json is the flag --json.
	json bool
}

// run carries out one command line and returns the exit code.
func (p *program) run(ctx context.Context, args []string) int {
	root := p.root() //nolint:contextcheck // cobra hands the context of ExecuteContext to each command
	root.SetArgs(args)
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	err := root.ExecuteContext(ctx)
	// A command line that cannot be parsed still tells how it wants errors.
	p.json = p.json || slices.Contains(args, "--json")
	return p.report(err)
}

// root builds the command line.
func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "starter",
		Short:         "Start biometric enrollment journeys and follow them",
		Long:          rootHelp,
		Args:          noSuchCommand,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().BoolVar(&p.json, "json", false, "print one JSON value per line, and errors as JSON, for programs")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return flagError(err, cmd.CommandPath())
	})
	root.AddCommand(
		p.startCommand(), p.hintCommand(), p.handOverCommand(), p.renewCommand(), p.waitCommand(), p.showCommand(), p.listCommand(),
		p.cancelCommand(), p.resetCommand(), p.recordCommand(), p.recordsCommand(), p.resolveCommand(), p.holdCommand(),
		p.releaseCommand(), p.holdsCommand(), p.exportCommand(), p.eraseCommand(), p.erasureCommand(), p.erasuresCommand(),
		p.receiversCommand(), p.keysCommand(), p.journeysCommand(), p.checkCommand(), p.environmentCommand(),
	)
	return root
}

const rootHelp = `Starts biometric enrollment journeys and follows them until their outcome.

A journey is one enrollment attempt of one person at one provider. It begins at the
provider, hands over what the frontend needs to open the capture, waits for the person,
and ends with exactly one outcome:

  starter journeys                                        what there is
  starter start authid.enroll --account-number jane       prints ID and hand-over
  starter hint ID final-page                              the frontend is done
  starter wait ID                                         prints the outcome

Where the server is, and which keys to use, is read from the environment:
'starter environment' lists every variable. The standalone program writes a file with
the right ones: run '. data/env' in the folder where it runs.

` + exitHelp

// with connects, runs the command and closes the connection.
func (p *program) with(ctx context.Context, do func(context.Context, journeys) error) error {
	connected, err := p.connect(ctx, p.lookup)
	if err != nil {
		return err
	}
	defer connected.Close()
	return do(ctx, connected)
}

// noSuchCommand refuses arguments of the root: they are mistyped commands.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &usageError{problem: fmt.Sprintf("%q is not a command", args[0]), command: cmd.CommandPath()}
}

// arguments wants exactly the named arguments.
func arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		return &usageError{
			problem: fmt.Sprintf("%d arguments given, %d needed: %v", len(args), len(names), names), command: cmd.CommandPath(),
		}
	}
}
