package keys

import "encoding/json"

// Parse reads a key file's content.
func Parse(content []byte) (*Keys, error) { return parse(content) }

// Written returns the content of a key file.
func Written(k *Keys) ([]byte, error) { return json.Marshal(form(k)) }
