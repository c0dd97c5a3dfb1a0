// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package shard_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/groundwork-dev/groundwork/internal/shard"
)

var longest = strings.Repeat("a", shard.MaxLength)

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, right := range map[string]bool{
		"": true, "a": true, "team-1": true, longest: true,
		longest + "a": false, "Team": false, "a.b": false, "a_b": false, "-a": false, "a-": false, "a b": false,
	} {
		err := shard.Validate(name)
		if (err == nil) != right {
			t.Errorf("%q: %v", name, err)
		}
		if err != nil && !strings.Contains(err.Error(), name) {
			t.Errorf("%q is not named: %v", name, err)
		}
	}
}

// TestNames: whatever is right as a shard is so wherever its name goes, two shards never
// share a lease, and the shard of an identity is found again.
func TestNames(t *testing.T) {
	t.Parallel()
	leases := map[string]string{}
	for _, name := range []string{"", "a", "ab", longest} {
		lease, identity := shard.LeaseName(name), shard.Identity(name, strings.ToLower(rand.Text()))
		if problems := validation.IsDNS1123Subdomain(lease); len(problems) > 0 {
			t.Errorf("lease %s: %v", lease, problems)
		}
		if problems := validation.IsValidLabelValue(identity); len(problems) > 0 {
			t.Errorf("identity %s: %v", identity, problems)
		}
		if got := shard.OfHolder(identity); got != name {
			t.Errorf("the shard of %s is %q, want %q", identity, got, name)
		}
		if other, taken := leases[lease]; taken {
			t.Errorf("%q and %q have the same lease", name, other)
		}
		leases[lease] = name
	}
	if shard.OfHolder("") != "" {
		t.Error("nobody has a shard")
	}
}

// leases answers with those it holds.
type leases struct {
	coordinationclient.LeaseInterface
	items []coordinationv1.Lease
	err   error
	asked int
	query string
}

func (l *leases) Leases(namespace string) coordinationclient.LeaseInterface {
	l.query = namespace + "/"
	return l
}

func (l *leases) List(_ context.Context, options metav1.ListOptions) (*coordinationv1.LeaseList, error) {
	l.asked++
	l.query += options.FieldSelector
	return &coordinationv1.LeaseList{Items: l.items}, l.err
}

func held(version, holder string) coordinationv1.Lease {
	seconds := int32(15)
	return coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: "groundwork-system", ResourceVersion: version},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &seconds},
	}
}

func TestPeers(t *testing.T) {
	t.Parallel()
	const unproven = 10 * time.Minute
	type step struct {
		after time.Duration
		items []coordinationv1.Lease
		gone  bool
	}
	for name, tc := range map[string]struct {
		reason, shard string
		steps         []step
	}{
		"given back":           {"its leader has ended in good order", "a", []step{{0, []coordinationv1.Lease{held("1", "")}, true}}},
		"renewed":              {"a leader that renews lives", "a", []step{{0, []coordinationv1.Lease{held("1", "x")}, false}, {14 * time.Second, []coordinationv1.Lease{held("2", "x")}, false}, {14 * time.Second, []coordinationv1.Lease{held("2", "x")}, false}}},
		"run out":              {"one that does not is gone, but only after it was watched for that long: clocks differ", "a", []step{{0, []coordinationv1.Lease{held("1", "x")}, false}, {14 * time.Second, []coordinationv1.Lease{held("1", "x")}, false}, {time.Second, []coordinationv1.Lease{held("1", "x")}, true}}},
		"back again":           {"a new leader after the end lives", "a", []step{{0, []coordinationv1.Lease{held("1", "x")}, false}, {15 * time.Second, []coordinationv1.Lease{held("1", "x")}, true}, {2 * time.Second, []coordinationv1.Lease{held("2", "y")}, false}}},
		"never there":          {"an operator of a shard has a lease, or there is none", "a", []step{{0, nil, false}, {14 * time.Second, nil, false}, {time.Second, nil, true}}},
		"taken a moment later": {"what was seen a moment ago proves nothing", "a", []step{{0, []coordinationv1.Lease{held("1", "")}, true}, {200 * time.Millisecond, []coordinationv1.Lease{held("2", "y")}, false}}},
		"without a shard":      {"that one may run without leader election", "", []step{{0, nil, false}, {time.Minute, nil, false}, {9 * time.Minute, nil, true}}},
		"without, run out":     {"but with a lease it is like others", "", []step{{0, []coordinationv1.Lease{held("1", "x")}, false}, {15 * time.Second, []coordinationv1.Lease{held("1", "x")}, true}}},
		"in several places":    {"one of them lives", "a", []step{{0, []coordinationv1.Lease{held("1", "x"), held("2", "y")}, false}, {14 * time.Second, []coordinationv1.Lease{held("1", "x"), held("3", "y")}, false}, {14 * time.Second, []coordinationv1.Lease{held("1", "x"), held("3", "y")}, false}}},
		"given back elsewhere": {"a lease that was left in another namespace proves nothing", "a", []step{{0, []coordinationv1.Lease{held("1", ""), held("2", "y")}, false}, {14 * time.Second, []coordinationv1.Lease{held("1", ""), held("3", "y")}, false}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := clocktesting.NewFakePassiveClock(time.Unix(1000, 0))
			source := &leases{}
			peers := shard.NewPeers(source, clock, unproven)
			for i, s := range tc.steps {
				clock.SetTime(clock.Now().Add(s.after))
				source.items = s.items
				gone, again, err := peers.Gone(t.Context(), tc.shard)
				if err != nil {
					t.Fatal(err)
				}
				if gone != s.gone {
					t.Errorf("step %d: gone is %v: %s", i, gone, tc.reason)
				}
				if gone != (again == 0) || again > 2*time.Second {
					t.Errorf("step %d: asked again after %s", i, again)
				}
			}
			if want := "/metadata.name=" + shard.LeaseName(tc.shard); source.query != want {
				t.Errorf("asked for %s, want %s", source.query, want)
			}
		})
	}
}

// TestPeersAreAskedTogether: a hundred bundles that wait for the same operator cost one
// request, and a failure is no answer.
func TestPeersAreAskedTogether(t *testing.T) {
	t.Parallel()
	source := &leases{err: errors.New("no leader")}
	clock := clocktesting.NewFakePassiveClock(time.Unix(1000, 0))
	peers := shard.NewPeers(source, clock, time.Minute)
	if _, _, err := peers.Gone(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "shard a: no leader") {
		t.Errorf("the error is %v", err)
	}
	source.err, source.asked, source.items = nil, 0, []coordinationv1.Lease{held("1", "x")}
	for range 100 {
		if gone, _, err := peers.Gone(t.Context(), "a"); gone || err != nil {
			t.Errorf("gone %v, %v", gone, err)
		}
	}
	if source.asked != 1 {
		t.Errorf("%d requests", source.asked)
	}
}
