package e2e_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/internal/telemetry"
	"github.com/bioenroll/bioenroll/standalone/backend"
)

// canaryDoor is a gateway process of the stage, and who may ask it.
type canaryDoor struct {
	*stage

	gateway         *exec.Cmd
	measured        string
	webhook         string
	url             string
	shop, operators backend.Backend
}

// openDoor starts a gateway.
func (s *stage) openDoor(t *testing.T) *canaryDoor {
	t.Helper()
	file := access.KeyFile(filepath.Join(s.root, "gateway-keys")) // It has hashes, and is searched.
	listen := freeAddress(t)
	d := &canaryDoor{stage: s, measured: freeAddress(t), webhook: s.token("secret of the webhook", rand32()), url: "http://" + listen}
	asks := func(name string, role access.Role) backend.Backend {
		key, _, err := file.Put(name, role)
		require.NoError(t, err)
		s.token("API key of "+name, key.Reveal()[len("bioenroll_key_"):])
		return backend.Backend{URL: d.url, Token: key, HTTP: &http.Client{Timeout: time.Minute}}
	}
	d.shop, d.operators = asks("shop", access.Backend), asks("operators", access.Operator)
	d.gateway = s.program(t, "gateway")
	d.gateway.Stdout = d.gateway.Stderr
	d.gateway.Env = append(d.gateway.Env,
		"BIOENROLL_GATEWAY_LISTEN="+listen, "BIOENROLL_GATEWAY_KEYS="+string(file), "BIOENROLL_GATEWAY_WEBHOOK_AUTHID_SECRET="+d.webhook,
		telemetry.Listen+"="+d.measured, telemetry.Endpoint+"="+s.collector.url,
	)
	require.NoError(t, d.gateway.Start())
	t.Cleanup(func() { _ = d.gateway.Process.Kill() })
	require.Eventually(t, func() bool {
		status, _ := s.page(t, d.url+"/readyz")
		return status == http.StatusOK
	}, time.Minute, 50*time.Millisecond)
	return d
}

// end ends the gateway with a signal.
func (d *canaryDoor) end(signal syscall.Signal) {
	_ = d.gateway.Process.Signal(signal)
	_ = d.gateway.Wait() // Of a signal's error nobody needs to hear.
}

// token plants what is between the gateway and who asks it.
func (s *stage) token(name, value string) string {
	s.planted.add(&s.planted.door, name, []byte(value))
	return value
}

// rand32 is a secret of the form that webhooks have.
func rand32() string { return plain() + plain() }

// lifeAtDoor is a journey through the gateway.
type lifeAtDoor struct {
	life

	// upload says that files come as parts, and not in JSON.
	upload bool
	// canceled says that nobody comes, and an operator calls it off.
	canceled bool
}

// livesAtDoor are journeys of all providers, in both forms.
func (s *stage) livesAtDoor(t *testing.T) []lifeAtDoor {
	t.Helper()
	account := func(name string) enroll.AuthIDEnrollment {
		request := enroll.AuthIDEnrollment{Grounds: s.grounds(), Referenced: s.referenced(name)}
		request.AccountNumber = s.personal("account: "+name, unique())
		request.Codeword, request.Tag = enroll.Secret(s.personal("codeword: "+name, unique())), s.personal("tag: "+name, unique())
		require.NoError(t, s.user.CreateAccount(t.Context(), request.AccountNumber))
		return request
	}
	template := func(name string) enroll.SmartIDEnrollment {
		return enroll.SmartIDEnrollment{
			User: s.personal("user: "+name, unique()), Referenced: s.referenced(name),
			Template: enroll.Secret(s.content("template: "+name, unique())), PayLoad: enroll.Secret(s.content("payload: "+name, unique())),
		}
	}
	samples := func(name string) enroll.BioIDEnrollment {
		request := enroll.BioIDEnrollment{BCID: s.personal("BCID: "+name, plain()+".1.42"), Referenced: s.referenced(name)}
		for _, sample := range [][]byte{s.png(t, "first sample: "+name), s.jpeg(t, "second sample: "+name)} {
			request.Samples = append(request.Samples, enroll.BioIDSample{Data: enroll.Bytes(sample)})
		}
		return request
	}
	picture := func(name string, data []byte) enroll.IProovPhotoEnrollment {
		return enroll.IProovPhotoEnrollment{
			UserID: s.personal("user_id: "+name, plain()), Image: enroll.Bytes(data), Source: enroll.SourceOID, Referenced: s.referenced(name),
		}
	}
	echoed := picture("door, echoed", s.png(t, "photo at the door, echoed"))
	return []lifeAtDoor{
		{life: life{name: "door authid", request: account("door, JSON"), ends: enroll.Enrolled}},
		{life: life{name: "door authid canceled", request: account("door, canceled"), ends: enroll.Canceled}, canceled: true},
		{life: life{name: "door smartid", request: template("door, JSON"), ends: enroll.Enrolled}},
		{life: life{name: "door smartid upload", request: template("door, upload"), ends: enroll.Enrolled}, upload: true},
		{life: life{name: "door bioid", request: samples("door, JSON"), ends: enroll.Enrolled}},
		{life: life{name: "door bioid upload", request: samples("door, upload"), ends: enroll.Enrolled}, upload: true},
		{life: life{name: "door iproov", request: picture("door, JSON", s.jpeg(t, "photo at the door")), ends: enroll.Enrolled}},
		{life: life{name: "door iproov upload", request: picture("door, upload", s.png(t, "photo uploaded")), ends: enroll.Enrolled}, upload: true},
		{
			life:   life{name: "door iproov echoes", request: echoed, trouble: echoes("iproov.enrol_image", 400, -1, echoed), ends: enroll.Failed},
			upload: true,
		},
	}
}

// lead takes one journey through its life.
func (d *canaryDoor) lead(t *testing.T, l lifeAtDoor) {
	t.Helper()
	for _, fault := range l.trouble {
		d.strike(t, fault)
	}
	start := d.shop.Start
	if l.upload {
		start = d.shop.Upload
	}
	started, err := start(t.Context(), d.personal("key: "+l.name, unique()), l.request)
	require.NoError(t, err)
	if started.HandOver != nil {
		d.waits(t, l, started)
	}
	found := started.Journey
	for found.Phase != enroll.Concluded {
		found, err = d.shop.Get(t.Context(), started.ID, 50*time.Second)
		require.NoError(t, err)
	}
	require.Equal(t, l.ends, found.Outcome, "%+v", found)
}

// waits is the browser that follows its journey, and the person in front of it.
func (d *canaryDoor) waits(t *testing.T, l lifeAtDoor, started backend.Started) {
	t.Helper()
	token := started.RelayToken.Reveal()
	d.token("signature of a relay token", token[len(token)-40:])
	browser := backend.Backend{URL: d.url, Token: started.RelayToken, HTTP: d.shop.HTTP}
	stream, err := browser.Open(t.Context(), backend.Call{Method: http.MethodGet, Path: started.Path() + "/events"})
	require.NoError(t, err)
	if l.canceled {
		require.NoError(t, d.operators.Cancel(t.Context(), started.ID, d.personal("why an operator cancels", unique())))
	} else {
		name, hint, err := d.user.Complete(t.Context(), started.HandOver)
		require.NoError(t, err)
		hint.Client, hint.Code = "", d.code()
		body, err := json.Marshal(struct {
			Name enroll.HintName `json:"name"`
			enroll.Hint
		}{name, hint})
		require.NoError(t, err)
		answer, err := browser.Do(t.Context(), backend.Call{
			Method: http.MethodPost, Path: started.Path() + "/hints", Body: body,
			Header: http.Header{"User-Agent": {d.personal("User-Agent at the door", plain())}},
		})
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, answer.Status, "%s", answer.Body)
	}
	told, err := io.ReadAll(stream.Body) // It ends with the journey.
	require.NoError(t, err)
	require.NoError(t, stream.Body.Close())
	require.Contains(t, string(told), "concluded")
	d.hear(told)
}

// hear keeps what is told to those who have no key.
func (s *stage) hear(told []byte) {
	s.planted.lock.Lock()
	defer s.planted.lock.Unlock()
	s.answered = append(s.answered, told...)
}

// operate is what operators ask the gateway for, and what it tells monitoring.
func (d *canaryDoor) operate(t *testing.T) {
	t.Helper()
	for _, path := range []string{"/v1/journeys?limit=100", "/v1/journeys?outcome=canceled", "/v1/catalogue", "/v1/erasures"} {
		d.told = append(d.told, d.get(t, path)...)
	}
	user := d.personal("user: at the door, "+erasedLater, unique())
	started, err := d.shop.Upload(t.Context(), d.personal("key: erased at the door", unique()), enroll.SmartIDEnrollment{
		User: user, Template: enroll.Secret(d.content("template: erased at the door", unique())), PayLoad: enroll.Secret(d.content("payload: erased at the door", unique())),
	})
	require.NoError(t, err)
	require.Equal(t, enroll.Enrolled, started.Outcome)
	why := unique()
	d.planted.add(&d.planted.shown, "reason to erase at the door", []byte(why))
	body, err := json.Marshal(map[string]any{"people": []any{map[string]any{"provider": enroll.SmartID, "name": user}}, "why": why})
	require.NoError(t, err)
	answer, err := d.operators.Do(t.Context(), backend.Call{Method: http.MethodPost, Path: "/v1/erasures", Key: d.personal("key of the erasure at the door", unique()), Body: body})
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, answer.Status, "%s", answer.Body)
	var erasing client.Erasure
	require.NoError(t, json.Unmarshal(answer.Body, &erasing))
	statement, err := d.Client().WaitErased(t.Context(), erasing.ID)
	require.NoError(t, err)
	require.True(t, statement.Complete, "%+v", statement)
	d.told = append(d.told, d.get(t, "/v1/erasures/"+erasing.ID)...)
	d.told = append(d.told, d.get(t, "/v1/erasures/"+erasing.ID+"/statement")...)
}

// get is what an operator reads.
func (d *canaryDoor) get(t *testing.T, path string) []byte {
	t.Helper()
	answer, err := d.operators.Do(t.Context(), backend.Call{Method: http.MethodGet, Path: path})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status, "%s: %s", path, answer.Body)
	return answer.Body
}
