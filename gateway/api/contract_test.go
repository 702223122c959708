package api_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"path/filepath"
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
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		switch at := here.(type) {
		case map[string]any:
			here = at[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(at) {
				return nil, ""
			}
			here = at[i]
		default:
			here = nil
		}
		path += "/" + step
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

// undescribed lists the fields of a value that its schema, at the pointer, does
// not have.
func (c *contract) undescribed(pointer string, value any) []string {
	var found []string
	switch value := value.(type) {
	case map[string]any:
		properties := c.properties(pointer)
		if len(properties) == 0 { // Anything may be in it.
			return nil
		}
		for name, field := range value {
			if at, described := properties[name]; described {
				found = append(found, c.undescribed(at, field)...)
			} else {
				found = append(found, name)
			}
		}
	case []any:
		for _, item := range value {
			found = append(found, c.undescribed(pointer+"/items", item)...)
		}
	}
	return found
}

// properties finds the schemas of the fields of an object, by their names.
func (c *contract) properties(pointer string) map[string]string {
	schema, pointer := c.object(pointer)
	found := map[string]string{}
	direct, _ := schema["properties"].(map[string]any)
	for name := range direct {
		found[name] = pointer + "/properties/" + escaped(name)
	}
	for _, of := range []string{"allOf", "oneOf", "anyOf"} {
		parts, _ := schema[of].([]any)
		for i := range parts {
			maps.Copy(found, c.properties(pointer+"/"+of+"/"+strconv.Itoa(i)))
		}
	}
	return found
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
		require.Empty(t, c.undescribed(pointer+"/content/"+escaped(kind)+"/schema", value), "%s %s tells what is not described: %s", method, path, body)
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

	t.Run("has_no_text_that_YAML_took_for_something_else", func(t *testing.T) {
		t.Parallel()
		require.Empty(t, empties("", c.document))
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
			require.NoError(t, c.check("/components/schemas/ProblemType", "urn:bioenroll:problem:"+string(kind)))
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
			if name == "Waits" || name == "ConcludedAtOnce" {
				schema = "Started"
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

	t.Run("knows_the_reasons", func(t *testing.T) {
		t.Parallel()
		reason, _ := c.object("/components/schemas/Reason")
		require.ElementsMatch(t, reasons(t), reason["examples"])
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

// empties lists where a document has nothing: text in a flow of YAML that has a
// comma and no quotes becomes a name without a value.
func empties(path string, here any) []string {
	var found []string
	switch here := here.(type) {
	case nil:
		return []string{path}
	case map[string]any:
		for name, value := range here {
			found = append(found, empties(path+"/"+name, value)...)
		}
	case []any:
		for i, value := range here {
			found = append(found, empties(path+"/"+strconv.Itoa(i), value)...)
		}
	}
	return found
}

// reasons lists the constants of enroll.Reason.
func reasons(t *testing.T) []any {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", "enroll", "outcome.go"), nil, 0)
	require.NoError(t, err)
	var found []any
	ast.Inspect(file, func(node ast.Node) bool {
		if spec, ok := node.(*ast.ValueSpec); ok {
			if of, ok := spec.Type.(*ast.Ident); ok && of.Name == "Reason" {
				literal, _ := spec.Values[0].(*ast.BasicLit)
				reason, err := strconv.Unquote(literal.Value)
				require.NoError(t, err)
				found = append(found, reason)
			}
		}
		return true
	})
	require.NotEmpty(t, found)
	return found
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
