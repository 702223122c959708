// Package contracttest is what the contract tests beside the providers have in
// common. Those tests ask a provider's real sandbox what its documents leave
// open, and log the answer beside the number of the question:
//
//	make contract
//
// They are built with the tag contract only, and each is skipped without its
// keys. The keys have names of their own (…_SANDBOX_…) and the hosts are
// written into the tests, so that keys of production are never used by accident
// and those of a sandbox never leave for anywhere else.
//
// Answers are logged as a shape: names and kinds of fields, without the values.
package contracttest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// bodyLimit bounds an answer, in bytes.
const bodyLimit = 1 << 20

// patience bounds one exchange.
const patience = 30 * time.Second

// Keys returns the values of the variables, and skips the test when one is not
// set.
func Keys(t *testing.T, names ...string) []string {
	t.Helper()
	values := make([]string, len(names))
	for i, name := range names {
		if values[i] = os.Getenv(name); values[i] == "" {
			t.Skipf("set %s to ask the sandbox", strings.Join(names, ", "))
		}
	}
	return values
}

// Ask makes one call as it is, with no client of ours in between, and returns
// the status and the body.
func Ask(t *testing.T, method, address string, header map[string]string, body string) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatalf("make the request: %v", err)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	asking := &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := asking.Do(request)
	if err != nil {
		t.Fatalf("ask the sandbox: %v", err)
	}
	defer response.Body.Close() //nolint:errcheck // nothing was written
	content, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit))
	if err != nil {
		t.Fatalf("read the sandbox's answer: %v", err)
	}
	return response.StatusCode, content
}

// Shape describes a body without repeating what it says: the names and kinds
// of its fields. Fields that hold a code are shown whole, because the code is
// what is asked for.
func Shape(body []byte) string {
	if strings.TrimSpace(string(body)) == "" {
		return "(empty)"
	}
	var value any
	if json.Unmarshal(body, &value) != nil {
		return fmt.Sprintf("(%d bytes that are no JSON)", len(body))
	}
	return shape("", value)
}

// codes are the fields that hold a code.
var codes = []string{"code", "error", "id", "status", "success", "type"}

func shape(name string, value any) string {
	switch v := value.(type) {
	case map[string]any:
		fields := make([]string, 0, len(v))
		for _, field := range slices.Sorted(maps.Keys(v)) {
			fields = append(fields, field+": "+shape(field, v[field]))
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case []any:
		if len(v) == 0 {
			return "[]"
		}
		return fmt.Sprintf("[%d of %s]", len(v), shape(name, v[0]))
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case string:
		if slices.Contains(codes, strings.ToLower(name)) && len(v) <= 64 {
			return fmt.Sprintf("%q", v)
		}
		return "text"
	default:
		if slices.Contains(codes, strings.ToLower(name)) {
			return fmt.Sprint(v)
		}
		return "number"
	}
}
