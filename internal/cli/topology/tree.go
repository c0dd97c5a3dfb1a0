// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package topology

import (
	"cmp"
	"slices"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// Branch is a component in a tree in which each one stands once: under the dependency
// that it waits for, or waited for last.
type Branch struct {
	Node
	// Also are the other dependencies, sorted.
	Also []string
	// Below are the branches that stand under this one, sorted by name.
	Below []*Branch
}

// Tree are the branches of components that depend on nothing, sorted by name.
func (p Picture) Tree() []*Branch {
	byName := map[string]*Branch{}
	for _, n := range p.Nodes {
		byName[n.Name] = &Branch{Node: n}
	}
	depth := p.Depths()
	above := map[string]string{}
	var roots []*Branch
	for _, n := range p.Nodes {
		parent := critical(byName[n.Name].DependsOn, byName, depth)
		for at := parent; at != ""; at = above[at] {
			if at == n.Name { // a cycle: the first of it by name is a root
				parent = ""
				break
			}
		}
		if parent == "" {
			roots = append(roots, byName[n.Name])
			continue
		}
		above[n.Name] = parent
		branch := byName[n.Name]
		branch.Also = slices.DeleteFunc(slices.Clone(n.DependsOn), func(d string) bool { return d == parent })
		byName[parent].Below = append(byName[parent].Below, branch)
	}
	return roots
}

// critical is the dependency that is not Ready and comes last in the order; when all of
// them are Ready, the one that was so last.
func critical(dependsOn []string, byName map[string]*Branch, depth map[string]int) string {
	if len(dependsOn) == 0 {
		return ""
	}
	waiting := func(n *Branch) int {
		if n.State != v1alpha1.StateReady {
			return 1
		}
		return 0
	}
	return slices.MaxFunc(dependsOn, func(a, b string) int {
		left, right := byName[a], byName[b]
		if c := cmp.Compare(waiting(left), waiting(right)); c != 0 {
			return c
		}
		if waiting(left) == 0 {
			if c := left.ReadyAt.Compare(right.ReadyAt); c != 0 {
				return c
			}
		}
		return cmp.Or(cmp.Compare(depth[a], depth[b]), cmp.Compare(b, a))
	})
}
