package api

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/web"
)

const (
	uploadType = "multipart/form-data"
	// maxUpload bounds a whole upload, in bytes.
	maxUpload = 64 << 20
	// maxParts bounds the parts of an upload.
	maxParts = 32
	// uploadPatience is how long an upload may take.
	uploadPatience = 2 * time.Minute
	// requestPart names the part that holds the JSON.
	requestPart = "request"
	// maxSamples bounds the parts that hold a sample: their names have one digit.
	maxSamples = 10
)

// DefaultUploads is how many uploads are taken at the same time unless a setting
// says otherwise.
const DefaultUploads = 64

// LargestUpload is how much space in the spool one upload can take, in bytes:
// every part as large as it may be, and what encryption adds.
func LargestUpload() int64 {
	limits := enroll.DefaultLimits()
	plain := int64(limits.ImageMaxBytes) + maxSamples*int64(limits.SampleMaxBytes)
	return plain + plain/1024
}

// uploads counts those under way: each takes space in the spool until its
// content is sealed.
type uploads chan struct{}

// begin counts another upload, or refuses it.
func (u uploads) begin() error {
	select {
	case u <- struct{}{}:
		return nil
	default:
		return problem(Unavailable, "The gateway takes %d uploads at the same time, and has as many. Repeat the request.", cap(u))
	}
}

// end counts one less.
func (u uploads) end() { <-u }

// upload is what a start brought as multipart/form-data.
type upload struct {
	enroll.Private

	body     []byte
	contents map[string]*spooled
	texts    map[string]enroll.Secret
}

// close gives the space of the files back.
func (u *upload) close() {
	for _, content := range u.contents {
		content.close()
	}
}

// readUpload reads an upload to its end, also one that is refused before: many
// callers look for an answer only when they have sent everything. The caller
// closes the upload, also after an error.
func (s *Server) readUpload(w http.ResponseWriter, r *http.Request) (*upload, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	u, err := s.readParts(r)
	if err != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	return u, err
}

// readParts reads the parts one after the other: the JSON first, then files, which
// go straight into the spool.
func (s *Server) readParts(r *http.Request) (*upload, error) {
	u := &upload{contents: map[string]*spooled{}, texts: map[string]enroll.Secret{}}
	parts, err := r.MultipartReader()
	if err != nil {
		return u, problem(InvalidRequest, "The multipart/form-data has no usable boundary.").because(err)
	}
	for count := 0; ; count++ {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF) && count > 0:
			return u, nil
		case err != nil:
			return u, unread(err)
		case count == maxParts:
			return u, problem(TooLarge, "An upload has at most %d parts.", maxParts)
		case count == 0 && part.FormName() != requestPart:
			return u, problem(InvalidRequest, "The first part has to be %q, with the JSON.", requestPart)
		case count == 0:
			u.body, err = readRequest(part)
		default:
			err = s.takePart(u, part)
		}
		if err != nil {
			return u, err
		}
	}
}

// samplePart is the name of a part with a sample.
var samplePart = regexp.MustCompile(`^samples\[([0-9])\]\.data$`)

// takePart takes one file, and no more of it than a journey does.
func (s *Server) takePart(u *upload, part *multipart.Part) error {
	name := part.FormName()
	_, again := u.contents[name]
	if _, told := u.texts[name]; again || told {
		return problem(InvalidRequest, "The part %q comes twice.", name)
	}
	limits := enroll.DefaultLimits()
	switch {
	case name == "template" || name == "pay_load":
		content, err := io.ReadAll(bound(part, name, limits.TemplateMaxBytes))
		if err != nil {
			return err
		}
		if !utf8.Valid(content) {
			return &enroll.InputError{Fields: []enroll.FieldError{{Field: name, Given: "what is not UTF-8", Allowed: "text in UTF-8"}}}
		}
		u.texts[name] = enroll.Secret(content)
		return nil
	case name == "image":
		return s.keep(u, name, bound(part, name, limits.ImageMaxBytes))
	case samplePart.MatchString(name):
		return s.keep(u, name, bound(part, name, limits.SampleMaxBytes))
	default:
		return &enroll.InputError{Fields: []enroll.FieldError{{
			Field: strconv.Quote(cut(name)), Given: "a part that no journey has", Allowed: "image, samples[0].data to samples[9].data, template, pay_load",
		}}}
	}
}

// keep puts content into the spool.
func (s *Server) keep(u *upload, name string, from io.Reader) error {
	content, err := s.spool.take(from)
	if err != nil {
		return err
	}
	u.contents[name] = content
	return nil
}

// cut shortens a name that is repeated to the caller who sent it.
func cut(name string) string {
	if len(name) <= maxFieldName {
		return name
	}
	return strings.ToValidUTF8(name[:maxFieldName], "") + "…"
}

// readRequest reads the part with the JSON.
func readRequest(part io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(part, maxJSON+1))
	if err != nil {
		return nil, unread(err)
	}
	if len(content) > maxJSON {
		return nil, problem(TooLarge, "The part %q has at most %d bytes.", requestPart, maxJSON)
	}
	return content, nil
}

// bounded is a part that ends with a refusal when it is longer than its field
// may be. It tells the caller's trouble from ours: what fails while the body is
// read is not the spool's fault.
type bounded struct {
	from io.Reader
	// left is how many bytes may come, and refusal what is told of one more.
	left    int
	refusal error
}

// bound lets at most so many bytes of the part through.
func bound(part io.Reader, field string, most int) *bounded {
	return &bounded{from: part, left: most, refusal: &enroll.InputError{Fields: []enroll.FieldError{{
		Field: field, Given: fmt.Sprintf("more than %d bytes", most), Allowed: fmt.Sprintf("up to %d bytes", most),
	}}}}
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p[:min(len(p), b.left+1)])
	if b.left -= n; b.left < 0 {
		return 0, b.refusal
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return n, unread(err)
	}
	return n, err
}

// attach puts the files into the request that the JSON made.
func (u *upload) attach(into any) error {
	var refused []enroll.FieldError
	for name, content := range u.contents {
		if !attachContent(into, name, content.content()) {
			refused = append(refused, misplaced(name))
		}
	}
	for name, text := range u.texts {
		if !attachText(into, name, text) {
			refused = append(refused, misplaced(name))
		}
	}
	if len(refused) > 0 {
		slices.SortFunc(refused, func(a, b enroll.FieldError) int { return strings.Compare(a.Field, b.Field) })
		return &enroll.InputError{Fields: refused}
	}
	return nil
}

func misplaced(name string) enroll.FieldError {
	return enroll.FieldError{Field: name, Given: "a part beside the same field in JSON, or for another journey", Allowed: "each content once, for a journey that takes it"}
}

// attachContent reports false when the journey has no place for the content.
func attachContent(into any, name string, content enroll.Content) bool {
	switch request := into.(type) {
	case *enroll.IProovPhotoEnrollment:
		if name != "image" || !request.Image.IsZero() {
			return false
		}
		request.Image = content
		return true
	case *enroll.BioIDEnrollment:
		found := samplePart.FindStringSubmatch(name)
		if found == nil {
			return false
		}
		index, err := strconv.Atoi(found[1])
		if err != nil {
			return false
		}
		for len(request.Samples) <= index {
			request.Samples = append(request.Samples, enroll.BioIDSample{})
		}
		sample := &request.Samples[index]
		if !sample.Data.IsZero() {
			return false
		}
		sample.Data = content
		return true
	default:
		return false
	}
}

// attachText is attachContent for what is text.
func attachText(into any, name string, text enroll.Secret) bool {
	request, ok := into.(*enroll.SmartIDEnrollment)
	if !ok {
		return false
	}
	field := &request.Template
	if name == "pay_load" {
		field = &request.PayLoad
	}
	if *field != "" {
		return false
	}
	*field = text
	return true
}

// patience gives a request that is slow by nature as long as it needs, and its
// answer the time that any has; the server's own time-outs are for the others.
// The deadline of reading lasts as long as that of writing: it ends the request's
// context, also when the whole body was read long before. What came too slowly is
// told so after that.
func patience(w http.ResponseWriter, now time.Time, long time.Duration) error {
	control, until := http.NewResponseController(w), now.Add(long+answerPatience)
	if err := control.SetReadDeadline(until); err != nil {
		return fmt.Errorf("set a deadline: %w", err)
	}
	if err := control.SetWriteDeadline(until.Add(web.LastWords)); err != nil {
		return fmt.Errorf("set a deadline: %w", err)
	}
	return nil
}

// answerPatience is how long an answer may take that waits for nobody: a start
// takes the longest, up to 40 seconds when a cluster is busy.
const answerPatience = 45 * time.Second
