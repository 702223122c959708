package main

import (
	"time"

	"github.com/bioenroll/bioenroll/codecserver/server"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/logging"
	"github.com/bioenroll/bioenroll/internal/origin"
	"github.com/bioenroll/bioenroll/internal/web"
)

// Names of the settings. Where the server listens is read by package web, under
// names with the prefix.
const (
	prefix    = "BIOENROLL_CODEC_"
	keyFile   = "BIOENROLL_KEY_FILE"        // The key file, as worker and client have it.
	uiOrigin  = "BIOENROLL_CODEC_UI_ORIGIN" // Origin of the Temporal UI.
	operators = "BIOENROLL_CODEC_OPERATORS" // The operators file.
	session   = "BIOENROLL_CODEC_SESSION"   // How long a browser stays signed in.
)

// settings of the program.
type settings struct {
	logging   logging.Settings
	keyFile   string
	web       web.Settings
	origin    string
	operators server.File
	session   time.Duration
}

// read returns the settings of the environment. Problems are recorded in the
// source.
func read(src *config.Source) settings {
	s := settings{
		logging:   logging.Read(src),
		keyFile:   src.Path(keyFile, "data/keys.json", "key file, the same that workers and clients have"),
		web:       web.Read(src, prefix, "127.0.0.1:8234"),
		origin:    src.String(uiOrigin, "", "origin of the Temporal UI, such as https://ui.example: the only one from which browsers are heard; none unless given"),
		operators: server.File(src.Path(operators, "data/operators", "file of those who may read payloads; 'codecserver operator NAME' writes it")),
		session:   src.Duration(session, server.DefaultSession, 5*time.Minute, 24*time.Hour, "how long a browser stays signed in"),
	}
	if s.origin != "" {
		if err := origin.Check(s.origin); err != nil {
			src.Refuse(uiOrigin, "another form", err.Error())
		}
	}
	return s
}
