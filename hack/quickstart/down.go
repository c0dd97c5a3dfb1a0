// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// Grace of an operator that is asked to end: on a cluster of the user's own, the
// 30 s that it gives running Helm calls; a simulated cluster goes away anyway.
const (
	realGrace      = 40 * time.Second
	simulatedGrace = 3 * time.Second
)

// down ends the operator and the simulated cluster and removes the folder. On a
// cluster of the user's own it ends the operator, and says how to remove the rest.
func down(ctx context.Context, o options, c *console) error {
	l := layout{o.dir}
	if _, err := os.Stat(l.dir); os.IsNotExist(err) {
		c.say("Nothing to remove: no quickstart runs here.")
		return nil
	}
	s, err := l.read()
	if err != nil {
		c.say("%v", err) // half a file must not keep anything running
	}
	if s.Context == "" {
		s.Context = o.context
	}
	grace := simulatedGrace
	if s.Context != "" {
		grace = realGrace
	}
	if err := c.step("stopping the operator", func() (string, error) {
		stopped, err := operator{l}.stop(ctx, grace)
		if stopped {
			return "the operator is stopped", err
		}
		return "no operator ran", err
	}); err != nil {
		return err
	}
	if s.Context != "" {
		c.say("%s", leftovers(ctx, s, l))
	} else if err := c.step("ending the simulated cluster", func() (string, error) {
		return "the simulated cluster is gone", endSimulation(ctx, l)
	}); err != nil {
		return err
	}
	if err := os.RemoveAll(l.dir); err != nil {
		return err
	}
	_ = os.Remove(filepath.Dir(l.dir)) // fails, as it should, when other clusters are there
	return nil
}

// leftovers says what stays on a cluster of the user's own and how to remove it.
func leftovers(ctx context.Context, s state, l layout) string {
	how := commandsFor(s, l, program("kubectl", "bin/k8s/kubectl"), program("helm", "bin/helm"))
	var releases v1alpha1.ComponentReleaseList
	if api, err := newClient(l.kubeconfig()); err == nil {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		// Without an answer the commands are general ones.
		_ = api.List(ctx, &releases, client.MatchingLabels{v1alpha1.BundleLabel: s.Bundle})
	}
	return leftoverText(s, how, releases.Items)
}

func leftoverText(s state, how commands, releases []v1alpha1.ComponentRelease) string {
	var b strings.Builder
	bundle := s.Bundle
	if bundle == "" {
		bundle = "week1"
	}
	fmt.Fprintf(&b, "The releases stay on %s: they are ordinary Helm releases and need no operator. To remove them as well:\n", s.Context)
	b.WriteString("\n  with the operator, in reverse order (recommended):\n")
	fmt.Fprintf(&b, "    make quickstart KUBECONFIG_CONTEXT=%s\n", s.Context)
	fmt.Fprintf(&b, "    %s patch pb %s --type=merge -p '{\"spec\":{\"deletionPolicy\":\"Delete\"}}'\n", how.kubectl, bundle)
	fmt.Fprintf(&b, "    %s delete pb %s\n", how.kubectl, bundle)
	fmt.Fprintf(&b, "    make quickstart-down KUBECONFIG_CONTEXT=%s\n", s.Context)
	b.WriteString("\n  or by hand, dependents first:\n")
	for _, release := range removalOrder(releases) {
		fmt.Fprintf(&b, "    %s uninstall -n %s %s\n", how.helm, release.Spec.Namespace, release.Spec.ReleaseName)
	}
	if len(releases) == 0 {
		fmt.Fprintf(&b, "    %s list -A\n", how.helm)
	}
	fmt.Fprintf(&b, "    %s patch pb %s --type=merge -p '{\"metadata\":{\"finalizers\":null}}'\n", how.kubectl, bundle)
	b.WriteString("\n  and at last the operator's own kinds and namespace:\n")
	fmt.Fprintf(&b, "    %s delete -f config/crd/bases\n    %s delete namespace %s", how.kubectl, how.kubectl, v1alpha1.DefaultNamespace)
	return b.String()
}

// removalOrder puts dependents before what they depend on; by name otherwise.
func removalOrder(releases []v1alpha1.ComponentRelease) []v1alpha1.ComponentRelease {
	left := slices.Clone(releases)
	slices.SortFunc(left, func(a, b v1alpha1.ComponentRelease) int { return strings.Compare(a.Name, b.Name) })
	var out []v1alpha1.ComponentRelease
	for len(left) > 0 {
		at := max(0, slices.IndexFunc(left, func(r v1alpha1.ComponentRelease) bool { return !needed(r.Spec.Component, left) }))
		out = append(out, left[at])
		left = slices.Delete(left, at, at+1)
	}
	return out
}

func needed(component string, by []v1alpha1.ComponentRelease) bool {
	return slices.ContainsFunc(by, func(r v1alpha1.ComponentRelease) bool {
		return slices.Contains(r.Spec.DependsOn, component) || slices.Contains(r.Spec.GuardedBy, component)
	})
}
