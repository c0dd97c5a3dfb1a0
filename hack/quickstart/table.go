// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// releaseTable lists the releases in the order in which they became Ready;
// readyAfter holds the seconds that were seen, and where none were (a second
// up) the objects' own times are used, which are full seconds.
func releaseTable(bundle *v1alpha1.PlatformBundle, releases []v1alpha1.ComponentRelease, readyAfter map[string]time.Duration) string {
	type entry struct {
		release v1alpha1.ComponentRelease
		after   time.Duration
	}
	entries := make([]entry, 0, len(releases))
	for _, release := range releases {
		after, seen := readyAfter[release.Spec.Component]
		if ready := meta.FindStatusCondition(release.Status.Conditions, v1alpha1.ConditionReady); !seen && ready != nil {
			after = ready.LastTransitionTime.Sub(bundle.CreationTimestamp.Time)
		}
		entries = append(entries, entry{release, after})
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.after != b.after {
			return int(a.after - b.after)
		}
		return strings.Compare(a.release.Name, b.release.Name)
	})
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "COMPONENT\tNAMESPACE\tCHART\tVERSION\tREVISION\tREADY AFTER")
	for _, e := range entries {
		spec := e.release.Spec
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%.1f s\n",
			spec.Component, spec.Namespace, spec.Chart.Name, spec.Chart.Version, e.release.Status.Revision, e.after.Seconds())
	}
	_ = w.Flush() // writing to a strings.Builder never fails
	return b.String()
}

// commands are how people reach the cluster from the root of the repository.
type commands struct {
	// export is the line to type first; empty when kubectl's own settings do.
	export        string
	kubectl, helm string
	// context of the user's; empty for the simulated cluster.
	context string
}

// commandsFor knows the two cases: the simulated cluster's own kubeconfig, or a
// context of the user's. kubectl and helm are the programs found.
func commandsFor(s state, l layout, kubectl, helm string) commands {
	if s.Context != "" {
		return commands{context: s.Context, kubectl: kubectl + " --context " + s.Context, helm: helm + " --kube-context " + s.Context}
	}
	return commands{export: "export KUBECONFIG=$PWD/" + l.kubeconfig(), kubectl: kubectl, helm: helm}
}

// nextSteps are things to try, as commands that work: those that the bundle's
// components allow.
func nextSteps(bundle *v1alpha1.PlatformBundle, c commands) string {
	steps := []string{fmt.Sprintf("Look around: the bundle, its releases, and the same ones as Helm sees them.\n     %s get pb,crel\n     %s list -A", c.kubectl, c.helm)}
	more := map[string]any{ // a second pod, of what can have one
		"argo-cd":       map[string]any{"server": map[string]any{"replicas": 2}},
		"ingress-nginx": map[string]any{"controller": map[string]any{"replicaCount": 2}},
	}
	if name, there := pick(bundle, "argo-cd", "ingress-nginx"); there {
		steps = append(steps, fmt.Sprintf("Change a value and watch one upgrade: only %s gets a new revision.\n     %s\n     %s get crel -w",
			name, c.patch(bundle, name, "values", more[name]), c.kubectl))
	}
	if name, there := pick(bundle, "velero", "jaeger"); there {
		steps = append(steps, fmt.Sprintf("Switch a component off and watch the removal of %s; its CRDs stay.\n     %s\n     %s get pb %s -w",
			name, c.patch(bundle, name, "enabled", false), c.kubectl, bundle.Name))
	}
	var b strings.Builder
	b.WriteString("Things to try next:\n\n")
	if c.export != "" {
		fmt.Fprintf(&b, "  %s\n\n", c.export)
	}
	for i, step := range steps {
		fmt.Fprintf(&b, "  %d. %s\n", i+1, step)
	}
	return b.String()
}

// patch is the command that sets a field of a component, whether the bundle lists it or
// a profile brings it.
func (c commands) patch(bundle *v1alpha1.PlatformBundle, name, field string, value any) string {
	listed := bundle.Spec.Components
	change := map[string]any{"op": "add"}
	switch at := slices.IndexFunc(listed, func(c v1alpha1.Component) bool { return c.Name == name }); {
	case at >= 0:
		change["path"], change["value"] = fmt.Sprintf("/spec/components/%d/%s", at, field), value
	case len(listed) > 0:
		change["path"], change["value"] = "/spec/components/-", map[string]any{"name": name, field: value}
	default:
		change["path"], change["value"] = "/spec/components", []any{map[string]any{"name": name, field: value}}
	}
	raw, _ := json.Marshal([]any{change}) // maps of strings and numbers can be written
	return fmt.Sprintf("%s patch pb %s --type=json -p '%s'", c.kubectl, bundle.Name, raw)
}

// pick finds one of the names among the components of the bundle and its profiles.
func pick(bundle *v1alpha1.PlatformBundle, names ...string) (string, bool) {
	for _, name := range names {
		if slices.ContainsFunc(bundle.Status.Components, func(c v1alpha1.ComponentStatus) bool { return c.Name == name }) {
			return name, true
		}
	}
	return "", false
}

// statusReport is what is known of a bundle that is not Ready.
func statusReport(bundle *v1alpha1.PlatformBundle) string {
	if bundle == nil {
		return "The bundle has no status yet.\n"
	}
	var b strings.Builder
	said := map[string]bool{"": true} // one message stands in Ready, Stalled and the component
	for _, condition := range bundle.Status.Conditions {
		if !said[condition.Message] {
			said[condition.Message] = true
			fmt.Fprintf(&b, "%s=%s %s: %s\n", condition.Type, condition.Status, condition.Reason, condition.Message)
		}
	}
	if len(bundle.Status.Conditions) == 0 {
		b.WriteString("The operator has not looked at the bundle yet.\n")
	}
	for _, c := range bundle.Status.Components {
		if c.State == v1alpha1.StateReady {
			continue
		}
		fmt.Fprintf(&b, "  %s: %s", c.Name, c.State)
		if !said[c.Message] {
			b.WriteString(": " + c.Message)
		}
		b.WriteString("\n")
	}
	return b.String()
}
