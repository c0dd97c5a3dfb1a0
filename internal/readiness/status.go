// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package readiness

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// namedFindings is how many findings a message names.
const namedFindings = 3

// Object names one object of an inventory.
type Object struct {
	schema.GroupVersionKind
	// Namespace is empty for cluster-scoped objects.
	Namespace string
	// Name of the object.
	Name string
}

// String returns "Deployment monitoring/grafana", or "ClusterIssuer letsencrypt".
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

func compareObjects(a, b Object) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Group, b.Group), cmp.Compare(a.Version, b.Version))
}

// Finding is what keeps one object from being current.
type Finding struct {
	Object
	// Message without the object's name: "0 of 1 replicas available".
	Message string
}

func compareFindings(a, b Finding) int {
	return cmp.Or(compareObjects(a.Object, b.Object), cmp.Compare(a.Message, b.Message))
}

// Status is the verdict about an inventory.
type Status struct {
	// Ready says that every object is current. An empty inventory is ready.
	Ready bool
	// Failed are objects that report failure, sorted. They may still recover.
	Failed []Finding
	// Waiting are objects that are missing or not current yet, sorted.
	Waiting []Finding
	// Total is the number of objects in the inventory.
	Total int
	// Current is the number of objects that are current.
	Current int
}

// Message is one stable sentence: failures first, at most three objects by name, "Deployment monitoring/grafana: 0 of 1 replicas available;
// 3 more objects". A ready status says how many objects are current.
func (s Status) Message() string {
	findings := slices.Concat(s.Failed, s.Waiting)
	if len(findings) == 0 {
		return counted(s.Current, "object") + " current"
	}
	var parts []string
	for _, f := range findings[:min(namedFindings, len(findings))] {
		parts = append(parts, f.String()+": "+f.Message)
	}
	if more := len(findings) - namedFindings; more > 0 {
		parts = append(parts, counted(more, "more object"))
	}
	return strings.Join(parts, "; ")
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// finish sorts the findings and draws the sum.
func (s Status) finish() Status {
	slices.SortFunc(s.Failed, compareFindings)
	slices.SortFunc(s.Waiting, compareFindings)
	s.Current = s.Total - len(s.Failed) - len(s.Waiting)
	s.Ready = s.Current == s.Total
	return s
}
