package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/bioenroll/bioenroll/gateway/access"
)

// description is the OpenAPI document.
//
//go:embed openapi.yaml
var description []byte

// descriptionInJSON is the same document in JSON, made once.
var descriptionInJSON = sync.OnceValues(func() ([]byte, error) {
	var document any
	if err := yaml.Unmarshal(description, &document); err != nil {
		return nil, fmt.Errorf("read openapi.yaml: %w", err)
	}
	written, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("write openapi.json: %w", err)
	}
	return written, nil
})

// openAPI serves the description of the API, to anybody: it tells nothing of
// this installation.
func (s *Server) openAPI(w http.ResponseWriter, r *http.Request, _ access.Caller) error {
	document, kind := description, "application/yaml"
	if strings.HasSuffix(r.URL.Path, ".json") {
		written, err := descriptionInJSON()
		if err != nil {
			return err
		}
		document, kind = written, jsonType
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(document) // A caller who is gone needs no answer.
	return nil
}
