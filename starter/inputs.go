package main

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/bioenroll/bioenroll/enroll"
)

// kind is what an input holds, which decides its flag.
type kind int

const (
	text       kind = iota // --name TEXT
	number                 // --name NUMBER
	positive               // the same where 0 is not a choice: it means "not given" inside a request, so a given 0 is refused
	truth                  // --name, or --name=false
	bytesFile              // --name FILE: the file's bytes; in JSON name (base64) or name_file
	textFile               // --name-file FILE: the file's text, byte for byte; in JSON name or name_file
	secretFile             // --name-file FILE: the file's text without the line break at its end; in JSON name or name_file
	samples                // --sample FILE[,tag=up,index=1,trait=Face], repeatable; in JSON a list
)

// fileSuffix ends the name of a field that names a file instead of holding its
// content.
const fileSuffix = "_file"

// input is one field of a journey's request, as JSON names it.
type input struct {
	name string
	kind kind
	help string
}

// inputsOf lists the inputs of a journey.
func inputsOf(journey enroll.Journey) []input {
	return append(ownInputs(journey),
		input{"consent", text, "reference to the person's consent, kept in the record (nothing personal)"},
		input{"upstream", text, "reference to the check passed before, kept in the record (nothing personal)"},
		input{"reference", text, "what you call the journey, to find it again; kept encrypted"},
	)
}

// ownInputs lists those that not every journey has.
func ownInputs(journey enroll.Journey) []input {
	switch journey {
	case enroll.AuthIDEnroll:
		return authIDInputs()
	case enroll.AuthIDSelfie:
		return authIDSelfieInputs()
	case enroll.BioIDEnroll:
		return bioIDInputs()
	case enroll.SmartIDEnroll:
		return smartIDInputs()
	case enroll.SmartIDUnenroll:
		return smartIDUnenrollInputs()
	case enroll.IProovPhotoEnroll:
		return iProovInputs()
	}
	return nil
}

// exampleOf is a command line that starts the journey.
func exampleOf(journey enroll.Journey) string {
	switch journey {
	case enroll.AuthIDEnroll:
		return authIDExample
	case enroll.AuthIDSelfie:
		return authIDSelfieExample
	case enroll.BioIDEnroll:
		return bioIDExample
	case enroll.SmartIDEnroll:
		return smartIDExample
	case enroll.SmartIDUnenroll:
		return smartIDUnenrollExample
	case enroll.IProovPhotoEnroll:
		return iProovExample
	}
	return ""
}

// fromFile reports whether the input's content may come from a file.
func (in input) fromFile() bool {
	return in.kind == bytesFile || in.kind == textFile || in.kind == secretFile
}

// flag is the name of the input's flag.
func (in input) flag() string {
	switch in.kind {
	case textFile, secretFile:
		return dashed(in.name + fileSuffix)
	case samples:
		return "sample"
	case text, number, positive, truth, bytesFile:
	}
	return dashed(in.name)
}

func dashed(name string) string { return strings.ReplaceAll(name, "_", "-") }

// register adds the input's flag.
func (in input) register(flags *pflag.FlagSet) {
	switch in.kind {
	case text:
		flags.String(in.flag(), "", in.help)
	case number, positive:
		flags.Int(in.flag(), 0, in.help)
	case truth:
		flags.Bool(in.flag(), false, in.help)
	case bytesFile, textFile, secretFile:
		flags.String(in.flag(), "", "`FILE` with the "+in.help)
	case samples:
		flags.StringArray(in.flag(), nil, in.help)
	}
}

// fieldNames lists the names that JSON may use.
func fieldNames(inputs []input) []string {
	var names []string
	for _, in := range inputs {
		names = append(names, in.name)
		if in.fromFile() {
			names = append(names, in.name+fileSuffix)
		}
	}
	return names
}

// find returns the input of the name.
func find(inputs []input, name string) (input, bool) {
	i := slices.IndexFunc(inputs, func(in input) bool { return in.name == name })
	if i < 0 {
		return input{}, false
	}
	return inputs[i], true
}
