package main

import (
	"slices"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/gateway/host"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/logging"
	"github.com/bioenroll/bioenroll/internal/telemetry"
	"github.com/bioenroll/bioenroll/internal/vault"
)

// settings of the program, beside those of the client.
type settings struct {
	enroll.Private

	logging   logging.Settings
	host      host.Settings
	telemetry telemetry.Settings
	// vault has the key file, which signs relay tokens.
	vault vault.Settings
}

// read returns the settings of the environment. Problems are recorded in the
// source.
func read(src *config.Source) settings {
	s := settings{
		logging: logging.Read(src), host: host.Load(src), telemetry: telemetry.Read(src, "gateway"), vault: vault.Read(src),
	}
	for _, variable := range client.Variables() { // The client reads them by itself.
		if !slices.ContainsFunc(src.Known(), func(known config.Variable) bool { return known.Name == variable.Name }) {
			src.Note(variable)
		}
	}
	return s
}
