// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package planning

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/cli/planning/rehearsal"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/graph"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// rounds bounds how often charts are rendered until the answers to their questions are
// those that the bundle itself gives.
const rounds = 5

// component is one component of a side, rendered.
type component struct {
	resolve.Component
	merged    values.Values
	source    chart.Source
	pinned    *chart.Resolved
	stop      *catalog.UpgradeBridge
	rendered  *helm.Rendered
	crds      []*crds.Definition
	record    rehearsal.Record
	objects   map[string]object
	digest    string
	uses      []string
	guardedBy []string
}

// lookup reads a key of a referenced object, and says whether the object and the key
// are there; neither is when there is nothing to read from.
type lookup func(ctx context.Context, ref v1alpha1.ValuesReference) (content []byte, object, key bool, err error)

// side is a bundle as it would be rendered.
type side struct {
	bundle     *v1alpha1.PlatformBundle
	components []*component
	stage      *rehearsal.Stage
	mask       *mask
	references lookup
	// offline references are left out, and noted.
	offline bool
	// releases that are approved, by component; empty offline.
	releases map[string]*v1alpha1.ComponentRelease
	auth     func(ctx context.Context, ref v1alpha1.SecretReference) (*chart.Auth, []byte, error)
	// note is told what the plan cannot know.
	note func(format string, args ...any)
}

// resolve turns the bundle into components with their values.
func (s *side) resolve(ctx context.Context, catalogs *catalog.Set) error {
	resolved, err := resolve.Resolve(s.bundle.Spec, s.bundle.Status.CatalogVersion, catalogs)
	if err != nil {
		return fmt.Errorf("bundle %s: %w", s.bundle.Name, err)
	}
	for i := range resolved.Components {
		c := &component{Component: resolved.Components[i], guardedBy: []string{}}
		s.components = append(s.components, c)
		if c.Trouble == nil {
			if _, err := manifests.Parse(c.Name, c.Manifests); err != nil {
				c.trouble(err)
			}
		}
		if c.Trouble == nil {
			s.compose(ctx, c)
		}
	}
	s.mask.settle()
	return nil
}

// compose fills in values and source.
func (s *side) compose(ctx context.Context, c *component) {
	var failed error
	merged, err := values.Compose(c.Wired(), c.ValuesFrom, func(ref v1alpha1.ValuesReference) (data []byte, object, key bool) {
		content, object, found, err := s.references(ctx, ref)
		failed = errors.Join(failed, err)
		if found && ref.Kind == "Secret" {
			s.mask.learn(string(content))
		}
		if !found && s.offline {
			s.note("%s: %s %s/%s is not read offline, so its values are not in the plan", c.Name, ref.Kind, ref.Namespace, ref.Name)
			if ref.TargetPath != "" {
				return []byte("not-read-offline"), true, true
			}
			return nil, true, true
		}
		return content, object, found
	}, c.Values)
	if err = errors.Join(failed, err); err != nil {
		c.trouble(failure.Blocked(v1alpha1.ReasonReferenceNotFound, "%s: %w", c.Name, err))
		return
	}
	c.merged = merged
	s.mask.learnValues(merged)
	c.source = chart.Source{Repository: c.Repository, Name: c.ChartName, Version: c.Constraint}
	if c.SecretRef != nil && s.auth != nil {
		if c.source.Auth, c.source.CA, err = s.auth(ctx, *c.SecretRef); err != nil {
			c.trouble(fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	s.pin(c)
}

// pin takes the version that is approved while the same is asked for.
func (s *side) pin(c *component) {
	release := s.releases[c.Name]
	if release == nil {
		return
	}
	approved := release.Spec.Chart
	if approved.Repository == c.Repository && approved.Name == c.ChartName && approved.Constraint == c.Constraint {
		c.pinned = &chart.Resolved{Repository: approved.Repository, Name: approved.Name, Version: approved.Version, Digest: approved.Digest}
	}
}

func (c *component) trouble(err error) {
	if known, is := errors.AsType[*failure.Error](err); is {
		c.Trouble = known
		return
	}
	c.Trouble = failure.Retryable(v1alpha1.ReasonPrepareFailed, "%w", err)
}

// render renders everything until every answer that a chart was given is right, and
// then rehearses what would be written.
func (s *side) render(ctx context.Context) {
	for range rounds {
		again := false
		for _, c := range s.components {
			if c.Trouble == nil && (c.rendered == nil || !s.holds(c)) {
				s.renderOne(ctx, c)
				again = true
			}
		}
		if !again {
			break
		}
	}
	for _, c := range s.components {
		if c.Trouble != nil {
			continue
		}
		s.checkKinds(c)
		if c.Trouble == nil {
			s.rehearse(ctx, c)
		}
	}
}

// holds says whether the answers that a chart was given are still right.
func (s *side) holds(c *component) bool {
	for _, answer := range c.rendered.Capabilities {
		if s.stage.Kinds().Has(answer.APIVersion) != answer.Available {
			return false
		}
	}
	return true
}

func (s *side) request(c *component) rehearsal.Request {
	return rehearsal.Request{
		Release: helm.Release{Namespace: c.Namespace, Name: c.ReleaseName}, Owner: v1alpha1.ReleaseName(s.bundle.Name, c.Name),
		Source: c.source, Pinned: c.pinned, Values: values.Merge(c.merged), Adopt: c.Adopt,
	}
}

func (s *side) renderOne(ctx context.Context, c *component) {
	rendered, err := s.stage.Render(ctx, s.request(c))
	if err == nil && c.stop == nil {
		rendered, err = s.detour(ctx, c, rendered)
	}
	if err != nil {
		c.trouble(fmt.Errorf("component %s: %w", c.Name, err))
		return
	}
	c.rendered, c.crds = rendered, nil
	for _, raw := range rendered.CRDs {
		definition, err := crds.Parse(raw)
		if err != nil {
			c.trouble(fmt.Errorf("component %s: %w", c.Name, err))
			return
		}
		c.crds = append(c.crds, definition)
		s.stage.Kinds().Bring(definition)
	}
}

// detour renders the version that an upgrade has to pass through.
func (s *side) detour(ctx context.Context, c *component, rendered *helm.Rendered) (*helm.Rendered, error) {
	release := s.releases[c.Name]
	if release == nil {
		return rendered, nil
	}
	approved := release.Spec.Chart
	stop, refused := c.Bridge(resolve.Installed{Version: approved.Version, Constraint: approved.Constraint, Ready: ready(release)}, rendered.Chart.Version)
	switch {
	case refused != nil:
		return nil, refused
	case stop == nil:
		return rendered, nil
	}
	s.note("%s: %s", c.Name, resolve.Stop(*stop, rendered.Chart.Version))
	c.stop, c.source.Version, c.pinned = stop, stop.Via, nil
	return s.stage.Render(ctx, s.request(c))
}

// checkKinds finds who brings the kinds that a release uses.
func (s *side) checkKinds(c *component) {
	for _, gvk := range c.rendered.Kinds() {
		name, owner := s.provider(c, gvk)
		switch {
		case name != "":
			c.uses = append(c.uses, name)
			if owner != c.Name && s.guards(owner, gvk.Group) && !s.closesCycle(c, owner) {
				c.guardedBy = append(c.guardedBy, owner)
			}
		case !s.stage.Kinds().Has(gvk.GroupVersion().String() + "/" + gvk.Kind):
			c.Trouble = failure.Terminal(v1alpha1.ReasonKindNotServed,
				"component %s uses %s in %s, which neither the cluster nor a component of the bundle serves", c.Name, gvk.Kind, gvk.GroupVersion())
			return
		}
	}
	slices.Sort(c.uses)
	c.uses = slices.Compact(c.uses)
	slices.Sort(c.guardedBy)
	c.guardedBy = slices.Compact(c.guardedBy)
}

func (s *side) provider(c *component, gvk schema.GroupVersionKind) (name, owner string) {
	for _, other := range append([]*component{c}, s.components...) {
		for _, definition := range other.crds {
			if definition.Serves(gvk) {
				return definition.Name, other.Name
			}
		}
	}
	return "", ""
}

func (s *side) guards(owner, group string) bool {
	for _, c := range s.components {
		if c.Name == owner && c.rendered != nil {
			return slices.Contains(c.rendered.Guarded, group) || slices.Contains(c.rendered.Guarded, "*")
		}
	}
	return false
}

func (s *side) closesCycle(c *component, owner string) bool {
	g := graph.New()
	for _, other := range s.components {
		g.Add(other.Name, other.edges()...)
	}
	return g.HasPath(owner, c.Name)
}

// edges are everything that a component waits for.
func (c *component) edges() []string {
	out := slices.Concat(c.DependsOn, c.guardedBy)
	slices.Sort(out)
	return slices.Compact(out)
}

func (s *side) rehearse(ctx context.Context, c *component) {
	record, err := s.stage.Rehearse(ctx, s.request(c), c.rendered)
	if err == nil {
		c.record = record
		c.objects, err = objectsOf(record, c.Manifests, c.Namespace, s.namespaced)
	}
	if err == nil {
		c.digest, err = s.digestOf(c)
	}
	if err != nil {
		c.trouble(fmt.Errorf("component %s: %w", c.Name, err))
	}
}

// digestOf names what must be true for the component to be Ready: what is released,
// and the follow-up manifests.
func (s *side) digestOf(c *component) (string, error) {
	digest, err := values.Inputs{
		ChartDigest: c.rendered.Chart.Digest, Namespace: c.Namespace, ReleaseName: c.ReleaseName,
		NamespaceLabels: c.NamespaceLabels, Values: c.merged, Capabilities: c.rendered.Capabilities,
	}.Digest()
	if err != nil || len(c.Manifests) == 0 {
		return digest, err
	}
	more, err := manifests.Digest(c.Manifests)
	return digest + "+" + more, err
}

// namespaced says whether a kind lives in namespaces; one that nobody knows does.
func (s *side) namespaced(gvk schema.GroupVersionKind) bool {
	mapping, err := s.stage.Kinds().RESTMapping(gvk.GroupKind(), gvk.Version)
	return err != nil || mapping.Scope.Name() == "namespace"
}

func (s *side) find(name string) *component {
	for _, c := range s.components {
		if c.Name == name {
			return c
		}
	}
	return nil
}
