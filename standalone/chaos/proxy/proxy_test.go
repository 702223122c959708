package proxy_test

import (
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bioenroll/bioenroll/standalone/chaos/proxy"
)

// echo is a target that sends every message back, twice.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() {
				defer conn.Close() //nolint:errcheck // the other side has closed it or not
				message := make([]byte, len(request))
				for {
					if _, err := io.ReadFull(conn, message); err != nil {
						return
					}
					if _, err := conn.Write([]byte(strings.Repeat(string(message), 2))); err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		group.Wait()
	})
	return listener.Addr().String()
}

// request is longer than any damaged connection lets through.
var request = strings.Repeat("ask and you shall receive ", 20)

// struck collects what the proxy tells of.
type struck struct {
	mu    sync.Mutex
	fates []string
}

func (s *struck) tell(fate string, from, to time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if to.Before(from) {
		fate = "ended before it began"
	}
	s.fates = append(s.fates, fate)
}

func start(t *testing.T, seed uint64) (*proxy.Proxy, *struck) {
	t.Helper()
	s := &struck{}
	p, err := proxy.Start(t.Context(), echo(t), seed, s.tell)
	require.NoError(t, err)
	return p, s
}

// ask makes one call through the proxy and returns what came back.
func ask(t *testing.T, p *proxy.Proxy) string {
	t.Helper()
	conn, err := net.Dial("tcp", p.Address())
	require.NoError(t, err)
	defer conn.Close() //nolint:errcheck // the proxy may have reset it
	return askOn(t, conn)
}

// askOn makes one call on the connection.
func askOn(t *testing.T, conn net.Conn) string {
	t.Helper()
	require.NoError(t, conn.SetDeadline(time.Now().Add(3*time.Second)))
	if _, err := io.WriteString(conn, request); err != nil {
		return ""
	}
	answer := make([]byte, 2*len(request))
	n, _ := io.ReadFull(conn, answer) // Cut off, as the fate says.
	return string(answer[:n])
}

func TestProxy_passes_everything_in_good_weather(t *testing.T) {
	p, s := start(t, 1)
	for range 5 {
		require.Equal(t, request+request, ask(t, p))
	}
	require.NoError(t, p.Close())
	require.Empty(t, s.fates)
}

func TestProxy_damages_in_every_way(t *testing.T) {
	p, s := start(t, 1)
	p.Worsen(100)
	var group sync.WaitGroup
	for range 60 {
		group.Go(func() { ask(t, p) })
	}
	group.Wait()
	require.NoError(t, p.Close())
	require.Len(t, s.fates, 60)
	for _, fate := range proxy.Fates() {
		require.True(t, slices.Contains(s.fates, fate), "%s never happened", fate)
	}
}

func TestProxy_tells_of_each_call_that_went_wrong(t *testing.T) {
	p, s := start(t, 7)
	p.Worsen(50)
	var wrong atomic.Int64
	var group sync.WaitGroup
	for range 40 {
		group.Go(func() {
			if ask(t, p) != request+request {
				wrong.Add(1)
			}
		})
	}
	group.Wait()
	require.NoError(t, p.Close())
	require.Positive(t, wrong.Load())
	require.GreaterOrEqual(t, len(s.fates), int(wrong.Load()), "a late answer is damaged and still whole")
	require.Less(t, len(s.fates), 40)
}

func TestProxy_cuts_what_is_open(t *testing.T) {
	p, s := start(t, 1)
	conn, err := net.Dial("tcp", p.Address())
	require.NoError(t, err)
	defer conn.Close() //nolint:errcheck // the proxy has reset it
	require.Equal(t, request+request, askOn(t, conn))
	p.Worsen(100)
	_, err = conn.Read(make([]byte, 1))
	require.Error(t, err)
	require.NoError(t, p.Close())
	require.Equal(t, []string{"cut while open"}, s.fates)
}
