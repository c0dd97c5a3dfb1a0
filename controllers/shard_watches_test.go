// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

func bundleIn(shard string) *v1alpha1.PlatformBundle {
	bundle := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "week1"}}
	if shard != "" {
		bundle.Labels = map[string]string{v1alpha1.ShardLabel: shard}
	}
	return bundle
}

// TestConcerning: each object concerns one shard, and one that moves the one that it
// leaves too.
func TestConcerning(t *testing.T) {
	t.Parallel()
	for _, shard := range []string{"", "a", "b"} {
		for _, of := range []string{"", "a", "b", "unknown"} {
			p, want := concerning(shard), shard == of
			for name, got := range map[string]bool{
				"create": p.Create(event.CreateEvent{Object: bundleIn(of)}), "delete": p.Delete(event.DeleteEvent{Object: bundleIn(of)}),
				"update": p.Update(event.UpdateEvent{ObjectOld: bundleIn(of), ObjectNew: bundleIn(of)}),
			} {
				if got != want {
					t.Errorf("%s of an object of %q concerns %q: %v", name, of, shard, got)
				}
			}
			for _, to := range []string{"", "a", "b"} {
				moved := event.UpdateEvent{ObjectOld: bundleIn(of), ObjectNew: bundleIn(to)}
				if got := p.Update(moved); got != (shard == of || shard == to) {
					t.Errorf("moving from %q to %q concerns %q: %v", of, to, shard, got)
				}
				if got := leaving(shard).Update(moved); got != (of != to) {
					t.Errorf("moving from %q to %q is leaving: %v", of, to, got)
				}
			}
			if got := leaving(shard).Create(event.CreateEvent{Object: bundleIn(of)}); got == want {
				t.Errorf("a bundle of %q that is found by %q is leaving: %v", of, shard, got)
			}
		}
	}
	empty := bundleIn("a")
	empty.Labels[v1alpha1.ShardLabel] = ""
	if !concerning("").Create(event.CreateEvent{Object: empty}) {
		t.Error("an empty label is none")
	}
}

// TestTrimForeign: of other shards no more is kept than decisions need; of this one all.
func TestTrimForeign(t *testing.T) {
	t.Parallel()
	full := func() (*v1alpha1.PlatformBundle, *v1alpha1.ComponentRelease) {
		bundle := bundleIn("a")
		bundle.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "somebody"}}
		bundle.Spec.CatalogVersion, bundle.Status.Ready = "2026.11", "1/1"
		release := &v1alpha1.ComponentRelease{ObjectMeta: *bundle.ObjectMeta.DeepCopy()}
		release.Annotations = map[string]string{v1alpha1.TimelineAnnotation: "{}"}
		release.Spec = v1alpha1.ComponentReleaseSpec{
			Bundle: "week1", Component: "loki", Namespace: "logs", ReleaseName: "loki", InputsDigest: "d",
		}
		release.Status.Revision = 1
		return bundle, release
	}
	for shard, whole := range map[string]bool{"a": true, "b": false, "": false} {
		bundle, release := full()
		want, wantRelease := full()
		want.ManagedFields, wantRelease.ManagedFields = nil, nil
		if !whole {
			want.Spec, want.Status = v1alpha1.PlatformBundleSpec{}, v1alpha1.PlatformBundleStatus{}
			wantRelease.Annotations, wantRelease.Spec.InputsDigest, wantRelease.Status = nil, "", v1alpha1.ComponentReleaseStatus{}
		}
		for _, pair := range [][2]any{{bundle, want}, {release, wantRelease}} {
			got, err := trimForeign(shard)(pair[0])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(pair[1], got); diff != "" {
				t.Errorf("shard %q (-want +got):\n%s", shard, diff)
			}
		}
	}
}

func TestForeign(t *testing.T) {
	t.Parallel()
	release := func(annotations map[string]string) *v1alpha1.ComponentRelease {
		return &v1alpha1.ComponentRelease{ObjectMeta: metav1.ObjectMeta{Annotations: annotations}}
	}
	for name, tc := range map[string]struct {
		shard, holder string
		annotations   map[string]string
		want          bool
	}{
		"ours, without shards":        {"", "x", nil, false},
		"ours":                        {"a", "a.x", nil, false},
		"nobody's":                    {"a", "", nil, false},
		"another shard's":             {"a", "b.x", nil, true},
		"of the one without a shard":  {"a", "x", nil, true},
		"seen by it":                  {"", "a.x", nil, true},
		"given up":                    {"a", "b.x", map[string]string{v1alpha1.HandedOverAnnotation: "b"}, false},
		"given up by another":         {"a", "c.x", map[string]string{v1alpha1.HandedOverAnnotation: "b"}, true},
		"given up by the one without": {"a", "x", map[string]string{v1alpha1.HandedOverAnnotation: ""}, false},
	} {
		if got := (&ComponentReleaseReconciler{Shard: tc.shard}).foreign(release(tc.annotations), tc.holder); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
