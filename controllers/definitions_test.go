// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cluster"
	"github.com/groundwork-dev/groundwork/internal/crds"
)

func definition(name, version, owner string) crds.Object {
	object := crds.Object{ObjectMeta: metav1.ObjectMeta{Name: name + ".example.com", ResourceVersion: version}}
	if owner != "" {
		object.Labels = map[string]string{v1alpha1.CRDOwnerLabel: owner}
	}
	object.Spec.Group, object.Spec.Names = "example.com", crds.ObjectNames{Kind: name, Plural: name}
	object.Spec.Versions = []crds.Version{{Name: "v1", Served: true, Storage: true}}
	object.Status.Conditions = []crds.ObjectCondition{{Type: "Established", Status: "True"}}
	return object
}

func TestDefinitionBook(t *testing.T) {
	t.Parallel()
	var book definitionBook
	told := 0
	take := func(objects ...crds.Object) (crds.Index, []string, bool) {
		return book.take(objects, func([]cluster.CustomKind) bool { told++; return true })
	}
	if _, _, changed := take(); !changed || told != 1 {
		t.Fatal("a cluster without definitions is told of, too: discovery may have seen some")
	}
	a, b := definition("a", "1", "week1.a"), definition("b", "1", "")
	index, owners, changed := take(a, b)
	if !changed || !slices.Equal(owners, []string{"week1.a"}) {
		t.Errorf("owners %v, changed %t", owners, changed)
	}
	if state, ok := index.Get("a.example.com"); !ok || state.Owner != "week1.a" {
		t.Errorf("a is %v", state)
	}
	if state, _ := index.Without([]string{"week1.a"}).Get("a.example.com"); state.Owner != "" {
		t.Errorf("a belongs to %s, which is gone", state.Owner)
	}
	if _, _, changed := take(b, a); changed || told != 2 {
		t.Error("another order is another cluster")
	}
	for name, objects := range map[string][]crds.Object{
		"a new version":  {definition("a", "2", "week1.a"), b},
		"one is gone":    {a},
		"another one":    {a, definition("c", "1", "")},
		"none":           nil,
		"as before":      {a, b},
		"one more":       {a, b, definition("c", "1", "")},
		"one came again": {definition("a", "7", ""), b},
	} {
		take(a, b)
		before := told
		_, _, changed := take(objects...)
		if want := name != "as before"; changed != want || (told > before) != want {
			t.Errorf("%s: changed %t, told %d times", name, changed, told-before)
		}
	}
}
