// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

func next() Definition {
	return Definition{
		Name: "widgets.example.com", Group: "example.com", Kind: "Widget", Plural: "widgets", Namespaced: true,
		Versions: []Version{{"v1", true, true}, {"v1beta1", true, false}}, Digest: "sha256:new",
	}
}

func held(change func(*State)) State {
	s := State{
		Name: "widgets.example.com", Group: "example.com", Kind: "Widget", Plural: "widgets", Namespaced: true,
		Versions: []Version{{"v1", true, true}}, StoredVersions: []string{"v1"}, Established: true,
		Owner: "week1.widgets", Digest: "sha256:old",
	}
	if change != nil {
		change(&s)
	}
	return s
}

func TestCheckChange(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		current State
		want    string // part of the message; empty: allowed
	}{
		"same names":               {held(nil), ""},
		"stored version is kept":   {held(func(s *State) { s.StoredVersions = []string{"v1", "v1beta1"} }), ""},
		"served version goes":      {held(func(s *State) { s.Versions = append(s.Versions, Version{"v1alpha1", true, false}) }), ""},
		"stored version goes":      {held(func(s *State) { s.StoredVersions = []string{"v2", "v1", "v1alpha1"} }), "stored in v1alpha1, v2, which"},
		"scope changes":            {held(func(s *State) { s.Namespaced = false }), "scope would change from Cluster to Namespaced"},
		"group changes":            {held(func(s *State) { s.Group = "example.org" }), "group would change from example.org to example.com"},
		"kind changes":             {held(func(s *State) { s.Kind = "Gadget" }), "kind would change from Gadget to Widget"},
		"plural changes":           {held(func(s *State) { s.Plural = "widgetses" }), "plural name would change from widgetses to widgets"},
		"unknown to the cluster's": {held(func(s *State) { s.StoredVersions = nil }), ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := CheckChange(tc.current, next())
			if tc.want == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if failure.ClassOf(err) != failure.ClassTerminal || failure.ReasonOf(err, "") != v1alpha1.ReasonCRDChangeUnsafe {
				t.Fatalf("error = %v, want Terminal %s", err, v1alpha1.ReasonCRDChangeUnsafe)
			}
			if !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "widgets.example.com") {
				t.Errorf("message = %q, want the name and %q", err, tc.want)
			}
		})
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	foreign := func(s *State) { s.Owner = "week1.other" }
	tests := map[string]struct {
		current *State
		need    []string
		exists  func(string) bool
		want    Action
		reason  string
	}{
		"missing":                        {nil, nil, nil, ActionCreate, ""},
		"same digest":                    {new(held(func(s *State) { s.Digest = "sha256:new" })), nil, nil, ActionKeep, ""},
		"same digest, not established":   {new(held(func(s *State) { s.Digest, s.Established = "sha256:new", false })), nil, nil, ActionKeep, ""},
		"same digest, label lost":        {new(held(func(s *State) { s.Digest, s.Owner = "sha256:new", "" })), nil, nil, ActionUpdate, ""},
		"other digest":                   {new(held(nil)), nil, nil, ActionUpdate, ""},
		"not ours yet":                   {new(held(func(s *State) { s.Owner, s.Digest = "", "" })), nil, nil, ActionUpdate, ""},
		"unsafe":                         {new(held(func(s *State) { s.Namespaced = false })), nil, nil, "", v1alpha1.ReasonCRDChangeUnsafe},
		"terminating":                    {new(held(func(s *State) { s.Terminating = true })), nil, nil, ActionWait, ""},
		"terminating with another scope": {new(held(func(s *State) { s.Terminating, s.Namespaced = true, false })), nil, nil, ActionWait, ""},
		"another owner":                  {new(held(foreign)), []string{"v1"}, nil, ActionForeign, ""},
		"another owner, nothing needed":  {new(held(foreign)), nil, nil, ActionForeign, ""},
		"another owner lacks a version":  {new(held(foreign)), []string{"v1beta1", "v1"}, nil, "", v1alpha1.ReasonKindNotServed},
		"another owner that is gone":     {new(held(foreign)), []string{"v1beta1"}, func(string) bool { return false }, ActionUpdate, ""},
		"another owner that lives": {
			new(held(foreign)), []string{"v1beta1"}, func(o string) bool { return o == "week1.other" }, "", v1alpha1.ReasonKindNotServed,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := next()
			got, err := Decide(Question{Owner: "week1.widgets", Current: tc.current, Next: &d, Need: tc.need, OwnerExists: tc.exists})
			if got.Action != tc.want || failure.ReasonOf(err, "") != tc.reason {
				t.Errorf("Decide = %q, %v; want %q, reason %q", got.Action, err, tc.want, tc.reason)
			}
			if err == nil && (got.Message == "") != (got.Action == ActionKeep) {
				t.Errorf("%s has message %q", got.Action, got.Message)
			}
		})
	}
}

func TestConversionChanges(t *testing.T) {
	t.Parallel()
	d := next()
	d.Conversion = "None"
	if ConversionChanges(State{Conversion: "None"}, &d) || !ConversionChanges(State{Conversion: "Webhook a/b/"}, &d) {
		t.Error("a change of conversion was not told apart")
	}
	var none *conversion
	if none.describe() != (&conversion{Strategy: "None"}).describe() {
		t.Error("no conversion and strategy None differ")
	}
}

func TestIndex(t *testing.T) {
	t.Parallel()
	unborn := held(func(s *State) {
		s.Name, s.Kind, s.Plural, s.Established = "gadgets.example.com", "Gadget", "gadgets", false
	})
	dying := held(func(s *State) {
		s.Name, s.Kind, s.Plural, s.Terminating = "gizmos.example.com", "Gizmo", "gizmos", true
	})
	squatter := held(func(s *State) {
		s.Name, s.Plural, s.Established, s.Owner = "widgetz.example.com", "widgetz", false, "squatter"
	})
	widget := held(func(s *State) {
		s.Versions = []Version{{"v1", true, true}, {"v1beta1", true, false}, {"v1alpha1", false, false}}
	})
	states := []State{unborn, dying, widget, squatter}
	ix := NewIndex(states)
	gvk := func(kind, version string) schema.GroupVersionKind {
		return schema.GroupVersionKind{Group: "example.com", Version: version, Kind: kind}
	}
	for k, want := range map[schema.GroupVersionKind]bool{
		gvk("Widget", "v1"): true, gvk("Widget", "v1alpha1"): false, gvk("Gadget", "v1"): false, gvk("Gizmo", "v1"): false, gvk("None", "v1"): false,
	} {
		if got := ix.Serves(k); got != want {
			t.Errorf("Serves(%s) = %t, want %t", k, got, want)
		}
	}
	if diff := cmp.Diff([]schema.GroupVersionKind{gvk("Widget", "v1"), gvk("Widget", "v1beta1")}, ExistingKinds(states)); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	if owner, ok := ix.Owner(gvk("Widget", "").GroupKind()); owner != "week1.widgets" || !ok {
		t.Errorf("Owner = %q, %t", owner, ok)
	}
	if _, ok := ix.Owner(gvk("None", "").GroupKind()); ok {
		t.Error("an unknown kind has an owner")
	}
	if _, ok := ix.Get("gizmos.example.com"); !ok {
		t.Error("Get does not find a definition by name")
	}
}
