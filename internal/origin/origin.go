// Package origin knows the form in which browsers name the origin of a page, so
// that a setting can be compared with what they send, letter by letter.
package origin

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Check reports what keeps a text from being an origin in the one form in which
// browsers send it: scheme and host in small letters, a port when it is not the
// scheme's own, and nothing after that. The error does not repeat the text.
func Check(origin string) error {
	form := errors.New("an origin has the form https://host or http://host:port, in small letters, with nothing behind it")
	address, err := url.Parse(origin)
	switch {
	case err != nil:
		return form // The parser's error would repeat the text.
	case address.Scheme != "https" && address.Scheme != "http", address.Hostname() == "", strings.Contains(origin, "*"):
		return form
	case origin != strings.ToLower(address.Scheme+"://"+address.Host), strings.HasSuffix(origin, ":"):
		return form
	case address.Port() == map[string]string{"https": "443", "http": "80"}[address.Scheme]:
		return fmt.Errorf("browsers leave out port %s: %w", address.Port(), form)
	}
	return nil
}
