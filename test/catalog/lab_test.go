// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/cluster"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/prepare"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// identity of the process that would hold the release records.
const identity = "catalog-gate"

// lab renders bundles with the operator's own rooms.
type lab struct {
	charts   *chart.Fetcher
	catalogs *catalog.Set
	// mirror is named in failures.
	mirror string
}

func newLab(t *testing.T, mirror string, catalogs *catalog.Set) *lab {
	t.Helper()
	charts, err := chart.New(chart.Options{CacheDir: t.TempDir(), Mirror: mirror})
	if err != nil {
		t.Fatal(err)
	}
	return &lab{charts: charts, catalogs: catalogs, mirror: mirror}
}

// component is what one component of a bundle became.
type component struct {
	resolve.Component
	*prepare.Result
	// digest of the inputs.
	digest string
	// record is what Helm would store.
	record record
	// followUps are the manifests that are applied once it is Ready.
	followUps []*unstructured.Unstructured
}

// has answers templates as the operator does: what the cluster serves, united with
// what the bundle brings.
func has(served *cluster.Kinds, results map[string]*prepare.Result) func(string) bool {
	brought := map[string]bool{}
	for _, result := range results {
		for _, definition := range result.CRDs {
			for _, gvk := range definition.Kinds() {
				brought[gvk.GroupVersion().String()] = true
				brought[gvk.GroupVersion().String()+"/"+gvk.Kind] = true
			}
		}
	}
	return func(apiVersion string) bool { return brought[apiVersion] || served.Has(apiVersion) }
}

func renderRequest(c resolve.Component, has func(string) bool) helm.RenderRequest {
	return helm.RenderRequest{
		Release: helm.Release{Namespace: c.Namespace, Name: c.ReleaseName},
		Source:  chart.Source{Repository: c.Repository, Name: c.ChartName, Version: c.Constraint},
		Values:  values.Merge(c.Merged()), Has: has,
	}
}

// bundle resolves a spec and prepares each component, for the newest Kubernetes.
func (l *lab) bundle(t *testing.T, spec v1alpha1.PlatformBundleSpec) ([]component, error) {
	t.Helper()
	resolved, err := resolve.Resolve(spec, "", l.catalogs)
	if err != nil {
		return nil, err
	}
	var troubles []error
	for _, c := range resolved.Components {
		if c.Trouble == nil {
			continue
		}
		trouble := fmt.Errorf("component %s: %w", c.Name, c.Trouble)
		if c.Trouble.Reason == v1alpha1.ReasonInputMissing {
			trouble = fmt.Errorf("%w; testdata/inputs/%s.yaml gives it for the component alone", trouble, c.Name)
		}
		troubles = append(troubles, trouble)
	}
	if len(troubles) > 0 {
		return nil, errors.Join(troubles...)
	}
	kinds, lists := servedKinds(t, newestMinor)
	api := newRecorder(lists)
	engine, err := helm.New(helm.Options{Config: api.config(), Kinds: kinds, Charts: l.charts, Identity: identity})
	if err != nil {
		return nil, err
	}
	results, err := l.prepare(t, engine, kinds, resolved.Components)
	if err != nil {
		return nil, err
	}
	return l.inspect(t, engine, api, kinds, resolved.Components, results)
}

// prepare asks the preparer until every chart is rendered with the right answers.
func (l *lab) prepare(t *testing.T, engine *helm.Engine, kinds *cluster.Kinds, components []resolve.Component) (map[string]*prepare.Result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	wake := make(chan struct{}, 1)
	preparer := prepare.New(engine, prepare.Options{Wake: func(string) {
		select {
		case wake <- struct{}{}:
		default:
		}
	}})
	ended := make(chan error, 1)
	go func() { ended <- preparer.Start(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	results := map[string]*prepare.Result{}
	for {
		var pending bool
		var troubles []error
		answers := has(kinds, results)
		for _, c := range components {
			result, err := preparer.Ensure("bundle", c.Name, prepare.Request{
				RenderRequest: renderRequest(c, answers), Owner: v1alpha1.ReleaseName("bundle", c.Name), New: true,
			})
			switch {
			case err != nil:
				troubles = append(troubles, l.explain(c, err))
			case result == nil:
				pending = true
			default:
				results[c.Name] = result
			}
		}
		settled := len(results) == len(components) && !slices.ContainsFunc(components, func(c resolve.Component) bool {
			return !results[c.Name].Holds(has(kinds, results))
		})
		switch {
		case settled && !pending && len(troubles) == 0:
			return results, nil
		case !pending && len(troubles) > 0:
			return nil, errors.Join(troubles...)
		case !pending:
			continue // a result has brought a kind that another one asked for
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, fmt.Errorf("the charts were not rendered in time: %w", ctx.Err())
		}
	}
}

// explain names the file that a mirror lacks.
func (l *lab) explain(c resolve.Component, err error) error {
	if known, ok := errors.AsType[*failure.Error](err); ok &&
		(known.Reason == chart.ReasonChartNotFound || known.Reason == chart.ReasonChartVersionNotFound) {
		return fmt.Errorf("component %s: the mirror %s has no %s-%s.tgz: put it there, or change the catalog's version (%w)",
			c.Name, l.mirror, c.ChartName, c.Constraint, err)
	}
	return fmt.Errorf("component %s: %w", c.Name, err)
}

// inspect adds what only an install tells: the release record.
func (l *lab) inspect(
	t *testing.T, engine *helm.Engine, api *recorder, kinds *cluster.Kinds,
	components []resolve.Component, results map[string]*prepare.Result,
) ([]component, error) {
	t.Helper()
	var out []component
	for _, resolved := range components {
		result := results[resolved.Name]
		c := component{Component: resolved, Result: result}
		var err error
		c.digest, err = values.Inputs{
			ChartDigest: result.Chart.Digest, Namespace: c.Namespace, ReleaseName: c.ReleaseName,
			NamespaceLabels: c.NamespaceLabels, Values: c.Merged(), Capabilities: result.Capabilities,
		}.Digest()
		if err != nil {
			return nil, fmt.Errorf("component %s: %w", c.Name, err)
		}
		if c.followUps, err = manifests.Parse(c.Name, resolved.Manifests); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	kinds.SetCustom(customKinds(kinds, out))
	for i := range out {
		if err := out[i].install(t, engine, api, kinds); err != nil {
			return nil, fmt.Errorf("component %s: %w", out[i].Name, err)
		}
	}
	return out, nil
}

// customKinds are what definitions bring, and every other kind that is used: whether
// somebody provides it is judged later.
func customKinds(kinds *cluster.Kinds, components []component) []cluster.CustomKind {
	known := map[schema.GroupVersionKind]bool{}
	var out []cluster.CustomKind
	add := func(kind cluster.CustomKind) {
		if !known[kind.GVK] {
			known[kind.GVK] = true
			out = append(out, kind)
		}
	}
	for _, c := range components {
		for _, definition := range c.CRDs {
			for _, gvk := range definition.Kinds() {
				add(cluster.CustomKind{GVK: gvk, Plural: definition.Plural, Namespaced: definition.Namespaced})
			}
		}
	}
	for _, c := range components {
		for _, gvk := range c.Kinds {
			if !kinds.Has(gvk.GroupVersion().String() + "/" + gvk.Kind) {
				add(cluster.CustomKind{GVK: gvk, Plural: strings.ToLower(gvk.Kind) + "s", Namespaced: true})
			}
		}
	}
	return out
}

// install has Helm write the record of a first revision, which is where it ends.
func (c *component) install(t *testing.T, engine *helm.Engine, api *recorder, kinds *cluster.Kinds) error {
	t.Helper()
	_, err := engine.Install(t.Context(), helm.Request{
		Release: helm.Release{Namespace: c.Namespace, Name: c.ReleaseName}, Owner: v1alpha1.ReleaseName("bundle", c.Name),
		Chart: c.Chart, Source: renderRequest(c.Component, nil).Source, Values: values.Merge(c.Merged()),
		Capabilities: c.Capabilities, Digest: c.digest, Timeout: c.Timeout, HistoryLimit: int(c.HistoryLimit),
	})
	raw := api.record(c.Namespace, c.ReleaseName)
	if raw == nil {
		return fmt.Errorf("no release record was written: %w", err)
	}
	c.record, err = decodeRecord(raw, c.Namespace, kinds)
	return err
}

// accepts says for which minor versions of Kubernetes a component cannot be rendered,
// with the reason.
func (l *lab) accepts(t *testing.T, c component) []string {
	t.Helper()
	given := map[string]bool{}
	for _, answer := range c.Capabilities {
		given[answer.APIVersion] = answer.Available
	}
	var problems []string
	for minor := oldestMinor; minor < newestMinor; minor++ {
		kinds, lists := servedKinds(t, minor)
		engine, err := helm.New(helm.Options{Config: newRecorder(lists).config(), Kinds: kinds, Charts: l.charts, Identity: identity})
		if err != nil {
			t.Fatal(err)
		}
		request := renderRequest(c.Component, func(question string) bool { return given[question] || kinds.Has(question) })
		if _, err := engine.Render(t.Context(), request); err != nil {
			problems = append(problems, fmt.Sprintf("Kubernetes 1.%d: %v", minor, err))
		}
	}
	return problems
}
