package logging_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/logging"
)

// setup returns a logger and a function that reads its lines.
func setup(t *testing.T, level zapcore.Level) (*zap.Logger, func() []map[string]any) {
	t.Helper()
	var written bytes.Buffer
	logger := logging.New(logging.Settings{Level: level, Format: logging.JSON}, &written)
	return logger, func() []map[string]any {
		t.Helper()
		var lines []map[string]any
		for line := range bytes.SplitSeq(bytes.TrimSpace(written.Bytes()), []byte("\n")) {
			entry := map[string]any{}
			require.NoError(t, json.Unmarshal(line, &entry), string(line))
			lines = append(lines, entry)
		}
		return lines
	}
}

// helper logs for its caller.
func helper(logger log.Logger) { log.Skip(logger, 1).Info("skipped") }

func TestBridge(t *testing.T) {
	logger, lines := setup(t, zapcore.DebugLevel)
	bridge := logging.Bridge(logger)
	bridge.Debug("one", "WorkflowID", "authid-1")
	bridge.Info("two")
	bridge.Warn("three", "Error", errors.New("late"))
	bridge.Error("four")
	log.With(bridge, "Attempt", 3).Info("five")
	bridge.Info("six")
	helper(bridge)
	got := lines()
	require.Len(t, got, 7)
	for i, level := range []string{"debug", "info", "warn", "error", "info", "info", "info"} {
		require.Equal(t, level, got[i]["level"])
		require.Contains(t, got[i]["caller"], "logging_test.go", "the caller, not the bridge")
	}
	require.Equal(t, "authid-1", got[0]["WorkflowID"])
	require.Equal(t, "late", got[2]["Error"])
	require.EqualValues(t, 3, got[4]["Attempt"])
	require.NotContains(t, got[5], "Attempt", "With leaves the first logger alone")
	require.Equal(t, "skipped", got[6]["msg"])
}

func TestNew(t *testing.T) {
	t.Run("prints_nothing_below_its_level", func(t *testing.T) {
		logger, lines := setup(t, zapcore.WarnLevel)
		logger.Info("quiet")
		logger.Warn("loud")
		require.Len(t, lines(), 1)
	})
	t.Run("redacts_secrets_inside_values", func(t *testing.T) {
		const secret = enroll.Secret("hunter2")
		type holder struct {
			Token enroll.Secret
			List  []enroll.Secret
		}
		for _, format := range []string{logging.Console, logging.JSON} {
			var written bytes.Buffer
			logger := logging.New(logging.Settings{Format: format}, &written)
			logger.Info("a", zap.Any("secret", secret), zap.Any("holder", holder{secret, []enroll.Secret{secret}}))
			logger.Sugar().Infow("b", "map", map[string]any{"token": secret}, "pointer", &holder{Token: secret})
			logging.Bridge(logger).Info("c", "holder", holder{Token: secret})
			require.NotContains(t, written.String(), "hunter2")
			require.Contains(t, written.String(), enroll.Redacted)
		}
	})
}

func TestRead(t *testing.T) {
	src := config.NewSource(config.Map(nil))
	require.Equal(t, logging.Settings{Level: zapcore.InfoLevel, Format: logging.Console}, logging.Read(src))
	require.NoError(t, src.Err())
	src = config.NewSource(config.Map(map[string]string{logging.LevelSetting: "debug", logging.FormatSetting: "json"}))
	require.Equal(t, logging.Settings{Level: zapcore.DebugLevel, Format: logging.JSON}, logging.Read(src))
	require.NoError(t, src.Err())
	src = config.NewSource(config.Map(map[string]string{logging.LevelSetting: "loud"}))
	require.Equal(t, zapcore.InfoLevel, logging.Read(src).Level)
	require.ErrorContains(t, src.Err(), logging.LevelSetting)
}
