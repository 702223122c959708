package rest_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
	"github.com/bioenroll/bioenroll/providers/rest/resttest"
)

func TestMultipartStream(t *testing.T) {
	photo := bytes.Repeat([]byte("\x89PNG\r\n--boundary"), 20_000)
	var length int64
	var encoding []string
	form := map[string]string{}
	client := setup(t, func(w http.ResponseWriter, r *http.Request) {
		length, encoding = r.ContentLength, r.TransferEncoding
		_, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		parts := multipart.NewReader(r.Body, params["boundary"])
		for part, err := parts.NextPart(); err == nil; part, err = parts.NextPart() {
			content, _ := io.ReadAll(part)
			form[part.FormName()+"|"+part.FileName()+"|"+part.Header.Get("Content-Type")] = string(content)
		}
		_, _ = w.Write([]byte("{}"))
	})
	_, err := client.Do(t.Context(), rest.Request{
		Op: "test: send", Method: http.MethodPost, Path: "/x", Once: true, Body: rest.Multipart(
			rest.Part{Name: "before", Data: []byte("b")},
			rest.Part{Name: "image", FileName: "a.png", ContentType: "image/png", Stream: resttest.Stream(photo)},
			rest.Part{Name: "after", Data: []byte("a")},
		),
	})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"before||": "b", "image|a.png|image/png": string(photo), "after||": "a"}, form)
	require.Greater(t, length, int64(len(photo)), "the length is announced")
	require.Empty(t, encoding)
}

// TestStreamIsNotHeldInMemory sends far more than a call may take of memory.
func TestStreamIsNotHeldInMemory(t *testing.T) {
	const size, mayBeUsed = 64 << 20, 8 << 20
	client := setup(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write([]byte("{}"))
	})
	bodies := map[string]func(rest.Stream) rest.Body{
		"multipart": func(s rest.Stream) rest.Body {
			return rest.Multipart(rest.Part{Name: "image", FileName: "a.png", ContentType: "image/png", Stream: s})
		},
		"base64": func(s rest.Stream) rest.Body { return rest.TextOf("data:image/png;base64,", s.Base64()) },
	}
	for name, body := range bodies {
		for _, once := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err := client.Do(t.Context(), rest.Request{
					Op: "test: send", Method: http.MethodPost, Path: "/x", Once: once,
					Body: body(rest.Stream{Reader: io.LimitReader(rand.NewChaCha8([32]byte{}), size), Size: size}),
				})
				require.NoError(t, err)
				runtime.ReadMemStats(&after)
				require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(mayBeUsed), "allocated for 64 MB")
			})
		}
	}
}

func TestBase64Stream(t *testing.T) {
	for _, size := range []int{0, 1, 2, 3, 4, 3<<10 - 1, 3 << 10, 3<<10 + 1, 10_000} {
		data := bytes.Repeat([]byte{0xfb, 1, 2, 3, 4}, size)[:size]
		stream := rest.Stream{Reader: iotest.HalfReader(bytes.NewReader(data)), Size: int64(size)}.Base64()
		text, err := io.ReadAll(stream.Reader)
		require.NoError(t, err)
		require.Equal(t, base64.StdEncoding.EncodeToString(data), string(text))
		require.Len(t, text, int(stream.Size))
	}
}

func TestHead(t *testing.T) {
	head, whole, err := resttest.Stream([]byte("abcdef")).Head(4)
	require.NoError(t, err)
	require.Equal(t, "abcd", string(head))
	content, err := io.ReadAll(whole.Reader)
	require.NoError(t, err)
	require.Equal(t, "abcdef", string(content))
	head, _, err = resttest.Stream([]byte("ab")).Head(4)
	require.NoError(t, err)
	require.Equal(t, "ab", string(head), "what is shorter is its own head")
}

// TestStreamThatCannotBeRead: what we cut off ourselves is no answer of the
// provider, whatever the provider says to it.
func TestStreamThatCannotBeRead(t *testing.T) {
	broken := errors.New("the disk is gone")
	for name, row := range map[string]struct {
		after io.Reader
		says  string
	}{
		"breaks_off":   {iotest.ErrReader(broken), "the disk is gone"},
		"is_too_short": {strings.NewReader(""), "9 bytes where 13 were announced"},
	} {
		for _, once := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				var whole atomic.Int64
				client := setup(t, func(w http.ResponseWriter, r *http.Request) {
					if _, err := io.Copy(io.Discard, r.Body); err == nil {
						whole.Add(1)
					}
					w.WriteHeader(http.StatusBadRequest)
				})
				_, err := client.Do(t.Context(), rest.Request{
					Op: "test: send", Method: http.MethodPost, Path: "/x", Once: once,
					Body: rest.TextOf("data:", rest.Stream{Reader: io.MultiReader(strings.NewReader("half"), row.after), Size: 8}),
				})
				failed := failureOf(t, err)
				require.ErrorContains(t, err, row.says)
				if once {
					require.Equal(t, enroll.KindLost, failed.Kind)
				} else {
					require.Equal(t, enroll.KindUnsealed, failed.Kind)
				}
				require.Zero(t, whole.Load(), "nobody got a whole request")
			})
		}
	}
}

// TestStreamIsLeftAlone: a provider that answers before it has read everything
// leaves a transport behind that would read on, from what is closed by then.
func TestStreamIsLeftAlone(t *testing.T) {
	source := strings.NewReader("abcdef")
	body, end := rest.Outgoing(rest.Stream{Reader: source, Size: 6})
	_, err := body.Read(make([]byte, 2))
	require.NoError(t, err)
	end()
	_, err = body.Read(make([]byte, 2))
	require.Error(t, err)
	require.Equal(t, 4, source.Len())
}

func TestStreamIsSentOnce(t *testing.T) {
	for _, once := range []bool{true, false} {
		server := newFlaky(t)
		client, err := rest.New(enroll.BioID, server.address, rest.WithAllowHTTP(true))
		require.NoError(t, err)
		_, err = client.Do(t.Context(), rest.Request{Op: "test: warm up", Method: http.MethodGet, Path: "/warm-up"})
		require.NoError(t, err)
		_, err = client.Do(t.Context(), rest.Request{
			Op: "test: effect", Method: http.MethodPost, Path: "/effect", Once: once, Body: rest.TextOf("", resttest.Stream([]byte("sample"))),
		})
		require.Error(t, err)
		require.Equal(t, int64(1), server.effects.Load())
	}
}
