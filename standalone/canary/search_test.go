package canary_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/standalone/canary"
)

// The needles: a text with everything that quoting changes, and the bytes of a
// picture.
const text = `Jané "4711" <b>&/+?=` + "\t" + `\ d'Arc`

func binaryNeedle() []byte {
	value := make([]byte, 48)
	for i := range value {
		value[i] = byte(251*i*i + 130)
	}
	return value
}

func search(t *testing.T) *canary.Search {
	t.Helper()
	s, err := canary.For(canary.Needle{Name: "person", Value: []byte(text)}, canary.Needle{Name: "face", Value: binaryNeedle()})
	require.NoError(t, err)
	return s
}

func marshaled(t *testing.T, value any) string {
	t.Helper()
	encoded, err := json.Marshal(value)
	require.NoError(t, err)
	return string(encoded)
}

// TestSearch_finds writes each needle in the way a program would.
func TestSearch_finds(t *testing.T) {
	face := binaryNeedle()
	inJSON := marshaled(t, map[string]string{"user": text})
	var unescaped bytes.Buffer
	encoder := json.NewEncoder(&unescaped)
	encoder.SetEscapeHTML(false)
	require.NoError(t, encoder.Encode(map[string]string{"user": text}))
	var units []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		units = binary.BigEndian.AppendUint16(units, unit)
	}
	for name, row := range map[string]struct{ needle, leak string }{
		"clear":                    {"person", "no account " + text + " here"},
		"bytes_in_a_file":          {"face", "\x89PNG" + string(face) + "IEND"},
		"json":                     {"person", inJSON},
		"json_for_no_browser":      {"person", unescaped.String()},
		"json_in_json":             {"person", marshaled(t, inJSON)},
		"go_string":                {"person", fmt.Sprintf("%q", text)},
		"go_string_in_ascii":       {"person", strconv.QuoteToASCII(text)},
		"query":                    {"person", "https://host/?" + url.Values{"user": {text}}.Encode()},
		"path":                     {"person", "https://host/users/" + url.PathEscape(text)},
		"html":                     {"person", "<b>" + html.EscapeString(text) + "</b>"},
		"utf_16":                   {"person", string(units)},
		"hex":                      {"face", hex.EncodeToString(face)},
		"hex_in_upper_case":        {"face", fmt.Sprintf("%X", face)},
		"hex_in_pairs":             {"face", fmt.Sprintf("% x", face)},
		"printed_bytes":            {"face", fmt.Sprint(struct{ Image []byte }{face})},
		"printed_go_bytes":         {"face", fmt.Sprintf("%#v", struct{ Image []byte }{face})},
		"bytes_in_json":            {"face", marshaled(t, map[string][]byte{"image": face})},
		"payload_in_a_history":     {"person", marshaled(t, map[string][]byte{"data": []byte(inJSON)})},
		"base64_at_every_position": {"face", base64.RawURLEncoding.EncodeToString(append([]byte{1}, face...)) + base64.StdEncoding.EncodeToString(append([]byte{1, 2}, face...))},
		"the_middle_alone":         {"face", string(face[20 : 20+canary.PieceSize])},
		"a_text_that_is_cut_off":   {"person", "refused: " + text[:canary.PieceSize] + "…"},
		"a_printed_part":           {"face", fmt.Sprintf("%d", face[10:34])},
		"a_part_in_base64":         {"face", base64.StdEncoding.EncodeToString(face[7:31])},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, search(t).Names(row.leak), row.needle)
			other := "person"
			if row.needle == other {
				other = "face"
			}
			require.NotContains(t, search(t).Names(row.leak), other)
		})
	}
	t.Run("nothing_where_nothing_is", func(t *testing.T) {
		require.Empty(t, search(t).Names(strings.Repeat("a person with a face, d'Arc, 4711; ", 99)))
		require.Empty(t, search(t).Names("too short"[:5]))
	})
	t.Run("each_position_of_base64", func(t *testing.T) {
		for shift := range 3 {
			padded := append(make([]byte, shift), text...)
			require.Equal(t, []string{"person"}, search(t).Names(base64.StdEncoding.EncodeToString(padded)), shift)
		}
	})
}

func TestSearch_reports_once_and_without_the_value(t *testing.T) {
	found := search(t).Bytes("worker.log", []byte("one "+text+" two "+text))
	require.Len(t, found, 1)
	require.Equal(t, canary.Finding{Needle: "person", Form: "clear", Where: "worker.log", Offset: 4}, found[0])
	require.Equal(t, "person, as clear, in worker.log at byte 4", found[0].String())
}

func TestFor_refuses_a_needle_that_is_too_short(t *testing.T) {
	_, err := canary.For(canary.Needle{Name: "account", Value: []byte("jane")})
	require.ErrorContains(t, err, "account has 4 bytes")
}

func TestTree(t *testing.T) {
	const name = "canary-in-a-file-name"
	root := t.TempDir()
	s, err := canary.For(canary.Needle{Name: "name", Value: []byte(name)})
	require.NoError(t, err)
	for path, content := range map[string]string{
		"clean.log": "nothing", "deep/down.log": "here: " + name, "provider.db": name, name + ".txt": "",
	} {
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	found, files, err := s.Tree(root, func(path string) bool { return path == "provider.db" })
	require.NoError(t, err)
	require.Equal(t, 3, files)
	var where []string
	for _, f := range found {
		where = append(where, f.Where)
	}
	require.ElementsMatch(t, []string{"the name of " + name + ".txt", filepath.Join("deep", "down.log")}, where)
	_, _, err = s.Tree(filepath.Join(root, "nowhere"), nil)
	require.NoError(t, err, "what went away has nothing in it")
}

// FuzzSearch checks that whatever is planted is found in what carries it.
func FuzzSearch(f *testing.F) {
	f.Add([]byte(text), []byte("before"), []byte("after"))
	f.Add(binaryNeedle(), []byte{}, []byte{0})
	f.Fuzz(func(t *testing.T, value, before, after []byte) {
		if len(value) < canary.PieceSize || len(value)+len(before)+len(after) > 1<<10 {
			return
		}
		s, err := canary.For(canary.Needle{Name: "planted", Value: value})
		require.NoError(t, err)
		carried := bytes.Join([][]byte{before, value, after}, nil)
		for _, leak := range []string{
			string(carried), hex.EncodeToString(carried), base64.StdEncoding.EncodeToString(carried), base64.RawURLEncoding.EncodeToString(carried),
			fmt.Sprintf("%d", carried), fmt.Sprintf("%#v", carried), fmt.Sprintf("%X", carried), fmt.Sprintf("% x", carried),
		} {
			require.Equal(t, []string{"planted"}, s.Names(leak))
		}
	})
}
