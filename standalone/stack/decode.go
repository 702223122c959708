package stack

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/bioenroll/bioenroll/codecserver/server"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/codec"
	"github.com/bioenroll/bioenroll/internal/keys"
	httpd "github.com/bioenroll/bioenroll/internal/web"
	"github.com/bioenroll/bioenroll/standalone/embedded"
)

// The names under which the log tells who read payloads.
const (
	uiOperator  = "standalone-ui"  // Whoever opens the web UI on this machine.
	cliOperator = "standalone-cli" // Whoever holds the token of the data folder.
)

// decoding is the codec server, and what makes the web UI use it: every page of
// the UI comes with a cookie that signs the browser in. So whoever can open the
// UI on this machine sees payloads, without secrets and subjects; those are for
// the holder of the token, which lies in the data folder beside the keys.
type decoding struct {
	// pages is where the UI is seen; nil when there is none.
	pages *web
	// codec is where the codec server answers.
	codec   *web
	answers *server.Server
	ui      server.Operator
	token   enroll.Secret
}

// startDecoding takes both ports and starts the codec server. The UI is shown
// later, when it runs.
func startDecoding(ctx context.Context, options Options, k *keys.Keys) (*decoding, error) {
	d := &decoding{}
	if err := d.start(options, k); err != nil {
		return nil, errors.Join(err, d.stop(ctx))
	}
	return d, nil
}

func (d *decoding) start(options Options, k *keys.Keys) error {
	var err error
	if d.codec, err = listen("CodecPort", options.CodecPort); err != nil {
		return err
	}
	origin := ""
	if options.External == nil && options.UIPort != embedded.Off {
		if d.pages, err = listen("UIPort", options.UIPort); err != nil {
			return err
		}
		origin = d.pages.url()
	}
	payloads, err := codec.New(k)
	if err != nil {
		return err
	}
	operators, err := d.operators(filepath.Join(options.DataDir, "codec-token"))
	if err != nil {
		return err
	}
	d.answers, err = server.New(server.Options{Codec: payloads, Operators: operators, UIOrigin: origin, Log: options.Log.Named("codec")})
	if err != nil {
		return err
	}
	d.codec.serve(httpd.Server(d.answers.Handler(), server.Longest, options.Log))
	return nil
}

// operators are the UI's, who never had a token, and the token's holder.
func (d *decoding) operators(tokenFile string) (server.Operators, error) {
	var err error
	if d.ui, _, err = server.NewOperator(uiOperator, false); err != nil {
		return nil, err
	}
	if d.token, err = kept(tokenFile, makeToken); err != nil {
		return nil, err
	}
	holder, err := server.OperatorWith(cliOperator, true, d.token)
	return server.Fixed{d.ui, holder}, err
}

// makeToken makes a token for who has the data folder.
func makeToken() (enroll.Secret, error) {
	_, token, err := server.NewOperator(cliOperator, true)
	return token, err
}

// show serves the UI that answers at the address.
func (d *decoding) show(address string) {
	if d.pages == nil {
		return
	}
	behind := &url.URL{Scheme: "http", Host: address}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(behind)
			r.Out.Host = r.In.Host
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "the web UI is stopping", http.StatusBadGateway)
		},
	}
	d.pages.serve(&http.Server{Handler: d.signingIn(proxy), ReadHeaderTimeout: 10 * time.Second})
}

// signingIn gives every browser that opens a page a cookie of the codec server.
// Cookies know hosts and no ports, so the two share 127.0.0.1, and a page that
// was opened under localhost is sent there. Other names are refused: a stranger
// may have made them point to this machine.
func (d *decoding) signingIn(ui http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if host == "localhost" {
			http.Redirect(w, r, d.pages.url()+r.URL.RequestURI(), http.StatusTemporaryRedirect) //nolint:gosec // it begins with our own address
			return
		}
		if address, err := netip.ParseAddr(host); err != nil || !address.IsLoopback() {
			http.Error(w, "open this page under "+d.pages.url(), http.StatusMisdirectedRequest)
			return
		}
		if isSeen(r) && !d.answers.SignedIn(r) {
			d.answers.SignIn(w, r, d.ui)
		}
		ui.ServeHTTP(w, r)
	})
}

// isSeen reports whether a browser is about to show what it asks for, or asks
// for a page that it shows already: one that stays open longer than the cookie
// is good for gets another.
func isSeen(r *http.Request) bool {
	page := strings.Contains(r.Header.Get("Accept"), "text/html")
	return r.Method == http.MethodGet && (page || r.Header.Get("Sec-Fetch-Site") == "same-origin")
}

// stop can be called on one that is nil or came up in part.
func (d *decoding) stop(ctx context.Context) error {
	if d == nil {
		return nil
	}
	return errors.Join(d.pages.stop(ctx), d.codec.stop(ctx))
}
