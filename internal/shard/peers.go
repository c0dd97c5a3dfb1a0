// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/utils/clock"
)

const (
	// leaseDuration is how long a leader may be silent, where its lease does not say.
	leaseDuration = 15 * time.Second
	// poll is how often a lease is read while somebody waits for its end.
	poll = 2 * time.Second
	// fresh is how long an answer is good for: many bundles ask the same at once.
	fresh = time.Second
)

// Peers says of the operators of other shards whether one of them leads. It reads
// leases, and only when it is asked. Safe for concurrent use.
type Peers struct {
	leases coordinationclient.LeasesGetter
	clock  clock.PassiveClock
	// unproven is how long the operator without a shard is believed to live of which there
	// is no lease: it may run without leader election, which those of shards may not.
	unproven time.Duration

	mu   sync.Mutex
	seen map[string]*sighting
}

// sighting is what was seen of the leases of one shard.
type sighting struct {
	// asking keeps all but one from asking the API server.
	asking sync.Mutex
	// state of the leases, and since when it has been that, by the clock of this process:
	// the clocks of others are not compared.
	state string
	since time.Time
	// wait is how long that state must last for a proof.
	wait time.Duration
	at   time.Time
}

// NewPeers makes Peers. Unproven is how long nothing is concluded of the operator
// without a shard from there being no lease of it.
func NewPeers(leases coordinationclient.LeasesGetter, passive clock.PassiveClock, unproven time.Duration) *Peers {
	return &Peers{leases: leases, clock: passive, unproven: unproven, seen: map[string]*sighting{}}
}

// Gone says whether it is proven that nobody acts for a shard: its leader has given its
// lease back, or has not renewed it for as long as it lasts, or there never was one.
// If it is not proven yet, again is when to ask the next time.
func (p *Peers) Gone(ctx context.Context, name string) (gone bool, again time.Duration, err error) {
	s := p.sighting(name)
	s.asking.Lock()
	defer s.asking.Unlock()
	if s.at.IsZero() || p.clock.Since(s.at) >= fresh {
		if err := p.look(ctx, name, s); err != nil {
			return false, 0, err
		}
	}
	left := s.wait - p.clock.Since(s.since)
	if left <= 0 && p.clock.Since(s.at) > 0 {
		// What was seen a moment ago proves nothing: a replica may have begun to lead.
		if err := p.look(ctx, name, s); err != nil {
			return false, 0, err
		}
		left = s.wait - p.clock.Since(s.since)
	}
	return left <= 0, max(0, min(left, poll)), nil
}

func (p *Peers) sighting(name string) *sighting {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen[name] == nil {
		p.seen[name] = &sighting{}
	}
	return p.seen[name]
}

// look reads the leases of a shard, in all namespaces: operators need not share one.
func (p *Peers) look(ctx context.Context, name string, s *sighting) error {
	list, err := p.leases.Leases(metav1.NamespaceAll).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, LeaseName(name)).String(),
	})
	if err != nil {
		return fmt.Errorf("list the leases %s of %s: %w", LeaseName(name), Words(name), err)
	}
	now := p.clock.Now()
	state, wait := p.judge(name, list.Items)
	if s.at.IsZero() || s.state != state {
		s.state, s.since = state, now
	}
	s.wait, s.at = wait, now
	return nil
}

// judge describes leases, so that a renewal describes them anew, and says how long they
// must stay the same to prove that nobody leads.
func (p *Peers) judge(name string, leases []coordinationv1.Lease) (state string, wait time.Duration) {
	var held []string
	for _, lease := range leases {
		spec := lease.Spec
		if spec.HolderIdentity == nil || *spec.HolderIdentity == "" {
			continue // given back
		}
		held = append(held, fmt.Sprintf("%s/%s %s", lease.Namespace, lease.ResourceVersion, *spec.HolderIdentity))
		duration := leaseDuration
		if spec.LeaseDurationSeconds != nil {
			duration = time.Duration(*spec.LeaseDurationSeconds) * time.Second
		}
		wait = max(wait, duration)
	}
	slices.Sort(held)
	switch {
	case len(held) > 0:
		return strings.Join(held, ","), cmp.Or(wait, leaseDuration)
	case len(leases) > 0:
		return "given back", 0
	case name == "":
		return "none", p.unproven
	default:
		return "none", leaseDuration
	}
}
