package main

import (
	"context"
	"fmt"
	"maps"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	sdk "go.temporal.io/sdk/client"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/standalone/bench/baseline"
	"github.com/bioenroll/bioenroll/standalone/bench/report"
)

// costs plays one journey of each kind, then its skeleton, and counts. The
// shapes that it finds serve the later measurements.
func (b *bench) costs(ctx context.Context) error {
	for _, k := range kinds() {
		p, err := b.ours(k, enroll.DefaultPace())
		if err != nil {
			return err
		}
		if _, _, err := b.cost(ctx, p, sdk.DefaultNamespace, settle); err != nil { // The first one also fetches access tokens.
			return err
		}
		cost, played, err := b.cost(ctx, p, sdk.DefaultNamespace, settle)
		if err != nil {
			return err
		}
		cost.Kind, cost.Variant = k.name, report.Ours
		b.found.Costs = append(b.found.Costs, cost)
		b.progress("  %-32s %d events, %d actions", k.name, cost.Events, cost.Actions)
		if err := b.costOfSkeleton(ctx, k.name, played); err != nil {
			return fmt.Errorf("skeleton of %s: %w", k.name, err)
		}
	}
	cost, _, err := b.cost(ctx, b.bare(), baselineNamespace, settle)
	cost.Kind, cost.Variant = "update, two activities, one signal", report.Bare
	b.found.Costs = append(b.found.Costs, cost)
	return err
}

// costOfSkeleton counts the same for the skeleton of a journey, and compares
// the two histories.
func (b *bench) costOfSkeleton(ctx context.Context, kind string, played *historypb.History) error {
	shape, err := baseline.ShapeOf(played)
	if err != nil {
		return err
	}
	b.shapes[kind] = shape
	cost, copied, err := b.cost(ctx, b.skeleton(shape), baselineNamespace, settle)
	if err != nil {
		return err
	}
	cost.Kind, cost.Variant = kind, report.Skeleton
	cost.SameShape = maps.Equal(eventTypes(played), eventTypes(copied))
	b.found.Costs = append(b.found.Costs, cost)
	return nil
}

// cost plays one journey, whose person needs a while, and counts what it cost.
func (b *bench) cost(ctx context.Context, p player, namespace string, person time.Duration) (report.Cost, *historypb.History, error) {
	if err := p.prepare(ctx, 1); err != nil {
		return report.Cost{}, nil, err
	}
	before, err := b.actions(ctx, namespace)
	if err != nil {
		return report.Cost{}, nil, err
	}
	j, err := p.start(ctx)
	if err != nil {
		return report.Cost{}, nil, err
	}
	if err := pause(ctx, person); err != nil {
		return report.Cost{}, nil, err
	}
	if _, err := j.finish(ctx); err != nil {
		return report.Cost{}, nil, err
	}
	return b.count(ctx, j, before, namespace)
}

// count tells what a closed journey cost since the earlier reading.
func (b *bench) count(ctx context.Context, j journey, before map[string]int, namespace string) (report.Cost, *historypb.History, error) {
	if err := pause(ctx, 50*time.Millisecond); err != nil { // The server counts an action when it has answered.
		return report.Cost{}, nil, err
	}
	after, err := b.actions(ctx, namespace)
	if err != nil {
		return report.Cost{}, nil, err
	}
	d, err := j.describe(ctx)
	if err != nil {
		return report.Cost{}, nil, err
	}
	spent, calls := after.Since(before), 0
	if j.calls != nil {
		if calls, err = j.calls(ctx); err != nil {
			return report.Cost{}, nil, err
		}
	}
	h, err := history(ctx, j)
	return report.Cost{Events: d.events, Bytes: d.bytes, Actions: spent.Total(), ByType: spent, Calls: calls}, h, err
}

// eventTypes counts the events of a history by type.
func eventTypes(h *historypb.History) map[enumspb.EventType]int {
	count := map[enumspb.EventType]int{}
	for _, event := range h.GetEvents() {
		count[event.GetEventType()]++
	}
	return count
}
