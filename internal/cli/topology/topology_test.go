// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package topology_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/cli/topology"
)

var epoch = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func node(name string, readyAfter int, dependsOn ...string) topology.Node {
	out := topology.Node{Name: name, State: v1alpha1.StateWaiting, DependsOn: dependsOn}
	if readyAfter > 0 {
		out.State, out.ReadyAt = v1alpha1.StateReady, epoch.Add(time.Duration(readyAfter)*time.Second)
	}
	return out
}

// outline writes a tree with indentation, and other dependencies behind it.
func outline(branches []*topology.Branch, indent string) string {
	var b strings.Builder
	for _, branch := range branches {
		fmt.Fprintln(&b, strings.TrimRight(indent+branch.Name+" "+strings.Join(branch.Also, ","), " "))
		b.WriteString(outline(branch.Below, indent+" "))
	}
	return b.String()
}

func TestTree(t *testing.T) {
	for name, tc := range map[string]struct {
		nodes []topology.Node
		want  string
	}{
		"under what was ready last":   {[]topology.Node{node("a", 5), node("b", 9), node("c", 20, "a", "b")}, "a\nb\n c a\n"},
		"under what is not ready":     {[]topology.Node{node("a", 0), node("b", 9), node("c", 0, "a", "b")}, "a\n c b\nb\n"},
		"under what comes last":       {[]topology.Node{node("a", 0), node("b", 0, "a"), node("c", 0, "a", "b")}, "a\n b\n  c a\n"},
		"by name where nothing tells": {[]topology.Node{node("a", 0), node("b", 0), node("c", 0, "a", "b")}, "a\n c b\nb\n"},
		"each one once in a circle":   {[]topology.Node{node("a", 0, "b"), node("b", 0, "a"), node("c", 0, "b")}, "b\n a\n c\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, outline(topology.Picture{Nodes: tc.nodes}.Tree(), "")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestLayersAndEdges(t *testing.T) {
	p := topology.Picture{Nodes: []topology.Node{node("a", 0), node("b", 0, "a"), node("c", 0, "a", "b"), node("d", 0), node("e", 0, "a", "d")}}
	if diff := cmp.Diff([][]string{{"a", "d"}, {"b", "e"}, {"c"}}, p.Layers()); diff != "" {
		t.Errorf("layers (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[string][]string{"b": {"a"}, "c": {"b"}, "e": {"a", "d"}}, p.Edges(false)); diff != "" {
		t.Errorf("edges (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(map[string][]string{"b": {"a"}, "c": {"a", "b"}, "e": {"a", "d"}}, p.Edges(true)); diff != "" {
		t.Errorf("all edges (-want +got)\n%s", diff)
	}
	circle := topology.Picture{Nodes: []topology.Node{node("a", 0, "b"), node("b", 0, "a"), node("c", 0, "b")}}
	for _, layer := range circle.Layers() {
		if len(layer) == 0 {
			t.Errorf("an empty layer: %v", circle.Layers())
		}
	}
}

// TestLive: edges of a component without a release come from the catalog, those of one
// with a release from there too, and times from the stages.
func TestLive(t *testing.T) {
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	at := func(seconds int) *metav1.MicroTime {
		return &metav1.MicroTime{Time: epoch.Add(time.Duration(seconds) * time.Second)}
	}
	bundle := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "week1", CreationTimestamp: metav1.Time{Time: epoch}}}
	bundle.Spec.Components = []v1alpha1.Component{{Name: "external-dns"}, {Name: "ingress-nginx"}, {Name: "loki"}}
	bundle.Status.Components = []v1alpha1.ComponentStatus{
		{Name: "external-dns", State: v1alpha1.StateWaiting}, {Name: "ingress-nginx", State: v1alpha1.StateReady}, {Name: "loki", State: v1alpha1.StateProgressing},
	}
	release := func(name string, timeline v1alpha1.Timeline, guardedBy ...string) v1alpha1.ComponentRelease {
		out := v1alpha1.ComponentRelease{Spec: v1alpha1.ComponentReleaseSpec{Component: name, GuardedBy: guardedBy, DependsOn: []string{"gone"}}}
		out.Status.Timeline = &timeline
		return out
	}
	releases := []v1alpha1.ComponentRelease{
		release("ingress-nginx", v1alpha1.Timeline{Generation: 1, Began: at(2), Ready: at(7)}),
		release("loki", v1alpha1.Timeline{Generation: 1, Began: at(3), Released: at(8)}, "ingress-nginx"),
	}
	var got []string
	for _, n := range topology.Live(bundle, releases, catalogs).Nodes {
		got = append(got, fmt.Sprintf("%s after %v since %s took %s", n.Name, n.DependsOn, n.Since.Sub(epoch), n.Took))
	}
	want := []string{
		"external-dns after [ingress-nginx] since 0s took 0s",
		"ingress-nginx after [] since 7s took 5s",
		"loki after [ingress-nginx] since 8s took 0s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
