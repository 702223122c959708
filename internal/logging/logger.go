package logging

import (
	"encoding/json"
	"fmt"
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/bioenroll/bioenroll/internal/config"
)

// The settings of logs.
const (
	LevelSetting  = "BIOENROLL_LOG_LEVEL"  // Least important level to print.
	FormatSetting = "BIOENROLL_LOG_FORMAT" // Form of a line.
)

// The forms of a line.
const (
	Console = "console" // For people.
	JSON    = "json"    // For programs that collect logs.
)

// Settings say what a logger prints, and how.
type Settings struct {
	// Level is the least important level to print; the zero value is info.
	Level zapcore.Level
	// Format is Console or JSON; Console when empty.
	Format string
}

// Read returns the settings of the environment.
func Read(src *config.Source) Settings {
	name := src.OneOf(LevelSetting, "info", "least important log level to print", "debug", "info", "warn", "error")
	level, err := zapcore.ParseLevel(name)
	if err != nil {
		src.Refuse(LevelSetting, name, "debug, info, warn, error")
	}
	return Settings{Level: level, Format: src.OneOf(FormatSetting, Console, "form of a log line", Console, JSON)}
}

// New returns a logger that writes one line for each entry, safe for
// concurrent use.
func New(settings Settings, w io.Writer) *zap.Logger {
	form := zap.NewProductionEncoderConfig()
	form.TimeKey = "time"
	form.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	form.EncodeDuration = zapcore.StringDurationEncoder
	form.NewReflectedEncoder = func(w io.Writer) zapcore.ReflectedEncoder { return printed{json.NewEncoder(w)} }
	encoder := zapcore.NewConsoleEncoder(form)
	if settings.Format == JSON {
		encoder = zapcore.NewJSONEncoder(form)
	}
	core := zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), settings.Level)
	return zap.New(core, zap.AddCaller(), zap.AddStacktrace(zapcore.DPanicLevel))
}

// printed writes a structured value as fmt prints it.
type printed struct{ encoder *json.Encoder }

// Encode writes the value as one JSON string.
func (p printed) Encode(value any) error { return p.encoder.Encode(fmt.Sprintf("%+v", value)) }
