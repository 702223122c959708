package canary

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// PieceSize is how many bytes of a needle in a row are a find, and so the
// least that a needle has.
const PieceSize = 12

// form is one way to write a needle.
type form struct {
	name string
	// text is the whole needle in this form.
	text []byte
	// piece is how many bytes PieceSize bytes of the needle take in this form.
	piece int
}

// forms lists the ways to write a value, each different text once.
func forms(value []byte) []form {
	all := []form{{"clear", value, PieceSize}}
	all = append(all, based(value)...)
	all = append(all, listed(value)...)
	if utf8.Valid(value) {
		all = append(all, escaped(string(value))...)
		// A payload's JSON, in the JSON of a history.
		all = append(all, based([]byte(quotedJSON(string(value))))...)
	}
	var different []form
	seen := map[string]bool{}
	for _, f := range all {
		if !seen[string(f.text)] {
			seen[string(f.text)] = true
			different = append(different, f)
		}
	}
	return different
}

// based lists base64 and hex. In base64 a byte looks different at each of three
// positions, and its neighbors show in the first and the last characters, which
// are left away.
func based(value []byte) []form {
	lower := hex.EncodeToString(value)
	all := []form{
		{"hex", []byte(lower), 2 * PieceSize},
		{"hex, upper case", []byte(strings.ToUpper(lower)), 2 * PieceSize},
		{"hex, in pairs", fmt.Appendf(nil, "% x", value), 3 * PieceSize},
	}
	for shift := range 3 {
		first, known := (shift*8+5)/6, (shift+len(value))*8/6
		padded := append(make([]byte, shift), value...)
		all = append(all,
			form{"base64", []byte(base64.RawStdEncoding.EncodeToString(padded)[first:known]), PieceSize * 8 / 6},
			form{"base64 for URLs", []byte(base64.RawURLEncoding.EncodeToString(padded)[first:known]), PieceSize * 8 / 6})
	}
	return all
}

// listed lists how byte slices are printed.
func listed(value []byte) []form {
	decimals := strings.Trim(fmt.Sprintf("%d", value), "[]")
	printed := fmt.Sprintf("%#v", value)
	return []form{
		{"decimals", []byte(decimals), 4 * PieceSize},
		{"decimals with commas", []byte(strings.ReplaceAll(decimals, " ", ",")), 4 * PieceSize},
		{"Go bytes", []byte(printed[len("[]byte{") : len(printed)-len("}")]), 6 * PieceSize},
	}
}

// wide is a text in units of two bytes.
func wide(text string, order binary.AppendByteOrder) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return out
}

// escaped lists the quotings of texts.
func escaped(text string) []form {
	inJSON := quotedJSON(text)
	percents := strings.ToUpper(hex.EncodeToString([]byte(text)))
	var all strings.Builder
	for i := 0; i < len(percents); i += 2 {
		all.WriteString("%" + percents[i:i+2])
	}
	return []form{
		{"JSON", []byte(inJSON), PieceSize},
		{"JSON in JSON", []byte(quotedJSON(inJSON)), PieceSize},
		{"Go string", []byte(unquoted(strconv.Quote(text))), PieceSize},
		{"Go string, ASCII", []byte(unquoted(strconv.QuoteToASCII(text))), PieceSize},
		{"URL query", []byte(url.QueryEscape(text)), PieceSize},
		{"URL path", []byte(url.PathEscape(text)), PieceSize},
		{"URL, every byte", []byte(all.String()), 3 * PieceSize},
		{"URL, every byte, lower case", []byte(strings.ToLower(all.String())), 3 * PieceSize},
		{"HTML", []byte(html.EscapeString(text)), PieceSize},
		{"UTF-16, little end first", wide(text, binary.LittleEndian), 2 * PieceSize},
		{"UTF-16, big end first", wide(text, binary.BigEndian), 2 * PieceSize},
	}
}

func quotedJSON(text string) string {
	var out bytes.Buffer
	if err := json.NewEncoder(&out).Encode(text); err != nil {
		return text // a text always encodes
	}
	return unquoted(strings.TrimSuffix(out.String(), "\n"))
}

func unquoted(quoted string) string { return quoted[1 : len(quoted)-1] }
