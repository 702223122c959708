package host_test

import (
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/delivery"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/providerset"
	"github.com/bioenroll/bioenroll/internal/vault"
	"github.com/bioenroll/bioenroll/worker/host"
)

// environment is a complete one for all four providers.
func environment(t *testing.T) map[string]string {
	t.Helper()
	const address = "https://provider.example"
	keyFile := t.TempDir() + "/keys.json"
	_, err := keys.LoadOrCreate(keyFile)
	require.NoError(t, err)
	return map[string]string{
		vault.KeyFile: keyFile, vault.SealedDir: t.TempDir(), vault.Records: "sqlite:" + t.TempDir() + "/records.db",
		"AUTHID_BASE_URL": address, "AUTHID_API_KEY_ID": "id", "AUTHID_API_KEY_VALUE": "value",
		"BIOID_BASE_URL": address + "/extension", "BIOID_APP_ID": "app", "BIOID_APP_SECRET": "secret",
		"SMARTID_BASE_URL": address, "SMARTID_API_KEY": "key",
		"IPROOV_BASE_URL": address + "/api/v2", "IPROOV_API_KEY": "key", "IPROOV_API_SECRET": "secret",
		"IPROOV_OAUTH_USERNAME": "user", "IPROOV_OAUTH_PASSWORD": "password",
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()

	t.Run("serves_all_providers_unless_told_otherwise", func(t *testing.T) {
		t.Parallel()
		src := config.NewSource(config.Map(environment(t)))
		settings := host.Load(src)
		require.NoError(t, src.Err())
		require.Equal(t, enroll.Providers(), settings.Providers.Chosen)
		require.GreaterOrEqual(t, settings.StopTimeout, settings.Providers.Timeout)
	})

	t.Run("sends_outcome_events_to_the_public_internet_over_https_unless_told_otherwise", func(t *testing.T) {
		t.Parallel()
		values := environment(t)
		load := func() (delivery.Options, error) {
			src := config.NewSource(config.Map(values))
			return host.Load(src).Events, src.Err()
		}
		events, err := load()
		require.NoError(t, err)
		require.Zero(t, events.Transport)
		require.Equal(t, delivery.DefaultSchedule(), events.Schedule)
		values[host.EventsAllowInternal], values[config.AllowHTTP], values[host.StopTimeout] = "true", "true", "33s"
		events, err = load()
		require.NoError(t, err)
		require.Equal(t, delivery.Transport{AllowHTTP: true, AllowInternal: true}, events.Transport)
		require.Equal(t, 33*time.Second, events.Patience)
		values[host.EventsAllowInternal] = "maybe"
		_, err = load()
		require.ErrorContains(t, err, "\n  "+host.EventsAllowInternal+": given ")
	})

	t.Run("refuses_to_cut_calls_off", func(t *testing.T) {
		t.Parallel()
		values := environment(t)
		values[host.StopTimeout], values[providerset.HTTPTimeout] = "3s", "5s"
		src := config.NewSource(config.Map(values))
		host.Load(src)
		require.ErrorContains(t, src.Err(), host.StopTimeout)
	})
}

func TestCapacity(t *testing.T) {
	t.Parallel()

	t.Run("has_a_default_and_a_setting_for_each_provider", func(t *testing.T) {
		t.Parallel()
		values := environment(t)
		values["IPROOV_SLOTS"], values["IPROOV_RATE"] = "7", "2.5"
		src := config.NewSource(config.Map(values))
		capacity := host.Load(src).Capacity
		require.NoError(t, src.Err())
		require.Equal(t, host.Capacity{Slots: 7, Rate: 2.5}, capacity[enroll.IProov])
		for _, provider := range []enroll.Provider{enroll.AuthID, enroll.BioID, enroll.SmartID} {
			require.Equal(t, host.DefaultCapacity(), capacity[provider])
		}
	})

	t.Run("bounds_the_steps_of_its_provider_only", func(t *testing.T) {
		t.Parallel()
		options := host.StepOptions(host.Capacity{Slots: 7, Rate: 2.5})
		require.Equal(t, 7, options.MaxConcurrentActivityExecutionSize)
		require.InDelta(t, 2.5, options.TaskQueueActivitiesPerSecond, 0)
		require.Zero(t, options.WorkerActivitiesPerSecond)
		require.True(t, options.DisableWorkflowWorker)
	})

	t.Run("refuses_what_would_stop_a_provider_or_bound_nothing", func(t *testing.T) {
		t.Parallel()
		for name, value := range map[string]string{"AUTHID_SLOTS": "0", "BIOID_SLOTS": "many", "SMARTID_RATE": "0", "IPROOV_RATE": "-1"} {
			values := environment(t)
			values[name] = value
			src := config.NewSource(config.Map(values))
			host.Load(src)
			require.ErrorContains(t, src.Err(), "\n  "+name+": given ")
		}
	})
}

func TestVersion(t *testing.T) {
	t.Parallel()

	t.Run("is_none_unless_given", func(t *testing.T) {
		t.Parallel()
		settings := host.Load(config.NewSource(config.Map(environment(t))))
		require.Zero(t, settings.Version)
		require.Zero(t, host.DeploymentOptions(settings.Version))
	})

	t.Run("pins_journeys_to_the_version_that_began_them", func(t *testing.T) {
		t.Parallel()
		values := environment(t)
		values[host.Deployment], values[host.BuildID] = "bioenroll", "1.4.0"
		src := config.NewSource(config.Map(values))
		settings := host.Load(src)
		require.NoError(t, src.Err())
		options := host.DeploymentOptions(settings.Version)
		require.True(t, options.UseVersioning)
		require.Equal(t, worker.WorkerDeploymentVersion{DeploymentName: "bioenroll", BuildID: "1.4.0"}, options.Version)
		require.Equal(t, workflow.VersioningBehaviorPinned, options.DefaultVersioningBehavior)
	})

	t.Run("refuses_half_a_version_and_names_the_server_would_refuse", func(t *testing.T) {
		t.Parallel()
		for _, row := range []struct{ deployment, build, refused string }{
			{"bioenroll", "", host.BuildID},
			{"", "1.4.0", host.Deployment},
			{"bioenroll.eu", "1", host.Deployment},
			{"bioenroll:eu", "1", host.Deployment},
			{"__bioenroll", "1", host.Deployment},
			{strings.Repeat("b", 101), "1", host.Deployment},
			{"bioenroll", "1 4", host.BuildID},
		} {
			values := environment(t)
			values[host.Deployment], values[host.BuildID] = row.deployment, row.build
			src := config.NewSource(config.Map(values))
			host.Load(src)
			require.ErrorContains(t, src.Err(), "\n  "+row.refused+": given ", "%v", row)
		}
	})
}

func TestStart(t *testing.T) {
	t.Parallel()

	t.Run("leaves_nothing_running_when_it_fails", func(t *testing.T) {
		t.Parallel()
		src := config.NewSource(config.Map(environment(t)))
		settings := host.Load(src)
		require.NoError(t, src.Err())
		nowhere, err := sdk.NewLazyClient(sdk.Options{HostPort: "127.0.0.1:1"})
		require.NoError(t, err)
		defer nowhere.Close()
		_, err = host.Start(t.Context(), nowhere, settings, zap.NewNop())
		require.ErrorContains(t, err, "task queue "+enroll.WorkflowTaskQueue)
	})

	t.Run("names_a_vault_that_it_cannot_open", func(t *testing.T) {
		t.Parallel()
		values := environment(t)
		values[vault.KeyFile] = values[vault.SealedDir] // A folder is no key file.
		src := config.NewSource(config.Map(values))
		_, err := host.Start(t.Context(), nil, host.Load(src), zap.NewNop())
		require.ErrorContains(t, err, vault.KeyFile)
	})
}

// registry remembers the names of what is registered.
type registry struct {
	worker.ActivityRegistry
	names []string
}

func (r *registry) RegisterActivityWithOptions(_ any, options activity.RegisterOptions) {
	r.names = append(r.names, options.Name)
}

// TestSteps holds the host to the contract: a step that no worker runs would
// keep its journey waiting without a word.
func TestSteps(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../enroll/activities.go")
	require.NoError(t, err)
	beside := []string{string(enroll.Conclude), string(enroll.RecordCleanUp), string(enroll.RecordWatched), string(enroll.FindNewer)} // These run beside the stories.
	var promised []string
	for _, found := range regexp.MustCompile(`Activity\[[^\]]*\]\s*=\s*"(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		if !slices.Contains(beside, found[1]) {
			promised = append(promised, found[1])
		}
	}
	require.NotEmpty(t, promised)
	var all registry
	for _, provider := range enroll.Providers() {
		var steps registry
		host.RegisterSteps(provider, &steps)
		require.Contains(t, steps.names, string(enroll.EraseAtProvider), "every provider erases")
		steps.names = slices.DeleteFunc(steps.names, func(name string) bool { return name == string(enroll.EraseAtProvider) })
		for _, name := range steps.names {
			require.True(t, strings.HasPrefix(strings.ToLower(name), string(provider)), "%s on the queue of %s", name, provider)
		}
		all.names = append(all.names, steps.names...)
	}
	require.ElementsMatch(t, promised, all.names)
}

// slow is a worker whose steps take a while to end.
type slow struct {
	worker.Worker
	takes time.Duration
	stops int
}

func (s *slow) Stop() {
	s.stops++
	time.Sleep(s.takes)
}

func TestStop(t *testing.T) {
	t.Parallel()

	t.Run("waits_for_all_workers_at_once", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log, lines := observed()
			workers := []*slow{{takes: 9 * time.Second}, {takes: 8 * time.Second}, {takes: 7 * time.Second}}
			h := host.Of(10*time.Second, log, workers[0], workers[1], workers[2])
			began := time.Now()
			h.Stop()
			h.Stop()
			require.Equal(t, 9*time.Second, time.Since(began), "in the bubble's own time")
			for _, w := range workers {
				require.Equal(t, 1, w.stops)
			}
			require.Equal(t, 1, lines.FilterMessage("worker stopped").Len())
		})
	})

	t.Run("does_not_wait_for_ever", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			log, lines := observed()
			began := time.Now()
			host.Of(10*time.Second, log, &slow{takes: time.Hour}).Stop()
			require.Less(t, time.Since(began), time.Minute)
			time.Sleep(time.Hour) // In the bubble's own time: no goroutine may outlive the test.
			require.Equal(t, 1, lines.FilterLevelExact(zap.WarnLevel).Len())
		})
	})
}

func TestWait(t *testing.T) {
	t.Parallel()

	t.Run("ends_with_the_context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, host.Of(0, zap.NewNop()).Wait(ctx))
	})

	t.Run("tells_the_first_reason_why_a_worker_cannot_go_on", func(t *testing.T) {
		t.Parallel()
		h := host.Of(0, zap.NewNop())
		reason := errors.New("namespace deleted")
		h.Fail("bioenroll", reason)
		h.Fail("bioenroll-authid", errors.New("the same again"))
		err := h.Wait(t.Context())
		require.ErrorIs(t, err, reason)
		require.ErrorContains(t, err, "task queue bioenroll ")
	})
}

func observed() (*zap.Logger, *observer.ObservedLogs) {
	core, lines := observer.New(zap.InfoLevel)
	return zap.New(core), lines
}
