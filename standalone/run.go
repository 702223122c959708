package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap/zapcore"

	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/logging"
	"github.com/bioenroll/bioenroll/standalone/demo"
	"github.com/bioenroll/bioenroll/standalone/embedded"
	"github.com/bioenroll/bioenroll/standalone/stack"
)

// The exit codes.
const (
	exitOK      = 0 // All journeys of demo ended as expected; run or serve was stopped by request.
	exitFailed  = 1 // Something could not run, a journey ended otherwise, or demo was interrupted.
	exitBadFlag = 2 // Bad usage.
)

// settings of the program, from flags or the environment.
type settings struct {
	data                                string
	temporalPort, uiPort, simulatorPort int
	codecPort, metricsPort, gatewayPort int
	pagePort                            int
	json                                bool
}

// errNotAsExpected ends a demo whose journeys did not end as they should; the
// table has told which.
var errNotAsExpected = errors.New("not every journey ended as expected")

// errInterrupted ends a demo that was stopped before its journeys had ended.
var errInterrupted = errors.New("interrupted before every journey had ended: the next run or demo on this data folder finishes those under way")

// errUsage marks an error of the command line or the environment.
var errUsage = errors.New("bad usage")

func run(ctx context.Context, args []string, env func(string) (string, bool), stdout, stderr io.Writer) int {
	command := commands(env) //nolint:contextcheck // cobra hands the context to each command
	understood := false      // What fails before a command runs is usage: a word or a flag nobody knows.
	command.PersistentPreRun = func(*cobra.Command, []string) { understood = true }
	command.SetArgs(args)
	command.SetOut(stdout)
	command.SetErr(stderr)
	err := command.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitOK
	case !understood, errors.Is(err, errUsage):
		_, _ = fmt.Fprintln(stderr, err)
		return exitBadFlag
	default:
		_, _ = fmt.Fprintln(stderr, err)
		return exitFailed
	}
}

// commands builds the command line.
func commands(env func(string) (string, bool)) *cobra.Command {
	var s settings
	root := &cobra.Command{
		Use:           "standalone",
		Short:         "Bioenroll in one process: Temporal, its UI, simulated providers, a worker, the gateway and a page",
		Long:          longHelp,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	flags := root.PersistentFlags()
	flags.StringVar(&s.data, "data", text(env, "BIOENROLL_DATA", "data"), "folder of everything that outlives the process ($BIOENROLL_DATA)")
	flags.IntVar(&s.temporalPort, "temporal-port", number(env, "BIOENROLL_TEMPORAL_PORT", 7233), "port of the Temporal server ($BIOENROLL_TEMPORAL_PORT)")
	flags.IntVar(&s.uiPort, "ui-port", number(env, "BIOENROLL_UI_PORT", 8233), "port of the Temporal web UI ($BIOENROLL_UI_PORT)")
	flags.IntVar(&s.codecPort, "codec-port", number(env, "BIOENROLL_CODEC_PORT", 8234), "port of the codec server, which shows payloads in the web UI ($BIOENROLL_CODEC_PORT)")
	flags.IntVar(&s.pagePort, "page-port", number(env, "BIOENROLL_PAGE_PORT", 8230), "port of the page to start and watch journeys, -1 for none ($BIOENROLL_PAGE_PORT)")
	flags.IntVar(&s.gatewayPort, "gateway-port", number(env, "BIOENROLL_GATEWAY_PORT", 7480), "port of the gateway, the HTTP API ($BIOENROLL_GATEWAY_PORT)")
	flags.IntVar(&s.simulatorPort, "simulator-port", number(env, "BIOENROLL_SIMULATOR_PORT", 7400), "port of the simulated providers ($BIOENROLL_SIMULATOR_PORT)")
	flags.IntVar(&s.metricsPort, "metrics-port", number(env, "BIOENROLL_METRICS_PORT", embedded.Off), "port of the Temporal server's Prometheus metrics, -1 for none ($BIOENROLL_METRICS_PORT)")
	flags.BoolVar(&s.json, "json", false, "print the table as JSON")
	root.AddCommand(
		&cobra.Command{
			Use: "run", Short: "Play one journey of each kind, then stay up until Ctrl-C", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error { return s.serve(c, env, true, true) },
		},
		&cobra.Command{
			Use: "demo", Short: "Play one journey of each kind and exit 0 if all ended as expected", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error { return s.serve(c, env, true, false) },
		},
		&cobra.Command{
			Use: "serve", Short: "Stay up until Ctrl-C and play nothing", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error { return s.serve(c, env, false, true) },
		},
	)
	return root
}

const longHelp = `Runs Bioenroll in one process on this machine, for development and to see it work:
an embedded Temporal server with its web UI, the four simulated providers, a worker, the
gateway, and a page to start journeys, be the person in front of the camera, and watch.

Everything listens on 127.0.0.1. State is kept in the data folder, so that stopping
with Ctrl-C and starting again loses nothing: journeys that wait go on waiting.

TEMPORAL_ADDRESS, and the other variables of the Temporal SDK's environment
configuration, put another server in the place of the embedded one.

Exit codes: 0 all journeys of demo ended as expected, or run or serve was stopped
by request; 1 something could not run, a journey ended otherwise, or demo was
interrupted; 2 bad usage.`

// serve runs the system until it is done or interrupted. An interrupt is how
// those commands end that stay, and a failure of the one that does not.
func (s settings) serve(c *cobra.Command, env func(string) (string, bool), play, stay bool) error {
	err := s.session(c, env, play, stay)
	switch {
	case err == nil || c.Context().Err() == nil:
		return err
	case stay:
		return nil
	default:
		return errInterrupted
	}
}

// session brings the system up, plays what is asked for, and takes it down.
func (s settings) session(c *cobra.Command, env func(string) (string, bool), play, stay bool) error {
	ctx, out := c.Context(), c.OutOrStdout()
	progress := func(format string, args ...any) { _, _ = fmt.Fprintf(c.ErrOrStderr(), format+"\n", args...) }
	if err := s.check(); err != nil {
		return err
	}
	progress("Starting Temporal, the simulated providers, a worker and the gateway ...")
	running, err := s.start(ctx, env, stay, c.ErrOrStderr()) // The table of a demo counts one hint for each journey.
	if err != nil {
		return explain(err)
	}
	defer func() {
		progress("Stopping; journeys that wait are kept in %s.", s.data)
		if err := running.Stop(ctx); err != nil {
			progress("stop: %v", err)
		}
	}()
	if err := s.welcome(running, progress); err != nil {
		return err
	}
	if play {
		err := s.play(ctx, running, out, progress)
		if err != nil && (ctx.Err() != nil || !stay) {
			return err
		}
		if err != nil {
			progress("%v", err)
		}
	}
	if stay {
		progress("Running. Stop with Ctrl-C.")
		<-ctx.Done()
	}
	return nil
}

func (s settings) start(ctx context.Context, env func(string) (string, bool), webhooks bool, stderr io.Writer) (*stack.Stack, error) {
	src := config.NewSource(env)
	logs := logging.Read(src)
	if !src.Given(logging.LevelSetting) {
		logs.Level = zapcore.WarnLevel // The progress on the screen is enough, unless asked for.
	}
	options := stack.Options{
		DataDir: s.data, TemporalPort: s.temporalPort, UIPort: s.uiPort, CodecPort: s.codecPort,
		SimulatorPort: s.simulatorPort, MetricsPort: s.metricsPort, GatewayPort: s.gatewayPort, PagePort: s.pagePort,
		Gateway: access.Read(src), Webhooks: webhooks,
		Limits: config.Limits(src), Pace: config.Pace(src), Log: logging.New(logs, stderr),
	}
	if external(env) {
		options.External = stack.ReadExternal(src)
	}
	if err := src.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	return stack.Start(ctx, options)
}

// welcome prints the addresses and how other programs join.
func (s settings) welcome(running *stack.Stack, progress func(string, ...any)) error {
	path, err := running.WriteEnvironment()
	if err != nil {
		return err
	}
	if page := running.PageURL(); page != "" {
		progress("  Page         %s", page)
	}
	if ui := running.UIURL(); ui != "" {
		progress("  Temporal UI  %s", ui)
	}
	progress("  Temporal     %s", running.TemporalAddress())
	progress("  Codec server %s", running.CodecURL())
	progress("  Gateway      %s", running.GatewayURL())
	progress("  Simulators   %s/_sim/", running.SimulatorURL())
	progress("  Join with    . %s && bin/starter list", path)
	progress(`  or           . %s && curl -H "Authorization: Bearer $GATEWAY_KEY" "$GATEWAY/v1/journeys"`, path)
	return nil
}

// play finishes what an earlier demo left under way, runs the six journeys, and
// prints the table. There is none when it is interrupted before all have ended.
func (s settings) play(ctx context.Context, running *stack.Stack, out io.Writer, progress func(string, ...any)) error {
	d := demo.Demo{
		Client: running.Client(), User: demo.NewUser(running.SimulatorURL()),
		Notebook: demo.NewNotebook(filepath.Join(s.data, "demo.json")), JourneyID: running.JourneyID, Progress: progress,
	}
	progress("Playing one journey of each kind ...")
	left, err := d.Resume(ctx)
	if err != nil {
		return err
	}
	rows := d.Run(ctx, strconv.FormatInt(time.Now().UnixMilli(), 36))
	right := demo.AllAsExpected(rows)
	if ctx.Err() != nil && !right {
		return errInterrupted
	}
	if err := s.print(out, append(left, rows...)); err != nil {
		return err
	}
	if !right { // What an earlier demo left is only shown.
		return errNotAsExpected
	}
	return nil
}

func (s settings) print(out io.Writer, rows []demo.Row) error {
	if !s.json {
		return demo.WriteTable(out, rows)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(rows); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	return nil
}

// check refuses ports that no program can listen on, before anything starts.
func (s settings) check() error {
	for _, port := range []struct {
		flag     string
		value    int
		smallest int
	}{
		{"temporal-port", s.temporalPort, 0},
		{"ui-port", s.uiPort, embedded.Off},
		{"codec-port", s.codecPort, 0},
		{"simulator-port", s.simulatorPort, 0},
		{"gateway-port", s.gatewayPort, 0},
		{"page-port", s.pagePort, embedded.Off},
		{"metrics-port", s.metricsPort, embedded.Off},
	} {
		if port.value < port.smallest || port.value > 65535 {
			return fmt.Errorf("%w: %s: given %d, or a variable that is not a number; allowed: %d to 65535, 0 picks a free port", errUsage, port.flag, port.value, port.smallest)
		}
	}
	return nil
}

// explain names the flag that moves a port which is taken.
func explain(err error) error {
	taken, ok := errors.AsType[*embedded.PortTakenError](err)
	if !ok {
		return err
	}
	remedy := map[string]string{
		"Port":          "--temporal-port or BIOENROLL_TEMPORAL_PORT",
		"UIPort":        "--ui-port or BIOENROLL_UI_PORT",
		"CodecPort":     "--codec-port or BIOENROLL_CODEC_PORT",
		"MetricsPort":   "--metrics-port or BIOENROLL_METRICS_PORT",
		"SimulatorPort": "--simulator-port or BIOENROLL_SIMULATOR_PORT",
		"GatewayPort":   "--gateway-port or BIOENROLL_GATEWAY_PORT",
		"PagePort":      "--page-port or BIOENROLL_PAGE_PORT",
	}[taken.Option]
	return fmt.Errorf("port %d is taken: stop the program that holds it, or choose another with %s (0 picks a free one)", taken.Port, remedy)
}

// external reports whether the environment names a Temporal server to use. A
// shell that has read the file of an embedded one names no other.
func external(env func(string) (string, bool)) bool {
	own, _ := env(stack.Embedded)
	for _, name := range []string{"TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE"} {
		if value, ok := env(name); ok && value != "" && value != own {
			return true
		}
	}
	return false
}

// text is a default from the environment.
func text(env func(string) (string, bool), name, otherwise string) string {
	if value, ok := env(name); ok && value != "" {
		return value
	}
	return otherwise
}

// number is text for numbers. What is not a number becomes a port that check
// refuses.
func number(env func(string) (string, bool), name string, otherwise int) int {
	value, err := strconv.Atoi(text(env, name, strconv.Itoa(otherwise)))
	if err != nil {
		return -2
	}
	return value
}
