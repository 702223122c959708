package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/reveal"
	"github.com/bioenroll/bioenroll/simulator"
)

// erasedLater ends the names of the journeys, and of the values planted in them,
// whose people are erased in the end.
const erasedLater = "enrolls"

// life is a journey with planted values, and how it goes.
type life struct {
	name    string
	request client.Request
	// trouble strikes the provider's calls about the subject.
	trouble []simulator.Fault
	// person does what the person does; nobody comes without one.
	person func(t *testing.T, started client.Started)
	ends   enroll.Outcome
}

// lives are journeys of all kinds, through all that can become of them.
func (s *stage) lives(t *testing.T) []life {
	t.Helper()
	all := append(s.authIDLives(t), s.bioIDLives(t)...)
	all = append(all, s.smartIDLives()...)
	return append(all, s.iProovLives(t)...)
}

func (s *stage) authIDLives(t *testing.T) []life {
	t.Helper()
	operation := func(name string) enroll.AuthIDOperationRequest {
		account := s.personal("account: "+name, unique())
		require.NoError(t, s.user.CreateAccount(t.Context(), account))
		return enroll.AuthIDOperationRequest{
			AccountNumber: account, Codeword: enroll.Secret(s.personal("codeword: "+name, unique())), Tag: s.personal("tag: "+name, unique()),
			TimeoutSeconds: 30,
		}
	}
	enrollment := func(name string) enroll.AuthIDEnrollment {
		return enroll.AuthIDEnrollment{AuthIDOperationRequest: operation(name), Grounds: s.grounds(), Referenced: s.referenced(name)}
	}
	refused, broken := enrollment("echoed at once"), enrollment("echoed while it waits")
	return []life{
		{name: "authid enrolls", request: enrollment("enrolls"), person: s.finishes, ends: enroll.Enrolled},
		{name: "authid declines", request: enrollment("declines"), person: s.fails("declined"), ends: enroll.Rejected},
		{name: "authid cancels", request: enrollment("cancels"), person: s.cancels, ends: enroll.Canceled},
		{name: "authid expires", request: enrollment("expires"), ends: enroll.Expired},
		{name: "authid echoes at once", request: refused, trouble: echoes("authid.create_operation", 400, -1, refused), ends: enroll.Failed},
		{
			name: "authid echoes while it waits", request: broken, person: s.finishes, ends: enroll.Enrolled,
			trouble: append(echoes("authid.status", 503, 1, broken), garbage("authid.status", broken)...),
		},
		{
			name: "selfie is captured", person: s.finishes, ends: enroll.Captured,
			request: enroll.AuthIDLiveSelfie{AuthIDOperationRequest: operation("selfie"), AttachCredential: true, Grounds: s.grounds(), Referenced: s.referenced("selfie")},
		},
		{
			name: "selfie is canceled", person: s.cancels, ends: enroll.Canceled,
			request: enroll.AuthIDLiveSelfie{AuthIDOperationRequest: operation("no selfie")},
		},
	}
}

func (s *stage) bioIDLives(t *testing.T) []life {
	t.Helper()
	enrollment := func(name string) enroll.BioIDEnrollment {
		return enroll.BioIDEnrollment{BCID: s.personal("BCID: "+name, plain()+".1.42"), Grounds: s.grounds(), Referenced: s.referenced(name)}
	}
	sampled := func(name string) enroll.BioIDEnrollment {
		request := enrollment(name)
		for _, sample := range [][]byte{s.png(t, "first sample: "+name), s.jpeg(t, "second sample: "+name)} {
			request.Samples = append(request.Samples, enroll.BioIDSample{Data: enroll.Bytes(sample)})
		}
		return request
	}
	upload, unenrolled, token := sampled("echoed upload"), enrollment("echoed enroll"), enrollment("echoed token")
	return []life{
		{name: "bioid enrolls", request: enrollment("enrolls"), person: s.finishes, ends: enroll.Enrolled},
		{name: "bioid enrolls samples", request: sampled("samples"), ends: enroll.Enrolled},
		{name: "bioid cancels", request: enrollment("cancels"), person: s.cancels, ends: enroll.Canceled},
		{name: "bioid echoes the upload", request: upload, trouble: later(echoes("bioid.upload", 400, -1, upload)), ends: enroll.Rejected},
		{name: "bioid echoes the token", request: token, trouble: echoes("bioid.token", 403, -1, token), ends: enroll.Rejected},
		{
			name: "bioid echoes enroll", request: unenrolled, person: s.finishes, ends: enroll.Rejected,
			trouble: echoes("bioid.enroll", 403, -1, unenrolled),
		},
	}
}

func (s *stage) smartIDLives() []life {
	enrollment := func(name string) enroll.SmartIDEnrollment {
		return enroll.SmartIDEnrollment{
			User:     s.personal("user: "+name, unique()),
			Template: enroll.Secret(s.content("template: "+name, unique())), PayLoad: enroll.Secret(s.content("payload: "+name, unique())),
			Grounds: s.grounds(), Referenced: s.referenced(name),
		}
	}
	unenrollment := func(name string) enroll.SmartIDUnenrollment {
		return enroll.SmartIDUnenrollment{User: s.personal("user: "+name, unique()), Referenced: s.referenced("removal, " + name)}
	}
	refused, unavailable, unknown := enrollment("echoed refusal"), enrollment("echoed trouble"), unenrollment("echoed removal")
	return []life{
		{name: "smartid enrolls", request: enrollment("enrolls"), ends: enroll.Enrolled},
		{name: "smartid echoes a refusal", request: refused, trouble: echoes("smartid.enroll", 412, -1, refused), ends: enroll.Rejected},
		{name: "smartid echoes trouble", request: unavailable, trouble: echoes("smartid.enroll", 500, -1, unavailable), ends: enroll.Failed},
		{name: "smartid unenrolls nobody", request: unenrollment("nobody"), ends: enroll.Rejected},
		{name: "smartid echoes a removal", request: unknown, trouble: echoes("smartid.unenroll", 410, -1, unknown), ends: enroll.Rejected},
	}
}

func (s *stage) iProovLives(t *testing.T) []life {
	t.Helper()
	enrollment := func(name string, picture []byte) enroll.IProovPhotoEnrollment {
		return enroll.IProovPhotoEnrollment{
			UserID: s.personal("user_id: "+name, plain()+"+'@"+plain()), Image: enroll.Bytes(picture), Source: enroll.SourceEID,
			Client: s.personal("User-Agent: "+name, plain()), Grounds: s.grounds(), Referenced: s.referenced(name),
		}
	}
	short := enrollment("expires", s.png(t, "photo that expires"))
	short.TimeoutSeconds = 5
	refused := enrollment("echoed photo", s.jpeg(t, "echoed photo"))
	invalid, stuck := enrollment("echoed validate", s.png(t, "echoed validate")), enrollment("echoed clean-up", s.png(t, "echoed clean-up"))
	return []life{
		{name: "iproov enrolls", request: enrollment("enrolls", s.jpeg(t, "photo")), person: s.passesWithFrame, ends: enroll.Enrolled},
		{name: "iproov refuses the face", request: enrollment("fails", s.png(t, "photo that fails")), person: s.fails("matching_failed"), ends: enroll.Rejected},
		{name: "iproov cancels", request: enrollment("cancels", s.png(t, "photo that is canceled")), person: s.cancels, ends: enroll.Canceled},
		{name: "iproov expires", request: short, ends: enroll.Expired},
		{name: "iproov echoes the photo", request: refused, trouble: echoes("iproov.enrol_image", 400, -1, refused), ends: enroll.Failed},
		{name: "iproov echoes validate", request: invalid, person: s.finishes, trouble: echoes("iproov.verify_validate", 500, -1, invalid), ends: enroll.Unknown},
		{
			name: "iproov echoes the clean-up", request: stuck, person: s.cancels, ends: enroll.Canceled,
			trouble: append(echoes("iproov.invalidate", 400, 1, stuck), echoes("iproov.delete_user", 400, -1, stuck)...),
		},
	}
}

// echoes is a provider that repeats all it knows of the request in its answers,
// in every field that its clients could read.
func echoes(endpoint string, status, times int, request client.Request) []simulator.Fault {
	said := fmt.Sprintf("%s sent %s %s", request.SubjectName(), must(reveal.Marshal(request)), pictures(request))
	fields := map[string]any{"success": false}
	for _, name := range []string{"error", "error_description", "message", "Message", "ErrorCode", "ErrorMessage", "code", "reason", "Error", "Title"} {
		fields[name] = said
	}
	return []simulator.Fault{{
		Match: simulator.FaultMatch{Endpoint: endpoint, Subject: request.SubjectName()}, Kind: "status", Status: status, Times: times,
		Body: string(must(json.Marshal(fields))),
	}}
}

// pictures are those of the request, as JSON holds them.
func pictures(request client.Request) []byte {
	var all []enroll.Content
	switch request := request.(type) {
	case enroll.IProovPhotoEnrollment:
		all = append(all, request.Image)
	case enroll.BioIDEnrollment:
		for _, sample := range request.Samples {
			all = append(all, sample.Data)
		}
	}
	var list [][]byte
	for _, picture := range all {
		file := must(picture.Open())
		list = append(list, must(io.ReadAll(file)))
		_ = file.Close() // it is memory
	}
	return must(json.Marshal(list))
}

// must returns a value that memory always gives.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// later lets the first call pass.
func later(trouble []simulator.Fault) []simulator.Fault {
	trouble[0].After = 1
	return trouble
}

// garbage is an answer that cannot be read.
func garbage(endpoint string, request client.Request) []simulator.Fault {
	return []simulator.Fault{{Match: simulator.FaultMatch{Endpoint: endpoint, Subject: request.SubjectName()}, Kind: "garbage"}}
}

// lead takes one journey through its life.
func (s *stage) lead(t *testing.T, l life) {
	t.Helper()
	for _, fault := range l.trouble {
		s.strike(t, fault)
	}
	started, err := s.Client().Start(t.Context(), s.personal("key: "+l.name, unique()), l.request)
	require.NoError(t, err)
	if strings.HasSuffix(l.name, erasedLater) {
		s.erase(l.request, started)
	}
	if l.person != nil {
		require.NotNil(t, started.HandOver, "%+v", started.Result)
		l.person(t, started)
	}
	result := s.outcome(t, started)
	require.Equal(t, l.ends, result.Outcome, "%+v", result)
}

// finishes is the person who completes, and the frontend that tells what it
// likes.
func (s *stage) finishes(t *testing.T, started client.Started) {
	t.Helper()
	hint, body, err := s.user.Complete(t.Context(), started.HandOver)
	require.NoError(t, err)
	s.hint(t, started, hint, body)
}

// passesWithFrame passes, and iProov gives the face out.
func (s *stage) passesWithFrame(t *testing.T, started client.Started) {
	t.Helper()
	s.capture(t, started, map[string]any{"result": "complete", "frame": true})
	s.hint(t, started, enroll.SDKFinished, enroll.Hint{})
}

// fails is the person who does not pass.
func (s *stage) fails(reason string) func(*testing.T, client.Started) {
	return func(t *testing.T, started client.Started) {
		t.Helper()
		s.capture(t, started, map[string]any{"result": "fail", "reason": reason})
		hint := enroll.FinalPage
		if started.HandOver.IProov != nil {
			hint = enroll.SDKFinished
		}
		s.hint(t, started, hint, enroll.Hint{})
	}
}

func (s *stage) cancels(t *testing.T, started client.Started) {
	t.Helper()
	by := client.By{Who: s.personal("operator", unique()), Why: s.personal("reason of an operator", unique())}
	require.NoError(t, s.Client().CancelBy(t.Context(), started.ID, started.RunID, by))
}

func (s *stage) hint(t *testing.T, started client.Started, name enroll.HintName, body enroll.Hint) {
	t.Helper()
	body.Code = s.code()
	body.Client = s.personal("User-Agent of a hint", plain())
	_, err := s.Client().Hint(t.Context(), started.ID, started.RunID, name, body)
	require.NoError(t, err)
}

// capture tells the simulated user what to do.
func (s *stage) capture(t *testing.T, started client.Started, wish map[string]any) {
	t.Helper()
	switch {
	case started.HandOver.AuthID != nil:
		wish["provider"], wish["operation_id"] = enroll.AuthID, started.HandOver.AuthID.OperationID
	case started.HandOver.IProov != nil:
		wish["provider"], wish["token"] = enroll.IProov, started.HandOver.IProov.Token.Reveal()
	}
	body, err := json.Marshal(wish)
	require.NoError(t, err)
	s.simulated(t, "POST", "/_sim/capture", string(body), nil)
}
