package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdk "go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/bioenroll/bioenroll/internal/dial"
	"github.com/bioenroll/bioenroll/internal/keys"
	"github.com/bioenroll/bioenroll/internal/records"
	"github.com/bioenroll/bioenroll/internal/seal"
	"github.com/bioenroll/bioenroll/standalone/bench/measure"
	"github.com/bioenroll/bioenroll/standalone/bench/process"
	"github.com/bioenroll/bioenroll/standalone/demo"
	"github.com/bioenroll/bioenroll/standalone/stack"
)

// system is everything that runs while measuring.
type system struct {
	folder      string
	environment map[string]string
	metrics     string
	simulators  string
	parts       map[string]*process.Child
	keys        *keys.Keys
	sealed      *seal.Store
	records     *records.Store
	temporal    sdk.Client // journeys, encrypted
	plain       sdk.Client // baselines
	user        *demo.User
	http        *http.Client
	names       atomic.Int64 // of baselines
	subjects    atomic.Int64
}

// startSystem brings everything up, or nothing.
func startSystem(ctx context.Context) (*system, error) {
	folder, err := os.MkdirTemp("", "bioenroll-bench")
	if err != nil {
		return nil, fmt.Errorf("make a temporary folder: %w", err)
	}
	s := &system{folder: folder, parts: map[string]*process.Child{}, http: &http.Client{Timeout: time.Minute}}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *system) start(ctx context.Context) error {
	var server serverReady
	var simulators simulatorsReady
	here := map[string]string{folderVariable: s.folder}
	if err := s.run(ctx, partServer, here, &server); err != nil {
		return err
	}
	if err := s.run(ctx, partSimulators, here, &simulators); err != nil {
		return err
	}
	s.metrics, s.simulators = "http://"+server.Metrics+"/metrics", simulators.URL
	s.environment = environment(s.folder, server.Frontend, simulators.URL)
	s.user = demo.NewUser(simulators.URL)
	if err := s.connect(ctx, server.Frontend); err != nil {
		return err
	}
	if err := s.run(ctx, partWorker, s.environment, &workerReady{}); err != nil {
		return err
	}
	return s.startBaselines(ctx)
}

func (s *system) run(ctx context.Context, part string, environment map[string]string, ready any) error {
	child, err := process.Start(ctx, s.folder, part, environment, ready)
	if err != nil {
		return err
	}
	s.parts[part] = child
	return nil
}

// restart replaces a worker by a fresh one.
func (s *system) restart(ctx context.Context, part string) error {
	if err := s.end(part); err != nil {
		return err
	}
	return s.run(ctx, part, s.environment, &workerReady{})
}

// end stops a part before the others.
func (s *system) end(part string) error {
	child := s.parts[part]
	delete(s.parts, part)
	return child.Stop()
}

func (s *system) connect(ctx context.Context, address string) error {
	var err error
	if s.keys, err = openKeys(s.environment); err != nil {
		return err
	}
	if s.sealed, err = seal.OpenFolder(ctx, s.environment["BIOENROLL_SEALED_DIR"], s.keys); err != nil {
		return err
	}
	if s.records, err = records.Open(ctx, s.environment["BIOENROLL_RECORDS_URL"], s.keys); err != nil {
		return err
	}
	s.temporal, err = dial.Dial(ctx, sdk.Options{HostPort: address, Namespace: sdk.DefaultNamespace}, s.keys, zap.NewNop())
	return err
}

// startBaselines makes the namespace of the baselines and runs their workers.
func (s *system) startBaselines(ctx context.Context) (err error) {
	if err := s.makeNamespace(ctx, baselineNamespace); err != nil {
		return err
	}
	if s.plain, err = dialClear(ctx, s.clearOptions(baselineNamespace), zap.NewNop()); err != nil {
		return err
	}
	return s.run(ctx, partBaselines, s.environment, &workerReady{})
}

// makeNamespace makes a namespace with our search attributes.
func (s *system) makeNamespace(ctx context.Context, name string) error {
	_, err := s.temporal.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: name, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	if err != nil {
		return fmt.Errorf("make the namespace %s: %w", name, err)
	}
	err = until(ctx, 20*time.Second, func() error {
		_, err := s.temporal.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
			Namespace: name, SearchAttributes: stack.SearchAttributes(),
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("make the search attributes of the namespace %s: %w", name, err)
	}
	return nil
}

// clearOptions lead to a namespace of the server.
func (s *system) clearOptions(namespace string) sdk.Options {
	return sdk.Options{HostPort: s.environment["TEMPORAL_ADDRESS"], Namespace: namespace}
}

// until repeats what a server that has just learned something may still refuse.
func until(ctx context.Context, patience time.Duration, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return nil
		}
		if pause(ctx, 200*time.Millisecond) != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// actions reads the server's counter for a namespace.
func (s *system) actions(ctx context.Context, namespace string) (measure.Actions, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.metrics, nil)
	if err != nil {
		return nil, fmt.Errorf("read the server's actions: %w", err)
	}
	answer, err := s.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("read the server's actions: %w", err)
	}
	defer answer.Body.Close() //nolint:errcheck // the answer has been read
	return measure.ReadActions(answer.Body, namespace)
}

// stop ends everything in the reverse order and removes the folder.
func (s *system) stop() error {
	var errs []error
	for _, connection := range []sdk.Client{s.plain, s.temporal} {
		if connection != nil {
			connection.Close()
		}
	}
	if s.records != nil {
		errs = append(errs, s.records.Close())
	}
	for _, part := range []string{partBaselines, partGateway, partClear, partWorker, partServer, partSimulators} {
		if child := s.parts[part]; child != nil {
			errs = append(errs, child.Stop())
		}
	}
	return errors.Join(append(errs, os.RemoveAll(s.folder))...)
}
