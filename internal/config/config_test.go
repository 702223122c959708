package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
)

func source(values map[string]string) *config.Source { return config.NewSource(config.Map(values)) }

// problems returns the names of the variables refused.
func problems(t *testing.T, src *config.Source) []string {
	t.Helper()
	var failed *config.Error
	require.ErrorAs(t, src.Err(), &failed)
	var names []string
	for _, p := range failed.Problems {
		names = append(names, p.Name)
	}
	return names
}

func TestErr(t *testing.T) {
	t.Run("names_every_problem_at_once", func(t *testing.T) {
		src := source(map[string]string{"COUNT": "many", "FLAG": "perhaps", "WAIT": "5", "COLOR": "mauve", "FACTOR": "NaN"})
		src.Required("HOST", "name of the host")
		src.Secret("KEY", "key of the door")
		require.Equal(t, 3, src.Int("COUNT", 3, 1, 9, "count"))
		require.True(t, src.Bool("FLAG", true, "flag"))
		require.Equal(t, time.Second, src.Duration("WAIT", time.Second, 0, time.Minute, "wait"))
		require.Equal(t, "red", src.OneOf("COLOR", "red", "color", "red", "blue"))
		require.InDelta(t, 2.0, src.Float("FACTOR", 2, 1, 4, "factor"), 0)
		src.BaseURL("ADDRESS", "", "address of the door")
		require.Equal(t, []string{"HOST", "KEY", "COUNT", "FLAG", "WAIT", "COLOR", "FACTOR", "ADDRESS"}, problems(t, src))
		require.ErrorContains(t, src.Err(), `COUNT: given "many", allowed: a whole number from 1 to 9`)
		require.ErrorContains(t, src.Err(), "KEY_FILE")
	})
	t.Run("is_nil_when_all_is_well", func(t *testing.T) {
		src := source(map[string]string{"COUNT": "4", "FLAG": "false", "WAIT": "90s", "COLOR": "blue", "FACTOR": "1.5", "HOST": "h"})
		require.Equal(t, 4, src.Int("COUNT", 3, 1, 9, ""))
		require.False(t, src.Bool("FLAG", true, ""))
		require.Equal(t, 90*time.Second, src.Duration("WAIT", 0, 0, time.Hour, ""))
		require.Equal(t, "blue", src.OneOf("COLOR", "red", "", "red", "blue"))
		require.InDelta(t, 1.5, src.Float("FACTOR", 2, 1, 4, ""), 0)
		require.Equal(t, "h", src.Required("HOST", ""))
		require.Equal(t, "d", src.String("NAME", "d", ""))
		require.Equal(t, "a/c", src.Path("DIR", "a/b/../c", ""))
		require.NoError(t, src.Err())
	})
	t.Run("takes_an_empty_variable_as_not_set", func(t *testing.T) {
		src := source(map[string]string{"COUNT": "", "HOST": ""})
		require.Equal(t, 3, src.Int("COUNT", 3, 1, 9, ""))
		src.Required("HOST", "name of the host")
		require.Equal(t, []string{"HOST"}, problems(t, src))
		require.False(t, src.Given("HOST"))
	})
	t.Run("refuses_numbers_outside_their_bounds", func(t *testing.T) {
		src := source(map[string]string{"LOW": "0", "HIGH": "10", "LONG": "2h", "STEEP": "+Inf"})
		src.Int("LOW", 1, 1, 9, "")
		src.Int("HIGH", 1, 1, 9, "")
		src.Duration("LONG", 0, 0, time.Hour, "")
		src.Float("STEEP", 1, 1, 9, "")
		require.Equal(t, []string{"LOW", "HIGH", "LONG", "STEEP"}, problems(t, src))
	})
}

func TestPeriod(t *testing.T) {
	const low, high = 25 * time.Hour, 365 * 24 * time.Hour
	for _, row := range []struct {
		given string
		want  time.Duration
	}{
		{"", 48 * time.Hour},
		{"30d", 30 * 24 * time.Hour},
		{"365d", high},
		{"25h", low},
		{"720h30m", 720*time.Hour + 30*time.Minute},
	} {
		t.Run("reads_"+row.given, func(t *testing.T) {
			src := source(map[string]string{"PERIOD": row.given})
			require.Equal(t, row.want, src.Period("PERIOD", 48*time.Hour, low, high, "how long"))
			require.NoError(t, src.Err())
			require.Equal(t, "2d", src.Known()[0].Default)
		})
	}
	for _, given := range []string{"1d", "366d", "30", "d", "-3d", "1.5d", "99999999999d", "a month", "0"} {
		t.Run("refuses_"+given, func(t *testing.T) {
			src := source(map[string]string{"PERIOD": given})
			require.Zero(t, src.Period("PERIOD", 0, low, high, "how long"))
			require.ErrorContains(t, src.Err(), "a period from 25h0m0s to 365d, such as 30d or 720h")
		})
	}
	t.Run("may_have_no_default", func(t *testing.T) {
		src := source(nil)
		require.Zero(t, src.Period("PERIOD", 0, low, high, "how long"))
		require.NoError(t, src.Err())
		require.Empty(t, src.Known()[0].Default)
	})
}

func TestBaseURL(t *testing.T) {
	for _, row := range []struct {
		name, given, want string
		http              bool
	}{
		{name: "keeps_the_path", given: "https://bws.bioid.com/extension", want: "https://bws.bioid.com/extension"},
		{name: "trims_the_trailing_slash", given: "https://id.example/", want: "https://id.example"},
		{name: "takes_http_by_setting", given: "http://127.0.0.1:7400", want: "http://127.0.0.1:7400", http: true},
		{name: "refuses_http", given: "http://id.example"},
		{name: "refuses_http_on_this_machine", given: "http://127.0.0.1:7400"},
		{name: "refuses_a_login", given: "https://me:hunter2@id.example"},
		{name: "refuses_a_query", given: "https://id.example?key=hunter2"},
		{name: "refuses_an_empty_query", given: "https://id.example?"},
		{name: "refuses_a_fragment", given: "https://id.example#hunter2"},
		{name: "refuses_a_bare_host", given: "id.example"},
		{name: "refuses_another_scheme", given: "ftp://id.example", http: true},
		{name: "refuses_no_host", given: "https:///extension"},
		{name: "refuses_a_port_alone", given: "https://:443"},
		{name: "refuses_what_is_no_address", given: "https://[::1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			values := map[string]string{"ADDRESS": row.given}
			if row.http {
				values[config.AllowHTTP] = "true"
			}
			src := source(values)
			require.Equal(t, row.want, src.BaseURL("ADDRESS", "", "address"))
			if row.want != "" {
				require.NoError(t, src.Err())
				return
			}
			require.Equal(t, []string{"ADDRESS"}, problems(t, src))
			require.NotContains(t, src.Err().Error(), "hunter2")
		})
	}
}

func TestSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte("hunter2\r\n"), 0o600))
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, []byte("\n"), 0o600))
	for _, row := range []struct {
		name    string
		values  map[string]string
		want    enroll.Secret
		refused string
	}{
		{"comes_from_the_variable", map[string]string{"KEY": "hunter2"}, "hunter2", ""},
		{"comes_from_a_file", map[string]string{"KEY_FILE": file}, "hunter2", ""},
		{"is_refused_from_both", map[string]string{"KEY": "hunter2", "KEY_FILE": file}, "", "one of the two"},
		{"is_refused_when_missing", nil, "", "KEY_FILE"},
		{"is_refused_from_a_missing_file", map[string]string{"KEY_FILE": file + "x"}, "", "no such file"},
		{"is_refused_from_an_empty_file", map[string]string{"KEY_FILE": empty}, "", "empty"},
		{"is_refused_with_a_line_break", map[string]string{"KEY": "hunter2\nX: y"}, "", "one line"},
	} {
		t.Run(row.name, func(t *testing.T) {
			src := source(row.values)
			require.Equal(t, row.want.Reveal(), src.Secret("KEY", "key of the door").Reveal())
			if row.refused == "" {
				require.NoError(t, src.Err())
				return
			}
			require.ErrorContains(t, src.Err(), row.refused)
			require.Len(t, problems(t, src), 1)
			require.NotContains(t, src.Err().Error(), "hunter2")
		})
	}
	t.Run("may_be_missing_when_optional", func(t *testing.T) {
		src := source(nil)
		require.Empty(t, src.OptionalSecret("KEY", "key").Reveal())
		require.NoError(t, src.Err())
	})
}

func TestKnown(t *testing.T) {
	src := source(nil)
	src.BaseURL("ADDRESS", "", "address of the door")
	src.BaseURL("ADDRESS", "", "address of the door")
	src.Secret("KEY", "key of the door")
	src.Int("COUNT", 3, 1, 9, "how often")
	src.Note(config.Variable{Name: "LIBRARY", Help: "read by a library"})
	var names []string
	for _, v := range src.Known() {
		names = append(names, v.Names()...)
	}
	require.Equal(t, []string{"ADDRESS", config.AllowHTTP, "KEY", "KEY_FILE", "COUNT", "LIBRARY"}, names)
	var help bytes.Buffer
	require.NoError(t, config.WriteHelp(&help, src.Known()))
	require.Contains(t, help.String(), "KEY or KEY_FILE       key of the door (required)")
	require.Contains(t, help.String(), "how often (default 3)")
}

func TestLimits(t *testing.T) {
	t.Run("are_the_defaults", func(t *testing.T) {
		src := source(nil)
		require.Equal(t, enroll.DefaultLimits(), config.Limits(src))
		require.NoError(t, src.Err())
	})
	t.Run("follow_the_settings", func(t *testing.T) {
		src := source(map[string]string{config.AuthIDTimeoutMin: "5", config.AuthIDTimeoutMax: "60"})
		limits := config.Limits(src)
		require.NoError(t, src.Err())
		require.Equal(t, 5, limits.AuthIDTimeoutMin)
		require.Equal(t, 60, limits.AuthIDTimeoutMax)
	})
	t.Run("may_require_grounds", func(t *testing.T) {
		src := source(map[string]string{config.RequireConsent: "true"})
		limits := config.Limits(src)
		require.NoError(t, src.Err())
		require.True(t, limits.RequireConsent)
		require.False(t, limits.RequireUpstream)
		limits = config.Limits(source(map[string]string{config.RequireUpstream: "true"}))
		require.False(t, limits.RequireConsent)
		require.True(t, limits.RequireUpstream)
	})
	t.Run("refuse_to_cross", func(t *testing.T) {
		src := source(map[string]string{config.AuthIDTimeoutMin: "90", config.AuthIDTimeoutMax: "60"})
		config.Limits(src)
		require.Equal(t, []string{config.AuthIDTimeoutMin}, problems(t, src))
	})
}

func TestPace(t *testing.T) {
	t.Run("is_the_default", func(t *testing.T) {
		src := source(nil)
		require.Equal(t, enroll.DefaultPace(), config.Pace(src))
		require.NoError(t, src.Err())
	})
	t.Run("can_be_even", func(t *testing.T) {
		src := source(map[string]string{config.PollFactor: "1", config.HoldOff: "0s"})
		pace := config.Pace(src)
		require.NoError(t, src.Err())
		require.Equal(t, 5*time.Second, pace.After(700))
		require.Zero(t, pace.HoldOff)
	})
	t.Run("refuses_a_first_delay_above_the_cap", func(t *testing.T) {
		src := source(map[string]string{config.PollFirst: "2m"})
		config.Pace(src)
		require.Equal(t, []string{config.PollFirst}, problems(t, src))
	})
}

func FuzzBaseURL(f *testing.F) {
	f.Add("https://id.example/api/")
	f.Add("https://a:b@c?d#e")
	f.Fuzz(func(t *testing.T, given string) {
		src := source(map[string]string{"ADDRESS": given})
		address := src.BaseURL("ADDRESS", "", "address")
		require.Equal(t, address == "", src.Err() != nil)
		require.NotContains(t, address, "@")
		require.NotContains(t, address, "?")
		require.NotContains(t, address, "#")
	})
}
