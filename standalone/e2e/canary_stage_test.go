package e2e_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	sdk "go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/logging"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/canary"
	"github.com/bioenroll/bioenroll/standalone/demo"
	"github.com/bioenroll/bioenroll/standalone/embedded"
	"github.com/bioenroll/bioenroll/standalone/stack"
)

// stage is a system of several programs that write everything they have to say
// below one folder, with planted values in whatever they work with.
type stage struct {
	*system

	// root is the folder that is searched. The simulators play the providers,
	// who know everything, so their state is elsewhere.
	root    string
	server  *embedded.Server
	closed  bool
	tap     *tap
	planted planted
	// credentials are those of the providers.
	credentials variables
	// erased are the people who are erased, with their journeys.
	erased []erasedPerson
	// ciphertext is what the server had of them.
	ciphertext []canary.Needle
	// backend, when set, takes the place of the stack's own client.
	backend *client.Client
	// measured is where the worker serves its metrics, and collector takes its
	// traces.
	measured  string
	collector *collected
	// told is what operators were told, and answered what the server answers
	// to the queries of those without keys.
	told, answered []byte
}

// planted are the values that must not be found.
type planted struct {
	lock sync.Mutex
	// personal values may be in what only the key ring opens, content and
	// credentials not even there. Metadata of pictures ends with the seal.
	// Operators are shown the codes of hints and the grounds, and nobody else.
	// What the door has is between the gateway and who asks it: keys, tokens, and
	// what was refused.
	personal, content, credentials, metadata, shown, door []canary.Needle
}

// setStage starts the server, with everything logged, and the simulators, with
// credentials made for this test. No worker runs yet.
func setStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{root: t.TempDir()}
	for _, folder := range []string{"logs", "tmp"} {
		require.NoError(t, os.Mkdir(filepath.Join(s.root, folder), 0o700))
	}
	t.Setenv("TMPDIR", filepath.Join(s.root, "tmp")) // Of the client and the server, which run here.
	var err error
	s.server, err = embedded.Start(t.Context(), embedded.Options{
		DataDir: filepath.Join(s.root, "server"), UIPort: embedded.Off, SearchAttributes: stack.SearchAttributes(), Log: s.logger(t, "server"),
	})
	require.NoError(t, err)
	t.Cleanup(func() { s.close(t) })
	s.system, err = startWith(t.Context(), stack.Options{
		DataDir: filepath.Join(s.root, "data"), NoWorker: true, Log: s.logger(t, "client"), Pace: impatience(),
		External: &stack.External{Options: sdk.Options{HostPort: s.server.FrontendAddress(), Namespace: sdk.DefaultNamespace}},
	})
	require.NoError(t, err)
	s.serveProviders(t)
	s.measured, s.collector = freeAddress(t), collect(t)
	return s
}

// impatience lets journeys give up soon where nobody answers.
func impatience() enroll.Pace {
	pace := enroll.DefaultPace()
	pace.PollCap = pace.PollFirst
	return pace
}

// serveProviders starts simulators that listen to the tap.
func (s *stage) serveProviders(t *testing.T) {
	t.Helper()
	known := simulator.Credentials{
		AuthIDKeyID: s.credential("authID key ID"), AuthIDKeyValue: s.credential("authID key"),
		BioIDAppID:     s.personal("BioID app", plain()), // BioID writes it into its tokens.
		BioIDAppSecret: s.credential("BioID secret"),
		SmartIDKey:     s.credential("SmartID key"), IProovKey: s.credential("iProov key"), IProovSecret: s.credential("iProov secret"),
		IProovOAuthUser: s.credential("iProov user"), IProovOAuthValue: s.credential("iProov password"),
	}
	providers, err := simulator.New(simulator.Options{DataDir: t.TempDir(), Credentials: known})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, providers.Close()) })
	s.tap = newTap(providers.Handler())
	listener := httptest.NewServer(s.tap)
	t.Cleanup(listener.Close)
	s.user = demo.NewUser(listener.URL)
	s.credentials = variables{
		"AUTHID_BASE_URL": listener.URL, "AUTHID_API_KEY_ID": known.AuthIDKeyID, "AUTHID_API_KEY_VALUE": known.AuthIDKeyValue,
		"BIOID_BASE_URL": listener.URL + "/extension", "BIOID_APP_ID": known.BioIDAppID, "BIOID_APP_SECRET": known.BioIDAppSecret,
		"SMARTID_BASE_URL": listener.URL, "SMARTID_API_KEY": known.SmartIDKey,
		"IPROOV_BASE_URL": listener.URL + "/api/v2", "IPROOV_API_KEY": known.IProovKey, "IPROOV_API_SECRET": known.IProovSecret,
		"IPROOV_OAUTH_USERNAME": known.IProovOAuthUser, "IPROOV_OAUTH_PASSWORD": known.IProovOAuthValue,
	}
}

// Client is the backend that starts journeys.
func (s *stage) Client() *client.Client {
	if s.backend != nil {
		return s.backend
	}
	return s.system.Client()
}

// close stops server and client, so that everything is on the disk. A test that
// ended early closes with its end.
func (s *stage) close(t *testing.T) {
	t.Helper()
	if s.closed {
		return
	}
	s.closed = true
	if s.system != nil {
		require.NoError(t, s.Stop(context.WithoutCancel(t.Context())))
	}
	require.NoError(t, s.server.Stop())
}

// log opens the file for what a program has to say.
func (s *stage) log(t *testing.T, program string) *os.File {
	t.Helper()
	path := filepath.Join(s.root, "logs", program+".log")
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// logger says everything. The server's goroutines outlive it by seconds, and
// what they say into the closed file is nobody's business.
func (s *stage) logger(t *testing.T, program string) *zap.Logger {
	t.Helper()
	log := logging.New(logging.Settings{Level: zapcore.DebugLevel, Format: logging.JSON}, s.log(t, program))
	return log.WithOptions(zap.ErrorOutput(zapcore.AddSync(io.Discard)))
}

// program is one of ours that says everything, its last words included.
func (s *stage) program(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	environment := s.with(s.credentials)
	maps.Copy(environment, variables{
		"BIOENROLL_LOG_LEVEL": "debug", "GOTRACEBACK": "all", "TMPDIR": filepath.Join(s.root, "tmp"), "TEMPORAL_ADDRESS": s.server.FrontendAddress(),
	})
	if name == "worker" {
		environment["BIOENROLL_METRICS_LISTEN"], environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = s.measured, s.collector.url
	}
	command := program(t, name, environment, args...)
	command.Stderr = s.log(t, name)
	return command
}

// work starts a worker and returns how to end it with a signal.
func (s *stage) work(t *testing.T) (end func(syscall.Signal)) {
	t.Helper()
	worker := s.program(t, "worker")
	worker.Stdout = worker.Stderr
	require.NoError(t, worker.Start())
	t.Cleanup(func() { _ = worker.Process.Kill() })
	return func(signal syscall.Signal) {
		require.NoError(t, worker.Process.Signal(signal))
		_ = worker.Wait() // Of a signal's error nobody needs to hear.
	}
}

// tell runs a starter command for operators, whose output is searched, too.
func (s *stage) tell(t *testing.T, args ...string) {
	t.Helper()
	starter := s.program(t, "starter", args...)
	output, err := starter.Output()
	require.NoError(t, err, "%v", args)
	s.told = append(s.told, output...)
}

// unique is a value that is nowhere else, with a part that texts escape.
func unique() string { return rand.Text() + "/&é" + rand.Text() }

// plain is one of letters and digits only.
func plain() string { return rand.Text() }

func (p *planted) add(list *[]canary.Needle, name string, value []byte) {
	p.lock.Lock()
	defer p.lock.Unlock()
	*list = append(*list, canary.Needle{Name: name, Value: value})
}

// personal plants a value that only those with keys may read.
func (s *stage) personal(name, value string) string {
	s.planted.add(&s.planted.personal, name, []byte(value))
	return value
}

// content plants a value that is sealed and never in a history.
func (s *stage) content(name, value string) string {
	s.planted.add(&s.planted.content, name, []byte(value))
	return value
}

// code plants what a frontend tells in a hint.
func (s *stage) code() string {
	value := unique()
	s.planted.add(&s.planted.shown, "code of a hint", []byte(value))
	return value
}

// grounds plants what a journey relies on.
func (s *stage) grounds() enroll.Grounds {
	g := enroll.Grounds{Consent: unique(), Upstream: unique()}
	s.planted.add(&s.planted.shown, "consent", []byte(g.Consent))
	s.planted.add(&s.planted.shown, "upstream", []byte(g.Upstream))
	return g
}

// referenced plants what the caller calls a journey.
func (s *stage) referenced(name string) enroll.Referenced {
	return enroll.Referenced{Reference: enroll.Secret(s.personal("reference: "+name, unique()))}
}

// credential plants a key of ours.
func (s *stage) credential(name string) string {
	value := plain()
	s.planted.add(&s.planted.credentials, name, []byte(value))
	return value
}

// metadata plants a value in what a picture tells beside its pixels.
func (s *stage) metadata(name string) []byte {
	value := plain()
	s.planted.add(&s.planted.metadata, name, []byte(value))
	return []byte(value)
}

// png is a picture with planted pixels and a planted comment. It is not
// compressed, so that a row of its pixels is in the file as it is.
func (s *stage) png(t *testing.T, name string) []byte {
	t.Helper()
	picture := image.NewGray(image.Rect(0, 0, 64, 64))
	_, _ = rand.Read(picture.Pix) // never fails, by its documentation
	s.content("pixels of "+name, string(picture.Pix[:64]))
	var out bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&out, picture))
	return withText(out.Bytes(), s.metadata("PNG text of "+name))
}

// jpeg is the same in the form of cameras.
func (s *stage) jpeg(t *testing.T, name string) []byte {
	t.Helper()
	picture := image.NewGray(image.Rect(0, 0, 64, 64))
	_, _ = rand.Read(picture.Pix) // never fails, by its documentation
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, picture, nil))
	scan := bytes.Index(out.Bytes(), []byte{0xFF, 0xDA})
	s.content("pixels of "+name, string(out.Bytes()[scan+100:scan+164]))
	return withEXIF(out.Bytes(), s.metadata("EXIF of "+name))
}

// received reports which needles reached the providers.
func (s *stage) received(t *testing.T, needles []canary.Needle) []string {
	t.Helper()
	search, err := canary.For(needles...)
	require.NoError(t, err)
	return search.Names(string(s.tap.received()))
}

// metrics of the server, or of the worker that runs.
func (s *stage) metrics(t *testing.T, address, wanted string) []byte {
	t.Helper()
	_, text := s.page(t, "http://"+address+"/metrics")
	require.Contains(t, text, wanted)
	return []byte(text)
}
