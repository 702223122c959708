package api_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
)

// contract is the description of the API, as the gateway serves it.
type contract struct {
	document map[string]any
	compiler *jsonschema.Compiler
	mutex    sync.Mutex // The compiler is for one goroutine.
}

// published reads the description once for all tests.
var published = sync.OnceValue(func() *contract {
	server := api.New(api.Options{Log: zap.NewNop()})
	recorder := httptest.NewRecorder()
	server.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/openapi.json", http.NoBody))
	parsed, err := jsonschema.UnmarshalJSON(recorder.Body)
	if err != nil {
		panic(err)
	}
	c := &contract{compiler: jsonschema.NewCompiler()}
	c.compiler.AssertFormat()
	if err := c.compiler.AddResource("openapi.json", parsed); err != nil {
		panic(err)
	}
	c.document, _ = parsed.(map[string]any)
	return c
})

// at follows a JSON pointer, and every reference on its way. It returns what is
// there and the pointer to it.
func (c *contract) at(pointer string) (any, string) {
	var here any = c.document
	path := ""
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		object, _ := here.(map[string]any)
		here, path = object[strings.NewReplacer("~1", "/", "~0", "~").Replace(token)], path+"/"+token
		if object, ok := here.(map[string]any); ok {
			if to, ok := object["$ref"].(string); ok {
				here, path = c.at(strings.TrimPrefix(to, "#"))
			}
		}
	}
	return here, path
}

// object is at for what is an object; it has nothing in it otherwise.
func (c *contract) object(pointer string) (map[string]any, string) {
	found, path := c.at(pointer)
	object, _ := found.(map[string]any)
	return object, path
}

// check returns what is wrong with a value, by the schema at the pointer.
func (c *contract) check(pointer string, value any) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	schema, err := c.compiler.Compile("openapi.json#" + pointer)
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func escaped(token string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
}

// pathOf is the path of the description that a request's path belongs to.
func (c *contract) pathOf(asked string) string {
	paths, _ := c.object("/paths")
	given := strings.Split(asked, "/")
	for path := range paths {
		if slices.EqualFunc(strings.Split(path, "/"), given, func(part, given string) bool { return part == given || strings.HasPrefix(part, "{") }) {
			return path
		}
	}
	return ""
}

// requireDescribed asserts that an answer is as the description says. The body
// can be read again.
func requireDescribed(t *testing.T, method, target string, answer *http.Response) {
	t.Helper()
	c := published()
	path := c.pathOf(strings.SplitN(target, "?", 2)[0])
	if path == "" {
		require.Equal(t, http.StatusNotFound, answer.StatusCode, "%s is not described", target)
		return
	}
	operation, _ := c.object("/paths/" + escaped(path))
	if _, ok := operation[strings.ToLower(method)]; !ok {
		require.Equal(t, http.StatusMethodNotAllowed, answer.StatusCode, "%s %s is not described", method, path)
		return
	}
	response, pointer := c.object("/paths/" + escaped(path) + "/" + strings.ToLower(method) + "/responses/" + strconv.Itoa(answer.StatusCode))
	require.NotNil(t, response, "%s %s may not answer %d", method, path, answer.StatusCode)
	headers, _ := c.object(pointer + "/headers")
	for name := range headers {
		if header, _ := c.object(pointer + "/headers/" + name); header["required"] == true {
			require.NotEmpty(t, answer.Header.Get(name), "%s %s answers %d without %s", method, path, answer.StatusCode, name)
		}
	}
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	answer.Body = io.NopCloser(bytes.NewReader(body))
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if content, described := c.object(pointer + "/content/" + escaped(kind)); described != "" && len(body) > 0 {
		require.NotNil(t, content, "%s %s answers %d with %q", method, path, answer.StatusCode, kind)
		if !strings.HasSuffix(kind, "json") {
			return
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, c.check(pointer+"/content/"+escaped(kind)+"/schema", value), "%s %s: %s", method, path, body)
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	c := published()

	t.Run("describes_every_route_and_no_other", func(t *testing.T) {
		t.Parallel()
		var described []string
		paths, _ := c.object("/paths")
		for path := range paths {
			operations, _ := c.object("/paths/" + escaped(path))
			for method := range operations {
				described = append(described, strings.ToUpper(method)+" "+path)
			}
		}
		require.ElementsMatch(t, api.Routes(), described)
	})

	t.Run("names_every_kind_of_problem_where_its_status_is", func(t *testing.T) {
		t.Parallel()
		responses, _ := c.object("/components/responses")
		told := map[string]string{}
		for name := range responses {
			response, _ := c.object("/components/responses/" + name)
			told[name], _ = response["description"].(string)
		}
		all := fmt.Sprint(told)
		for _, kind := range api.Kinds() {
			if kind != api.MethodNotAllowed { // It is the answer to what is not described.
				require.Contains(t, all, string(kind))
			}
			require.NotZero(t, api.StatusOf(kind))
		}
	})

	t.Run("has_examples_that_are_true", func(t *testing.T) {
		t.Parallel()
		examples, _ := c.object("/components/examples")
		told := map[string]bool{}
		for name := range examples {
			example, _ := c.object("/components/examples/" + name)
			schema := "Journey"
			switch name {
			case "Waits", "ConcludedAtOnce":
				schema = "Started"
			case "Relayed":
				schema = "RelayedJourney"
			}
			require.NoError(t, c.check("/components/schemas/"+schema, example["value"]), name)
			value, _ := example["value"].(map[string]any)
			outcome, _ := value["outcome"].(string)
			told[outcome] = true
		}
		for _, outcome := range enroll.Outcomes() {
			require.True(t, told[string(outcome)], "an example of %s", outcome)
		}
	})

	t.Run("knows_the_words", func(t *testing.T) {
		t.Parallel()
		for _, outcome := range enroll.Outcomes() {
			require.NoError(t, c.check("/components/schemas/Outcome", string(outcome)))
		}
		for _, spec := range enroll.Catalogue() {
			require.NoError(t, c.check("/components/schemas/JourneyKind", string(spec.Journey)))
			require.NoError(t, c.check("/components/schemas/Provider", string(spec.Provider)))
		}
	})

	for _, spec := range enroll.Catalogue() {
		t.Run("describes_the_input_of_"+string(spec.Journey), func(t *testing.T) {
			t.Parallel()
			into, _, err := client.NewRequest(spec.Journey)
			require.NoError(t, err)
			properties, _ := c.object("/components/schemas/" + spec.Workflow + "Input/properties")
			require.ElementsMatch(t, fieldsOf(reflect.TypeOf(into).Elem()), slices.Collect(maps.Keys(properties)))
		})
	}

	t.Run("is_served_in_yaml_and_json_without_a_key", func(t *testing.T) {
		t.Parallel()
		for target, kind := range map[string]string{"/openapi.yaml": "application/yaml", "/openapi.json": "application/json"} {
			answer := (&scripted{}).ask(t, access.Role("nobody"), http.MethodGet, target, "")
			require.Equal(t, http.StatusOK, answer.StatusCode)
			require.Equal(t, kind, answer.Header.Get("Content-Type"))
			require.NoError(t, answer.Body.Close())
		}
	})
}

// fieldsOf lists the names of a request's fields in JSON.
func fieldsOf(request reflect.Type) []string {
	var names []string
	for field := range request.Fields() {
		if field.Anonymous {
			names = append(names, fieldsOf(field.Type)...)
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.IsExported() {
			names = append(names, name)
		}
	}
	return names
}
