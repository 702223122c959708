package webhook

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// The bounds of what is read in a body.
const (
	// maxOperations is how many operations one body names; more are ignored.
	maxOperations = 10
	// maxName is how long the name of an operation is, in bytes.
	maxName = 128
	// maxDepth is how deep JSON is followed.
	maxDepth = 100
	// maxWrapped is how often JSON may stand in a text of what is around it, and
	// maxTexts how many such texts are read.
	maxWrapped, maxTexts = 2, 100
)

// operations returns the operations that a body names in the field: in JSON at
// any depth, also when the JSON stands in a text inside of JSON, or in a form.
// What cannot be read to its end counts up to there: a hint is no verdict.
func operations(body, field string) []string {
	s := search{field: field}
	if isJSON(body) {
		s.json(body, 0)
		return s.found
	}
	form, _ := url.ParseQuery(body) // What could be read counts.
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range form[name] {
			s.value(value, strings.EqualFold(name, field), 0)
		}
	}
	return s.found
}

// isJSON reports whether a text may be an object or a list.
func isJSON(text string) bool {
	text = strings.TrimLeft(text, "\ufeff \t\r\n")
	return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")
}

// search is what was found so far.
type search struct {
	field string
	found []string
	texts int // JSON that stood in a text.
}

// container is an object or a list that is open.
type container struct {
	object bool
	// named reports that what follows is in the field.
	named bool
	// isKey reports that a key follows, and not a value.
	isKey bool
}

// json reads token by token, and so needs neither a stack as deep as the text
// nor memory for more than one token.
func (s *search) json(text string, wrapped int) {
	decoder := json.NewDecoder(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	decoder.UseNumber()
	open := []container{{}}
	for len(s.found) < maxOperations {
		token, err := decoder.Token()
		if err != nil {
			return
		}
		here := &open[len(open)-1]
		if name, ok := token.(string); ok && here.isKey {
			here.named, here.isKey = strings.EqualFold(name, s.field), false
			continue
		}
		named := here.named
		here.isKey = here.object // What follows this value.
		switch token := token.(type) {
		case json.Delim:
			switch {
			case token == '}' || token == ']':
				open = open[:len(open)-1]
			case len(open) > maxDepth:
				return
			default:
				object := token == '{'
				open = append(open, container{object: object, named: named && !object, isKey: object})
			}
		case string:
			s.value(token, named, wrapped)
		case json.Number:
			s.value(token.String(), named, wrapped)
		}
	}
}

// value is a text, in the field or elsewhere.
func (s *search) value(text string, named bool, wrapped int) {
	switch {
	case wrapped < maxWrapped && s.texts < maxTexts && isJSON(text):
		s.texts++
		s.json(text, wrapped+1)
	case named && text != "" && len(text) <= maxName && len(s.found) < maxOperations && !slices.Contains(s.found, text):
		s.found = append(s.found, text)
	}
}
