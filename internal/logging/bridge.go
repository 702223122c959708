package logging

import (
	"go.temporal.io/sdk/log"
	"go.uber.org/zap"
)

// bridge lets the Temporal SDK write to zap.
type bridge struct{ sugar *zap.SugaredLogger }

var (
	_ log.WithLogger      = bridge{}
	_ log.WithSkipCallers = bridge{}
)

// Bridge returns the logger in the form that the Temporal SDK takes. Each
// entry names the line of the SDK, workflow or activity that wrote it.
func Bridge(logger *zap.Logger) log.Logger {
	return bridge{logger.WithOptions(zap.AddCallerSkip(1)).Sugar()}
}

// Debug logs at debug level.
func (b bridge) Debug(msg string, keyvals ...any) { b.sugar.Debugw(msg, keyvals...) }

// Info logs at info level.
func (b bridge) Info(msg string, keyvals ...any) { b.sugar.Infow(msg, keyvals...) }

// Warn logs at warn level.
func (b bridge) Warn(msg string, keyvals ...any) { b.sugar.Warnw(msg, keyvals...) }

// Error logs at error level.
func (b bridge) Error(msg string, keyvals ...any) { b.sugar.Errorw(msg, keyvals...) }

// With returns a logger that adds the pairs to each of its entries.
func (b bridge) With(keyvals ...any) log.Logger { return bridge{b.sugar.With(keyvals...)} }

// WithCallerSkip returns a logger that names a caller further up.
func (b bridge) WithCallerSkip(depth int) log.Logger {
	return bridge{b.sugar.WithOptions(zap.AddCallerSkip(depth))}
}
