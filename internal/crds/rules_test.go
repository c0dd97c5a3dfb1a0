// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"testing"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// What is refused, with the number of live objects and the cure, word for word: people read it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	old := func(s *State) {
		s.Versions = []Version{{"v1alpha1", true, false}, {"v1", true, true}}
		s.StoredVersions = []string{"v1alpha1", "v1"}
	}
	oldStorage := func(s *State) { s.Versions, s.StoredVersions = []Version{{"v0", true, true}}, []string{"v0"} }
	moving := func(s *State) {
		s.Versions, s.StoredVersions = []Version{{"v0", true, true}, {"v1", true, false}}, []string{"v0"}
	}
	const (
		refused = "CustomResourceDefinition widgets.example.com must not be changed: "
		patch   = "run `kubectl patch crd widgets.example.com --subresource=status --type=merge -p '{\"status\":{\"storedVersions\":[\"v1\"]}}'`"
		migrate = "migrate the stored objects to v1 (`kubectl get widgets.v1.example.com -A -o json | kubectl replace -f -` writes each of them again), then "
		through = "go through a chart version whose definition has both v0 and v1, migrate the stored objects to v1 as the guide of its project " +
			"says and remove v0 from status.storedVersions"
		move   = "make v1 the storage version of the live definition, write each object in v1 as the migration guide of its project says, then "
		remove = "nothing would be lost: delete the definition (`kubectl delete crd widgets.example.com`), and it is created anew"
	)
	unserving := next()
	unserving.Versions = []Version{{"v1", true, true}, {"v1alpha1", false, false}}
	tests := map[string]struct {
		current State
		next    Definition
		live    int
		want    string
	}{
		"stored, not counted": {held(old), next(), unknownCount, "objects may be stored in v1alpha1, which the new definition lacks; " + migrate + patch},
		"stored, one object":  {held(old), next(), 1, "1 live Widget object may be stored in v1alpha1, which the new definition lacks; " + migrate + patch},
		"stored, objects":     {held(old), next(), 12, "12 live Widget objects may be stored in v1alpha1, which the new definition lacks; " + migrate + patch},
		"stored, no object": {
			held(old), next(), 0, "no Widget object is there, but status.storedVersions says that some may be stored in v1alpha1, " +
				"which the new definition lacks; there is nothing to migrate: " + patch,
		},
		"storage version, objects":        {held(oldStorage), next(), 3, "3 live Widget objects may be stored in v0, which the new definition lacks; " + through},
		"storage version, served by both": {held(moving), next(), 3, "3 live Widget objects may be stored in v0, which the new definition lacks; " + move + patch},
		"storage version, no object":      {held(oldStorage), next(), 0, "no Widget object is there, but status.storedVersions says that some may be stored in v0, which the new definition lacks; " + remove},
		"stored and unserved":             {held(old), unserving, 2, "2 live Widget objects may be stored in v1alpha1, which the new definition no longer serves; " + migrate + patch},
		"scope, objects": {
			held(func(s *State) { s.Namespaced = false }), next(), 2, "its scope would change from Cluster to Namespaced under 2 live Widget objects; " +
				"choose a chart version that keeps it, or back up the objects, delete the definition and restore them",
		},
		"scope, no object": {held(func(s *State) { s.Namespaced = false }), next(), 0, "its scope would change from Cluster to Namespaced under 0 live Widget objects; " + remove},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checkChange(tc.current, tc.next, tc.live)
			if failure.ClassOf(err) != failure.ClassTerminal || failure.ReasonOf(err, "") != v1alpha1.ReasonCRDChangeUnsafe {
				t.Fatalf("error = %v, want Terminal %s", err, v1alpha1.ReasonCRDChangeUnsafe)
			}
			if err.Error() != refused+tc.want {
				t.Errorf("message:\n%s\nwant:\n%s", err, refused+tc.want)
			}
		})
	}
}

// A version that was not served before stays what it was: a chart that keeps it for its stored objects changes nothing.
func TestUnservedBefore(t *testing.T) {
	t.Parallel()
	d := next()
	d.Versions = []Version{{"v1", true, true}, {"v1alpha1", false, false}}
	s := held(func(s *State) {
		s.Versions = []Version{{"v1", true, true}, {"v1alpha1", false, false}}
		s.StoredVersions = []string{"v1alpha1", "v1"}
	})
	if err := CheckChange(s, d); err != nil {
		t.Errorf("refused: %v", err)
	}
}

func TestHasConversionWebhook(t *testing.T) {
	t.Parallel()
	for conversion, want := range map[string]bool{"": false, "None": false, "Webhook": true, "Webhook a/b/": true} {
		if got := (State{Conversion: conversion}).HasConversionWebhook(); got != want {
			t.Errorf("HasConversionWebhook(%q) = %t, want %t", conversion, got, want)
		}
	}
}
