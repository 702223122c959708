package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/logging"
	"github.com/bioenroll/bioenroll/internal/program"
)

// The settings that package web reads.
const (
	listenOn  = prefix + "LISTEN"
	tlsCert   = prefix + "TLS_CERT_FILE"
	tlsKey    = prefix + "TLS_KEY_FILE"
	allowHTTP = prefix + "ALLOW_HTTP"
)

// execute runs the program and returns its exit code and output.
func execute(t *testing.T, values map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, config.Map(values), &out, &errs)
	return code, out.String(), errs.String()
}

// complete is an environment in which nothing is missing.
func complete(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	_, err := keys.LoadOrCreate(filepath.Join(dir, "keys.json"))
	require.NoError(t, err)
	return map[string]string{
		keyFile: filepath.Join(dir, "keys.json"), operators: filepath.Join(dir, "operators"), listenOn: "127.0.0.1:0",
		uiOrigin: "http://127.0.0.1:8233", logging.FormatSetting: logging.JSON,
	}
}

// output is the log of a program that runs.
type output struct {
	mu      sync.Mutex
	written bytes.Buffer
	seen    chan struct{} // Closed when the address is there.
}

// Write collects.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if strings.Contains(string(p), `"address":"`) {
		close(o.seen)
	}
	return o.written.Write(p)
}

// String is all that was written.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.written.String()
}

// served runs the program until the test ends and returns its address and log.
func served(t *testing.T, values map[string]string) (string, *output) {
	t.Helper()
	log := &output{seen: make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, nil, config.Map(values), io.Discard, log) }()
	t.Cleanup(func() {
		stop()
		require.Equal(t, program.Done, <-ended, log)
	})
	select {
	case <-log.seen:
	case code := <-ended:
		ended <- code
		require.Fail(t, "the server ended", "%d %s", code, log)
	}
	return regexp.MustCompile(`"address":"([^"]+)"`).FindStringSubmatch(log.String())[1], log
}

// decode asks for no payloads at all, and returns the status.
func decode(t *testing.T, address, token string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/decode", strings.NewReader("{}"))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := (&http.Client{}).Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

// tokenIn is the token that 'codecserver operator' printed.
func tokenIn(t *testing.T, stdout string) string {
	t.Helper()
	token := regexp.MustCompile(`bioenroll_codec_[\w-]{43}`).FindString(stdout)
	require.NotEmpty(t, token, stdout)
	return token
}

func TestServe(t *testing.T) {
	t.Parallel()

	t.Run("answers_operators_as_soon_as_there_are_any", func(t *testing.T) {
		t.Parallel()
		values := complete(t)
		address, log := served(t, values)
		require.Contains(t, log.String(), "nobody may read payloads yet")
		code, stdout, _ := execute(t, values, "operator", "olga")
		require.Equal(t, program.Done, code)
		token := tokenIn(t, stdout)
		require.Equal(t, http.StatusOK, decode(t, address, token))
		require.Contains(t, log.String(), `"who":"olga"`)
		require.NotContains(t, log.String(), token)
		code, _, _ = execute(t, values, "operator", "olga", "--remove")
		require.Equal(t, program.Done, code)
		require.Equal(t, http.StatusUnauthorized, decode(t, address, token))
	})

	t.Run("is_healthy", func(t *testing.T) {
		t.Parallel()
		values := complete(t)
		address, _ := served(t, values)
		asked := maps.Clone(values)
		asked[listenOn] = address
		code, _, stderr := execute(t, asked, "healthcheck")
		require.Equal(t, program.Done, code, stderr)
		require.NoError(t, os.WriteFile(values[operators], []byte("damaged"), 0o600))
		code, _, stderr = execute(t, asked, "healthcheck")
		require.Equal(t, program.Failed, code)
		require.Contains(t, stderr, "503")
	})

	t.Run("speaks_https", func(t *testing.T) {
		t.Parallel()
		values := complete(t)
		values[tlsCert], values[tlsKey] = certificate(t)
		address, _ := served(t, values)
		values[listenOn] = address
		code, _, stderr := execute(t, values, "healthcheck")
		require.Equal(t, program.Done, code, stderr)
		values[tlsCert], _ = certificate(t)
		code, _, stderr = execute(t, values, "healthcheck")
		require.Equal(t, program.Failed, code, "somebody else's certificate")
		require.Contains(t, stderr, "certificate")
	})
}

// certificate makes a certificate for codec.example and returns its files.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "codec.example"}, DNSNames: []string{"codec.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	signed, err := x509.CreateCertificate(rand.Reader, form, form, &private.PublicKey, private)
	require.NoError(t, err)
	coded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: coded}), 0o600))
	return cert, key
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ variable, value, names string }{
		"refuses_to_start_without_keys":          {keyFile, "/nowhere/keys.json", keyFile},
		"refuses_an_origin_with_a_path":          {uiOrigin, "https://ui.example/", uiOrigin},
		"refuses_plain_http_beyond_this_machine": {listenOn, "0.0.0.0:0", allowHTTP},
		"refuses_plain_http_on_all_addresses":    {listenOn, ":0", allowHTTP},
		"refuses_an_address_without_a_port":      {listenOn, "127.0.0.1", listenOn},
		"refuses_a_certificate_without_its_key":  {tlsCert, "cert.pem", tlsKey},
		"refuses_a_session_without_end":          {session, "10000h", session},
		"refuses_a_list_it_cannot_read":          {operators, os.TempDir(), operators},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := complete(t)
			values[row.variable] = row.value
			code, _, stderr := execute(t, values)
			require.Equal(t, program.Misconfigured, code)
			require.Contains(t, stderr, row.names)
		})
	}

	t.Run("takes_plain_http_beyond_this_machine_by_setting", func(t *testing.T) {
		t.Parallel()
		values := complete(t)
		values[listenOn], values[allowHTTP] = "0.0.0.0:0", "true"
		served(t, values)
	})

	t.Run("refuses_a_certificate_that_is_none", func(t *testing.T) {
		t.Parallel()
		values := complete(t)
		values[tlsCert], values[tlsKey] = values[keyFile], values[keyFile]
		code, _, stderr := execute(t, values)
		require.Equal(t, program.Misconfigured, code)
		require.Contains(t, stderr, tlsCert)
	})

	t.Run("says_when_the_address_is_taken", func(t *testing.T) {
		t.Parallel()
		values := complete(t)
		values[listenOn], _ = served(t, values)
		code, _, stderr := execute(t, values)
		require.Equal(t, program.Failed, code)
		require.Contains(t, stderr, "is taken")
	})
}

func TestOperator(t *testing.T) {
	t.Parallel()

	t.Run("gets_a_token_that_is_kept_nowhere", func(t *testing.T) {
		t.Parallel()
		values := complete(t)
		code, stdout, stderr := execute(t, values, "operator", "boss", "--reveal")
		require.Equal(t, program.Done, code, stderr)
		content, err := os.ReadFile(values[operators])
		require.NoError(t, err)
		require.Regexp(t, `^boss sha256:[0-9a-f]{64} read,reveal\n$`, string(content))
		require.NotContains(t, string(content), tokenIn(t, stdout))
	})

	t.Run("gets_another_token_and_other_rights", func(t *testing.T) {
		t.Parallel()
		values := complete(t)
		_, before, _ := execute(t, values, "operator", "--reveal", "boss")
		code, after, _ := execute(t, values, "operator", "boss")
		require.Equal(t, program.Done, code)
		require.NotEqual(t, tokenIn(t, before), tokenIn(t, after))
		require.Contains(t, after, "token from before")
		content, err := os.ReadFile(values[operators])
		require.NoError(t, err)
		require.Regexp(t, `^boss sha256:[0-9a-f]{64} read\n$`, string(content))
	})

	t.Run("needs_no_keys", func(t *testing.T) {
		t.Parallel()
		values := complete(t)
		values[keyFile], values[uiOrigin] = "/nowhere", "nonsense"
		code, _, stderr := execute(t, values, "operator", "olga")
		require.Equal(t, program.Done, code, stderr)
	})

	t.Run("who_is_not_there_cannot_be_removed", func(t *testing.T) {
		t.Parallel()
		code, _, stderr := execute(t, complete(t), "operator", "olga", "--remove")
		require.Equal(t, program.Failed, code)
		require.Contains(t, stderr, "olga")
	})

	for i, args := range [][]string{{"operator"}, {"operator", "a", "b"}, {"operator", "a", "--reveal", "--remove"}, {"operator", "a b"}, {"operator", "a", "--admin"}, {"serve"}, {"healthcheck", "x"}} {
		t.Run(fmt.Sprintf("is_told_how_%d", i), func(t *testing.T) {
			t.Parallel()
			values := complete(t)
			code, _, stderr := execute(t, values, args...)
			require.Equal(t, program.Misconfigured, code)
			require.Contains(t, stderr, "codecserver --help")
			require.NoFileExists(t, values[operators])
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--help", "-h", "help"} {
		code, stdout, stderr := execute(t, map[string]string{listenOn: "nonsense"}, flag)
		require.Equal(t, program.Done, code)
		require.Empty(t, stderr)
		for _, name := range []string{keyFile, listenOn, uiOrigin, operators, session, tlsCert, tlsKey, allowHTTP, logging.LevelSetting} {
			require.Contains(t, stdout, name)
		}
	}
}
