package embedded

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// openLog decides where the server's log goes and returns how to close it. The
// server ends the process on some failures; those lines also reach standard
// error, because a program that vanishes without a word helps nobody.
func openLog(opts Options) (*zap.Logger, func() error, error) {
	nothingToClose := func() error { return nil }
	if opts.Log != nil {
		return opts.Log, nothingToClose, nil
	}
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	lastWords := zapcore.NewCore(encoder, zapcore.Lock(os.Stderr), zapcore.DPanicLevel)
	if opts.DataDir == "" {
		return zap.New(lastWords), nothingToClose, nil
	}
	path := filepath.Join(opts.DataDir, logFile)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // a fixed name in the folder the caller chose
	if err != nil {
		return nil, nil, fmt.Errorf("open the server's log: %w", err)
	}
	quiet := zapcore.NewCore(encoder, zapcore.Lock(file), zapcore.WarnLevel)
	// Goroutines of the server outlive its Stop by seconds; their complaints that it
	// has stopped meet a closed file, which is nobody's business.
	return zap.New(zapcore.NewTee(quiet, lastWords), zap.ErrorOutput(zapcore.AddSync(io.Discard))), file.Close, nil
}
