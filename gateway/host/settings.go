package host

import (
	"time"

	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/gateway/api"
	"github.com/bioenroll/bioenroll/gateway/webhook"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/web"
)

// Prefix begins the names of the settings that are the gateway's own.
const Prefix = "BIOENROLL_GATEWAY_"

// Address is where the gateway listens unless a setting says otherwise.
const Address = "127.0.0.1:7480"

// Settings are what a gateway needs beside its client and its keys.
type Settings struct {
	// Web says where a program listens. A Host that is served on another
	// listener has no use for it.
	Web web.Settings
	// Access says who is let in.
	Access access.Settings
	// Webhooks says which providers may call.
	Webhooks webhook.Settings
	// Uploads is how many uploads are taken at the same time.
	Uploads int
	// StopDelay is how long requests are let in when the program is told to stop.
	StopDelay time.Duration
}

// Load returns the settings of the environment. What is missing or malformed is
// remembered by the source, for its Err.
func Load(src *config.Source) Settings {
	return Settings{
		Web: web.Read(src, Prefix, Address), Access: access.Read(src), Webhooks: webhook.Read(src),
		Uploads: src.Int(Prefix+"UPLOADS", api.DefaultUploads, 1, 10_000, "uploads of photos, samples and templates that are taken at the same time; each takes space in the folder for temporary files"),
		StopDelay: src.Duration(Prefix+"STOP_DELAY", 0, 0, time.Minute,
			"how long requests are let in when the gateway is told to stop, while /readyz says that it is: as long as your load balancer takes to hear of it"),
	}
}
