package rest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/reveal"
)

// Request says what to ask.
type Request struct {
	// Op names the call in errors, such as "authid: create operation".
	Op string
	// Method is the HTTP method.
	Method string
	// Path is appended to the base address and starts with a slash. A part in
	// braces is replaced by the value of that name in Params, escaped.
	Path string
	// Params holds the values for Path. An empty value, "." and ".." are
	// refused: they would name another resource.
	Params map[string]string
	// Query holds the query's values.
	Query url.Values
	// Auth is who asks.
	Auth Auth
	// Accept is the Accept header; application/json unless given.
	Accept string
	// Body is what is sent, if anything.
	Body Body
	// Once marks a call whose effect must not happen twice: it gets a fresh
	// connection, and a failure after it was sent is enroll.KindLost.
	Once bool
	// Redact lists what must not appear in an error: subjects, tokens, one-
	// time secrets. What Auth, Params and Query hold is added.
	Redact []string
}

// Auth is how a request proves who asks. The zero value proves nothing.
type Auth struct {
	header  string
	value   enroll.Secret
	secrets []string
}

// Format writes the redaction mark whatever the verb.
func (a Auth) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, enroll.Redacted) }

// Basic sends user and password.
func Basic(user string, password enroll.Secret) Auth {
	pair := base64.StdEncoding.EncodeToString([]byte(user + ":" + password.Reveal()))
	return Auth{"Authorization", enroll.Secret("Basic " + pair), []string{pair, password.Reveal()}}
}

// Bearer sends a token.
func Bearer(token enroll.Secret) Auth {
	return Auth{"Authorization", "Bearer " + token, []string{token.Reveal()}}
}

// Key sends a key in a header of its own.
func Key(header string, key enroll.Secret) Auth {
	return Auth{header, key, []string{key.Reveal()}}
}

// Body is the content of a request. The zero value is no content.
type Body struct {
	contentType string
	data        []byte
	// stream takes the place of data in a body that is sent while it is read.
	stream *Stream
	err    error
}

// Format writes the kind of content, and nothing of it.
func (b Body) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, b.contentType) }

// JSON encodes a value with its secrets in clear: they are meant for the
// provider. Texts are sent as they are, without the escapes that make JSON safe
// inside HTML.
func JSON(value any) Body {
	written, err := reveal.Marshal(value)
	if err != nil {
		return Body{err: fmt.Errorf("encode the request: %w", err)}
	}
	return Body{contentType: "application/json", data: written}
}

// TextOf sends a text while it is read, after a beginning that is there already.
// It can be sent once.
func TextOf(beginning string, text Stream) Body {
	return Body{contentType: "text/plain; charset=utf-8", stream: &Stream{
		Reader: io.MultiReader(strings.NewReader(beginning), text.Reader), Size: int64(len(beginning)) + text.Size,
	}}
}

// Form encodes values as an HTML form does.
func Form(values url.Values) Body {
	return Body{contentType: "application/x-www-form-urlencoded", data: []byte(values.Encode())}
}

// Part is one part of a multipart body.
type Part struct {
	// Name is the form field.
	Name string
	// Data is the field's value, or the file's content.
	Data []byte
	// Stream is a file's content that is sent while it is read; with it Data is
	// not used, and the body can be sent once.
	Stream Stream
	// FileName and ContentType make the part a file.
	FileName, ContentType string
}

// Multipart encodes parts as multipart/form-data, in order.
func Multipart(parts ...Part) Body {
	var form form
	w := multipart.NewWriter(&form.written)
	for _, part := range parts {
		if err := form.add(w, part); err != nil {
			return Body{err: fmt.Errorf("encode part %s: %w", part.Name, err)}
		}
	}
	if err := w.Close(); err != nil {
		return Body{err: fmt.Errorf("encode the request: %w", err)}
	}
	return form.body(w.FormDataContentType())
}

// form is a multipart body: what is written down already, in pieces between
// which streams are read.
type form struct {
	written bytes.Buffer
	pieces  []io.Reader
	size    int64
}

func (f *form) add(w *multipart.Writer, part Part) error {
	disposition := fmt.Sprintf(`form-data; name="%s"`, quote(part.Name))
	header := textproto.MIMEHeader{}
	if part.FileName != "" {
		disposition += fmt.Sprintf(`; filename="%s"`, quote(part.FileName))
		header.Set("Content-Type", part.ContentType)
	}
	header.Set("Content-Disposition", disposition)
	out, err := w.CreatePart(header)
	if err != nil {
		return err
	}
	if part.Stream.Reader != nil {
		f.cut()
		f.pieces, f.size = append(f.pieces, part.Stream.Reader), f.size+part.Stream.Size
		return nil
	}
	_, err = out.Write(part.Data)
	return err
}

// cut makes a piece of what was written since the last one.
func (f *form) cut() {
	f.size += int64(f.written.Len())
	f.pieces = append(f.pieces, bytes.NewReader(bytes.Clone(f.written.Bytes())))
	f.written.Reset()
}

func (f *form) body(contentType string) Body {
	if f.pieces == nil {
		return Body{contentType: contentType, data: f.written.Bytes()}
	}
	f.cut()
	return Body{contentType: contentType, stream: &Stream{Reader: io.MultiReader(f.pieces...), Size: f.size}}
}

// quote escapes a name inside a Content-Disposition header.
func quote(name string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "", "\n", "").Replace(name)
}

// Format writes which call it is, and nothing of what is asked.
func (r Request) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.Op) }

// check refuses a request that would not reach the resource it means.
func (r Request) check() error {
	for name, value := range r.Params {
		if value == "" || value == "." || value == ".." {
			return fmt.Errorf("path parameter %s is empty or a dot segment and would name another resource", name)
		}
	}
	return r.Body.err
}

// secrets lists everything of the request that must not appear in an error.
func (r Request) secrets() []string {
	all := append([]string{}, r.Redact...)
	all = append(all, r.Auth.secrets...)
	for _, value := range r.Params {
		all = append(all, value)
	}
	return all
}
