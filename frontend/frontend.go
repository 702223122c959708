// Package frontend holds the script that a frontend takes home: relay.js, an ES
// module without dependencies and without a build, and relay.d.ts, its types.
//
// A frontend opens a provider's capture with a hand-over and has one duty: to
// say when the person is done. The script hears that from authID's page, iProov's
// element or BioID's script and relays it to the gateway as a hint, with the
// relay token of the journey, through a network that comes and goes; to an app
// as well, when the page runs in its WebView. Nothing that a page says decides
// anything: a hint wakes the journey, which asks the provider.
//
// Frontends are not written in Go, so what they take are the files themselves,
// by copying them or from where a program serves them:
//
//	http.Handle("GET /relay.js", http.FileServerFS(frontend.Files()))
//
// How to use them is in docs/frontend, one page for each provider.
package frontend

import (
	"embed"
	"io/fs"
)

// Script is the name of the script within Files, and Types that of its types.
const (
	Script = "relay.js"
	Types  = "relay.d.ts"
)

//go:embed relay.js relay.d.ts
var files embed.FS

// Files returns the script and its types, by the names Script and Types.
func Files() fs.FS { return files }
