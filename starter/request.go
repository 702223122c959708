package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// maxInput bounds each file that is read, in bytes. What a journey takes is
// less, and says so itself.
const maxInput = 64 << 20

// object is a JSON object whose fields are not decoded yet.
type object map[string]json.RawMessage

// decoder turns inputs into a request, field by field, and collects what is
// wrong, so that one mistake does not hide another.
type decoder struct {
	problems []enroll.FieldError
	// zeros names the fields in which refusedZero stands for a given 0.
	zeros []string
	// contents holds what files give to fields that are never in memory as a
	// whole.
	contents map[string]enroll.Content
}

// refusedZero takes the place of a 0 that was given where the lowest choice is
// 1 or more. In a request 0 means "not given"; this value gets past no check,
// so the journey itself says what it allows.
const refusedZero = "-1"

func (d *decoder) refuse(field, given, allowed string) {
	d.problems = append(d.problems, enroll.FieldError{Field: field, Given: given, Allowed: allowed})
}

// key refuses a key that was given and is empty: a script's variable that was
// not set. A random key in its place would not make repeating safe.
func (d *decoder) key(flags *pflag.FlagSet, given string) {
	if flags.Changed("key") && given == "" {
		d.refuse("idempotency_key", "nothing", "1 to 256 bytes, or no --key for a random one")
	}
}

// request makes the journey's request of the object. What cannot be decoded
// and what the journey does not accept are reported together.
func (d *decoder) request(journey enroll.Journey, given object, limits enroll.Limits) (client.Request, error) {
	into, request, err := client.NewRequest(journey)
	if err != nil {
		return nil, &usageError{problem: err.Error(), command: "starter journeys"}
	}
	d.fill("", given, inputsOf(journey), into)
	d.attach(into)
	if defaults, ok := into.(interface{ Normalize() }); ok {
		defaults.Normalize()
	}
	d.check(request(), limits)
	if len(d.problems) > 0 {
		return nil, &inputError{sorted(d.problems)}
	}
	return request(), nil
}

// check adds what the journey does not accept, except in fields that could not
// be decoded and are empty for that reason.
func (d *decoder) check(request client.Request, limits enroll.Limits) {
	var refused *enroll.InputError
	if !errors.As(client.Check(request, limits), &refused) {
		return
	}
	known := slices.Clone(d.problems)
	for _, f := range refused.Fields {
		told := slices.ContainsFunc(known, func(k enroll.FieldError) bool {
			return f.Field == strings.TrimSuffix(k.Field, fileSuffix) || strings.HasPrefix(k.Field, f.Field+"[")
		})
		if slices.Contains(d.zeros, f.Field) {
			f.Given = "0"
		}
		if !told {
			d.problems = append(d.problems, f)
		}
	}
}

// fill decodes each field of the object into the target. Files are read first;
// the object holds their content afterwards.
func (d *decoder) fill(prefix string, given object, inputs []input, into any) {
	d.files(prefix, given, inputs)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		in, ok := find(inputs, name)
		if !ok {
			d.refuse(prefix+name, "a field that does not exist", strings.Join(fieldNames(inputs), ", "))
			continue
		}
		value := given[name]
		switch {
		case in.kind == samples:
			value = d.samples(prefix+name, value)
		case in.kind == positive && isZero(value):
			value = json.RawMessage(refusedZero)
			d.zeros = append(d.zeros, prefix+name)
		}
		if err := json.Unmarshal(marshal(object{name: value}), into); err != nil {
			d.refuse(prefix+name, describeJSON(value), in.allowed())
		}
	}
}

// files replaces each field that names a file by the file's content.
func (d *decoder) files(prefix string, given object, inputs []input) {
	for _, in := range inputs {
		name := in.name + fileSuffix
		raw, ok := given[name]
		if !ok || !in.fromFile() {
			continue
		}
		delete(given, name)
		var path string
		_, both := given[in.name]
		switch err := json.Unmarshal(raw, &path); {
		case err != nil:
			d.refuse(prefix+name, describeJSON(raw), "the path of a file")
		case both:
			d.refuse(prefix+name, "both "+in.name+" and "+name, "one of the two")
		default:
			d.file(prefix+name, path, in, given)
		}
	}
}

// attach puts the contents of files into the request.
func (d *decoder) attach(into any) {
	switch r := into.(type) {
	case *enroll.IProovPhotoEnrollment:
		if content, ok := d.contents["image"]; ok {
			r.Image = content
		}
	case *enroll.BioIDEnrollment:
		for i := range r.Samples {
			if content, ok := d.contents[fmt.Sprintf("samples[%d].data", i)]; ok {
				r.Samples[i].Data = content
			}
		}
	}
}

// file reads one file into the object. A picture is read later, when it is
// sealed, unless it comes from where it can be read only once.
func (d *decoder) file(field, path string, in input, given object) {
	if info, err := os.Stat(path); in.kind == bytesFile && err == nil && info.Mode().IsRegular() {
		d.content(field, enroll.File(path))
		return
	}
	content, err := readFile(path)
	if err != nil {
		d.refuse(field, fmt.Sprintf("%q (%v)", path, err), fmt.Sprintf("a readable file of up to %d bytes", maxInput))
		return
	}
	switch {
	case in.kind == bytesFile:
		d.content(field, enroll.Bytes(content))
	case !utf8.Valid(content): // JSON would change it silently.
		d.refuse(field, "a file that is not UTF-8 text", "UTF-8 text")
	case in.kind == secretFile:
		given[in.name] = quote(strings.TrimRight(string(content), "\r\n"))
	default:
		given[in.name] = quote(string(content))
	}
}

func (d *decoder) content(field string, content enroll.Content) {
	if d.contents == nil {
		d.contents = map[string]enroll.Content{}
	}
	d.contents[strings.TrimSuffix(field, fileSuffix)] = content
}

// readFile reads a file of bounded size. The error does not repeat the path.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // the path is the caller's own input
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, failed.Err
	}
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	content, err := readBounded(file)
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, failed.Err
	}
	return content, err
}

func readBounded(r io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err == nil && len(content) > maxInput {
		return nil, errors.New("too large")
	}
	return content, err
}

// document reads the JSON input, from a file or with "-" from standard input.
func (d *decoder) document(path string, stdin io.Reader) object {
	read := readFile
	if path == "-" {
		read = func(string) ([]byte, error) { return readBounded(stdin) }
	}
	content, err := read(path)
	given := object{}
	switch {
	case err != nil:
		d.refuse("input", fmt.Sprintf("%q (%v)", path, err), "a readable file, or - for standard input")
	case !utf8.Valid(content):
		d.refuse("input", "a document that is not UTF-8", "one JSON object in UTF-8")
	default:
		decoder := json.NewDecoder(bytes.NewReader(content))
		if err := decoder.Decode(&given); err != nil {
			d.refuse("input", fmt.Sprintf("a document that cannot be read near byte %d", decoder.InputOffset()), "one JSON object")
			return object{}
		}
		if decoder.More() {
			d.refuse("input", "more than one JSON value", "one JSON object")
		}
	}
	if given == nil { // What JSON's null makes of an object.
		d.refuse("input", null, "one JSON object")
		return object{}
	}
	return given
}

// flags puts what the flags give into the object, in the place of what the
// document gave.
func (d *decoder) flags(flags *pflag.FlagSet, inputs []input, given object) {
	for _, in := range inputs {
		flag := flags.Lookup(in.flag())
		if flag == nil || !flag.Changed {
			continue
		}
		delete(given, in.name)
		switch in.kind {
		case text:
			given[in.name] = quote(flag.Value.String())
		case number, positive, truth:
			given[in.name] = json.RawMessage(flag.Value.String())
		case bytesFile, textFile, secretFile:
			given[in.name+fileSuffix] = quote(flag.Value.String())
		case samples:
			var list []object
			for i, sample := range listOf(flag.Value) {
				list = append(list, d.sampleFlag(fmt.Sprintf("%s[%d]", in.name, i), sample))
			}
			given[in.name] = marshal(list)
		}
	}
}

func listOf(value pflag.Value) []string {
	if list, ok := value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	return nil
}
