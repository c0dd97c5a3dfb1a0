// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package planning

import (
	"context"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/rest"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

// definitions compares what a component brings with what is there, and notes it for the
// planner.
func definitions(ctx context.Context, b *base, s *side, c *component, states map[string]plan.CRDState) ([]CRDChange, error) {
	var out []CRDChange
	for _, next := range c.crds {
		current, err := b.definition(ctx, next.Name)
		if err != nil {
			return nil, err
		}
		if current == nil {
			out = append(out, CRDChange{Action: ActionCreate, Name: next.Name})
			continue
		}
		state := crds.FromObject(current)
		states[next.Name] = plan.CRDState{
			Established: true, Digest: state.Digest, Owner: v1alpha1.ReleaseName(s.bundle.Name, c.Name), Terminating: state.Terminating,
		}
		if state.Digest == next.Digest {
			continue
		}
		change := CRDChange{Action: ActionChange, Name: next.Name}
		wanted, err := full(next)
		if err != nil {
			return nil, err
		}
		for _, narrower := range crds.Compare(current, wanted) {
			change.Narrows = append(change.Narrows, narrower.String())
		}
		question := crds.Question{Owner: v1alpha1.ReleaseName(s.bundle.Name, c.Name), Current: &state, Next: next}
		if err := b.check(ctx, question); err != nil {
			change.Refused = failure.Message(err)
		}
		out = append(out, change)
	}
	slices.SortFunc(out, func(a, b CRDChange) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(out, func(a, b CRDChange) bool { return a.Name == b.Name }), nil
}

// checker asks the operator's own checker, which looks at live objects, and waits.
type checker struct {
	checks *crds.Checker
	wake   chan struct{}
}

// checkTimeout bounds one look at the live objects of a kind.
const checkTimeout = time.Minute

// newChecker makes one that works until the context ends.
func newChecker(ctx context.Context, config *rest.Config) (*checker, error) {
	c := &checker{wake: make(chan struct{}, 1)}
	checks, err := crds.NewChecker(config, crds.CheckerOptions{Wake: func(string) {
		select {
		case c.wake <- struct{}{}:
		default: // it is awake already
		}
	}})
	if err != nil {
		return nil, err
	}
	c.checks = checks
	go func() { _ = checks.Start(ctx) }() // it ends with the context and has no error
	return c, nil
}

func (c *checker) check(ctx context.Context, q crds.Question) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	for {
		done, err := c.checks.Check("plan", q) //nolint:contextcheck // it lives as long as the context of its Start
		if done || failure.ClassOf(err) == failure.ClassTerminal {
			return err
		}
		select {
		case <-c.wake:
		case <-ctx.Done():
			return failure.Retryable(v1alpha1.ReasonPrepareFailed, "its live objects were not read in time: %w", ctx.Err())
		}
	}
}
