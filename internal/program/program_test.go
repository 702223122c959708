package program_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/program"
)

// port is the one setting of the program.
const port = "DEMO_PORT"

// demo is a program that has done what did says.
func demo(did *[]string, result error) program.Program[int] {
	return program.Program[int]{
		Name: "demo", Help: "demo serves.\n", Usage: "there is 'demo' and 'demo paint NAME'",
		Read: func(src *config.Source) int { return src.Int(port, 1, 1, 10, "port to listen on") },
		Serve: func(context.Context, int, program.Call) error {
			*did = append(*did, "serve")
			return result
		},
		Health: func(_ context.Context, port int) error {
			*did = append(*did, "healthcheck "+string(rune('0'+port)))
			return result
		},
		Commands: map[string]func(program.Call) error{"paint": func(call program.Call) error {
			name, err := program.Named(flag.NewFlagSet("paint", flag.ContinueOnError), call.Args)
			*did = append(*did, "paint "+name)
			return err
		}},
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		args   []string
		given  string
		result error
		code   int
		did    []string
		says   string
	}{
		"serves_when_nothing_is_said":      {did: []string{"serve"}},
		"tells_why_it_cannot_go_on":        {result: errors.New("no server"), code: program.Failed, did: []string{"serve"}, says: "demo: no server\n"},
		"asks_for_health_as_it_is_set":     {args: []string{"healthcheck"}, given: "7", did: []string{"healthcheck 7"}},
		"is_not_healthy":                   {args: []string{"healthcheck"}, result: errors.New("no answer"), code: program.Failed, did: []string{"healthcheck 1"}, says: "no answer"},
		"does_nothing_with_wrong_settings": {given: "11", code: program.Misconfigured, says: port},
		"blames_a_setting_found_wrong_later": {
			result: &config.Error{Problems: []config.Problem{{Name: port, Given: "a taken port", Allowed: "a free one"}}}, code: program.Misconfigured,
			did: []string{"serve"}, says: "a taken port",
		},
		"has_commands_of_its_own":              {args: []string{"paint", "blue"}, given: "11", did: []string{"paint blue"}},
		"says_what_there_is_for_another_word":  {args: []string{"draw"}, code: program.Misconfigured, says: `"draw" is not understood: there is 'demo' and`},
		"says_what_there_is_for_a_word_more":   {args: []string{"healthcheck", "now"}, code: program.Misconfigured, says: `"now" is not understood: there is 'demo' and`},
		"says_what_there_is_for_a_bad_command": {args: []string{"paint"}, code: program.Misconfigured, did: []string{"paint "}, says: "paint: one name: not understood: there is 'demo' and"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := map[string]string{}
			if row.given != "" {
				values[port] = row.given
			}
			var did []string
			var stdout, stderr bytes.Buffer
			code := demo(&did, row.result).Run(t.Context(), program.Call{Args: row.args, Lookup: config.Map(values), Stdout: &stdout, Stderr: &stderr})
			require.Equal(t, row.code, code, "%s", &stderr)
			require.Equal(t, row.did, did)
			require.Contains(t, stderr.String(), row.says)
			require.Equal(t, row.code == program.Done, stderr.Len() == 0)
			require.Empty(t, stdout.String())
		})
	}

	t.Run("lists_its_settings_whatever_they_are", func(t *testing.T) {
		t.Parallel()
		for _, word := range []string{"--help", "-h", "help"} {
			var stdout bytes.Buffer
			call := program.Call{Args: []string{word}, Lookup: config.Map(map[string]string{port: "11"}), Stdout: &stdout, Stderr: &stdout}
			require.Equal(t, program.Done, demo(nil, nil).Run(t.Context(), call))
			require.Contains(t, stdout.String(), "demo serves.\n")
			require.Contains(t, stdout.String(), "  "+port)
		}
	})
}

func TestNamed(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		args  []string
		named string
	}{
		"before_flags": {[]string{"blue", "--thick"}, "blue"}, "after_flags": {[]string{"--thick", "blue"}, "blue"}, "nobody": {[]string{"--thick"}, ""},
		"two": {[]string{"blue", "red"}, ""}, "two_around_flags": {[]string{"blue", "--thick", "red"}, ""}, "unknown_flag": {[]string{"blue", "--thin"}, ""},
		"nothing": {[]string{""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags := flag.NewFlagSet("paint", flag.ContinueOnError)
			flags.Bool("thick", false, "")
			named, err := program.Named(flags, row.args)
			require.Equal(t, row.named, named)
			if row.named == "" {
				require.ErrorIs(t, err, program.ErrUsage)
				return
			}
			require.NoError(t, err)
		})
	}
}
