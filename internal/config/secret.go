package config

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode"

	"github.com/bioenroll/bioenroll/enroll"
)

// fileSuffix ends the name of the variable that names a secret's file.
const fileSuffix = "_FILE"

// Secret returns a secret that has to be set, either in the variable itself
// or in the file that NAME_FILE names, without the line break at its end.
func (s *Source) Secret(name, help string) enroll.Secret { return s.secret(name, help, true) }

// OptionalSecret is Secret for one that may be missing: it is empty then.
func (s *Source) OptionalSecret(name, help string) enroll.Secret { return s.secret(name, help, false) }

func (s *Source) secret(name, help string, required bool) enroll.Secret {
	s.Note(Variable{Name: name, Help: help, Required: required, Secret: true})
	value, file := s.value(name), s.value(name+fileSuffix)
	switch {
	case value != "" && file != "":
		s.Refuse(name, "both "+name+" and "+name+fileSuffix, "one of the two")
		return ""
	case file != "":
		return s.secretFile(name+fileSuffix, file)
	case value == "" && required:
		s.Refuse(name, nothing, help+", here or in the file named by "+name+fileSuffix)
	}
	return s.secretText(name, value)
}

// secretFile reads a secret from a file. The path is no secret and is named.
func (s *Source) secretFile(name, path string) enroll.Secret {
	content, err := s.readFile(path)
	if err != nil {
		s.Refuse(name, fmt.Sprintf("%s (%s)", describe(path), cause(err)), "a file this program can read")
		return ""
	}
	text := strings.TrimRight(string(content), "\r\n")
	if text == "" {
		s.Refuse(name, describe(path)+" (empty)", "a file that holds the secret")
	}
	return s.secretText(name, text)
}

// secretText refuses what cannot be a secret and would only fail later, in a
// header of the first call.
func (s *Source) secretText(name, text string) enroll.Secret {
	if strings.ContainsFunc(text, unicode.IsControl) {
		s.Refuse(name, "a secret with a line break or control character", "one line of text")
		return ""
	}
	return enroll.Secret(text)
}

// cause drops the path that os repeats in its errors.
func cause(err error) string {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err.Error()
	}
	return err.Error()
}
