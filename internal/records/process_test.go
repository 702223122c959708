package records_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/records"
)

// The variables that make this test binary play the part of another process.
const (
	partVariable    = "RECORDS_TEST_PART"
	addressVariable = "RECORDS_TEST_ADDRESS"
	keysVariable    = "RECORDS_TEST_KEYS"
)

// contested is how many calls all processes claim.
const contested = 20

// play does what a second process does in a test and returns its exit code.
func play(part string) int {
	ctx := context.Background()
	k, err := keys.Load(os.Getenv(keysVariable))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	store, err := records.Open(ctx, os.Getenv(addressVariable), k)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	switch part {
	case "claim everything":
		err = claimEverything(ctx, store)
	case "claim a delivery and hang":
		short := claimer("killed")
		short.Lease = time.Millisecond
		var held []records.Delivery
		held, _, err = store.ClaimDeliveries(ctx, short, 1, nil)
		for _, delivery := range held {
			_, _ = fmt.Fprintln(os.Stdout, delivery.Event)
		}
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
	case "claim and hang":
		_, err = store.BeginAndClaim(ctx, opening("a"), claim("a"))
		_, _ = fmt.Fprintln(os.Stdout, "claimed")
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// claimEverything claims all contested calls on a sign, and tells which it may
// make.
func claimEverything(ctx context.Context, store *records.Store) error {
	if _, err := fmt.Fprintln(os.Stdout, "ready"); err != nil {
		return err
	}
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	fresh := []string{}
	for i := range contested {
		id := strconv.Itoa(i)
		claimed, err := store.BeginAndClaim(ctx, opening(id), claim(id))
		if err != nil {
			return err
		}
		if claimed.State == records.Fresh {
			fresh = append(fresh, id)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(fresh)
}

// process is this test binary in another process.
type process struct {
	command *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Reader
}

// start runs the part of another process on the fixture.
func (f fixture) start(t *testing.T, part string) process {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), partVariable+"="+part, addressVariable+"="+f.address, keysVariable+"="+f.keyFile)
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	require.NoError(t, err)
	output, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	return process{command: command, input: input, output: bufio.NewReader(output)}
}

// line returns what the process says next.
func (p process) line(t *testing.T) string {
	t.Helper()
	line, err := p.output.ReadString('\n')
	require.NoError(t, err)
	return line
}

func TestProcesses(t *testing.T) {
	for _, database := range databases() {
		t.Run(database.name, func(t *testing.T) {
			t.Run("agree_who_makes_a_call", func(t *testing.T) {
				f := database.empty(t)
				// They also agree who makes the file and its tables.
				processes := []process{f.start(t, "claim everything"), f.start(t, "claim everything"), f.start(t, "claim everything")}
				for _, p := range processes {
					require.Equal(t, "ready\n", p.line(t))
				}
				for _, p := range processes {
					_, err := io.WriteString(p.input, "go\n")
					require.NoError(t, err)
				}
				var all []string
				for _, p := range processes {
					var fresh []string
					require.NoError(t, json.Unmarshal([]byte(p.line(t)), &fresh))
					all = append(all, fresh...)
					require.NoError(t, p.command.Wait())
				}
				expected := make([]string, contested)
				for i := range expected {
					expected[i] = strconv.Itoa(i)
				}
				require.ElementsMatch(t, expected, all)
			})

			t.Run("leave_a_doubt_when_killed_before_the_answer", func(t *testing.T) {
				f := database.empty(t)
				p := f.start(t, "claim and hang")
				require.Equal(t, "claimed\n", p.line(t))
				require.NoError(t, p.command.Process.Kill())
				require.ErrorContains(t, p.command.Wait(), "killed")

				store := f.open(t)
				next := claim("a")
				next.At = next.At.Add(time.Minute)
				claimed, err := store.Claim(t.Context(), next)
				require.NoError(t, err)
				require.Equal(t, records.InDoubt, claimed.State)
				require.ErrorIs(t, store.Release(t.Context(), next, "never sent"), records.ErrNotClaimed, "nobody alive knows that")
				record, err := store.Get(t.Context(), "a")
				require.NoError(t, err)
				require.Equal(t, enroll.StepClaimed, record.Steps[0].State)
			})

			t.Run("leave_a_delivery_to_others_when_killed_before_its_end", func(t *testing.T) {
				f := database.empty(t)
				store := f.open(t)
				add(t, store, "shop")
				ended(t, store, "a")
				p := f.start(t, "claim a delivery and hang")
				event := strings.TrimSpace(p.line(t))
				require.NoError(t, p.command.Process.Kill())
				require.ErrorContains(t, p.command.Wait(), "killed")

				require.Equal(t, "killed", listed(t, store, "shop")[0].HeldBy)
				again := claimAll(t, store, claimer("w2")) // The lease is over.
				require.Len(t, again, 1)
				require.Equal(t, event, string(again[0].Event), "a receiver can tell that it is the same")
			})
		})
	}
}
