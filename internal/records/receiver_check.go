package records

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
)

// maxURL bounds a receiver's URL, in bytes.
const maxURL = 2048

// receiverName is what a receiver may be called.
var receiverName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// wrong says what is wrong with a receiver. Neither a URL nor what the parser
// says of it is repeated: it may hold a secret.
func (n NewReceiver) wrong() []enroll.FieldError {
	var wrong []enroll.FieldError
	if !receiverName.MatchString(n.Name) {
		wrong = append(wrong, enroll.FieldError{
			Field: "name", Given: strconv.Quote(n.Name[:min(len(n.Name), maxCode)]),
			Allowed: "1 to 40 small letters, digits and hyphens, with a letter or digit first",
		})
	}
	if given := n.wrongURL(); given != "" {
		allowed := "an https address of at most 2048 bytes, without login and fragment"
		if n.AllowHTTP {
			allowed = strings.Replace(allowed, "https", "https or http", 1)
		}
		wrong = append(wrong, enroll.FieldError{Field: "url", Given: given, Allowed: allowed})
	}
	return wrong
}

// wrongURL describes a URL that is not acceptable.
func (n NewReceiver) wrongURL() string {
	given := n.URL.Reveal()
	address, err := url.Parse(given)
	switch {
	case given == "":
		return "nothing"
	case len(given) > maxURL:
		return strconv.Itoa(len(given)) + " bytes"
	case err != nil || strings.ContainsFunc(given, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "what is no URL"
	case address.Scheme == "http" && !n.AllowHTTP:
		return "an http address"
	case address.Scheme != "https" && address.Scheme != "http", address.Opaque != "":
		return "an address of another kind"
	case address.Hostname() == "" || strings.HasSuffix(address.Host, ":"):
		return "an address without a host or with an empty port"
	case !isPort(address.Port()):
		return "an address with a port that does not exist"
	case address.User != nil:
		return "an address with a login"
	case strings.Contains(given, "#"):
		return "an address with a fragment"
	}
	return ""
}

// isPort reports whether a number is that of a port, or left out.
func isPort(number string) bool {
	port, err := strconv.ParseUint(number, 10, 16)
	return number == "" || err == nil && port > 0
}
