// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// ChartFetcher resolves and loads charts; internal/chart.Fetcher is one.
type ChartFetcher interface {
	ChartLoader
	Fetch(ctx context.Context, source chart.Source) (chart.Resolved, *helmchart.Chart, error)
	// Refresh makes the next Fetch ask the repository again.
	Refresh(source chart.Source) error
}

// RenderRequest asks what a chart would become. Nothing is written.
type RenderRequest struct {
	Release
	// Source of the chart, with its range.
	Source chart.Source
	// Pinned is what the range was resolved to before; nil resolves it.
	Pinned *chart.Resolved
	// Refresh asks the repository even if its index was read a moment ago.
	Refresh bool
	// Values are merged and final.
	Values map[string]any
	// Has answers the templates' questions for API versions: the cluster's, united
	// with what the bundle will bring.
	Has func(apiVersion string) bool
}

// Rendered is what was learnt from a render. The manifests of CRDs are the only
// text that is kept.
type Rendered struct {
	// Chart that was rendered.
	Chart chart.Resolved
	// Objects of the release, without hooks and CRDs.
	Objects []Object
	// Hooks are the objects that run as hooks.
	Hooks []Object
	// CRDs are the definitions from crds/, templates and hooks, as YAML.
	CRDs [][]byte
	// Capabilities are the questions that were asked, with the answers given.
	Capabilities []v1alpha1.CapabilityAnswer
	// Guarded are the API groups that a fail-closed admission webhook of this
	// release stands before; "*" is every group.
	Guarded []string
	// RecordBytes is what the record of the release will take of RecordLimit, to
	// within some bytes for times; 0 when that is below RecordNear for certain and was
	// not counted.
	RecordBytes int
	// text is the length of the documents of the record, as JSON.
	text int
}

// Kinds lists the distinct kinds of objects and hooks, in order of appearance.
func (r *Rendered) Kinds() []schema.GroupVersionKind {
	seen := map[schema.GroupVersionKind]bool{}
	var out []schema.GroupVersionKind
	for _, list := range [][]Object{r.Objects, r.Hooks} {
		for _, object := range list {
			if !seen[object.GroupVersionKind] {
				seen[object.GroupVersionKind] = true
				out = append(out, object.GroupVersionKind)
			}
		}
	}
	return out
}

// Render fetches and renders a chart with the live cluster behind "lookup".
// Errors carry a reason: those of internal/chart, ValuesInvalid, RenderFailed,
// KubernetesVersionUnsupported, ReleaseTooLarge.
func (e *Engine) Render(ctx context.Context, request RenderRequest) (*Rendered, error) {
	resolved, loaded, err := e.load(ctx, request)
	if err != nil {
		return nil, err
	}
	if loaded.Metadata.Type == "library" {
		return nil, failure.Terminal(v1alpha1.ReasonRenderFailed,
			"chart %s %s is a library chart, which cannot be installed", resolved.Name, resolved.Version)
	}
	if err := checkKubeVersion(loaded.Metadata.KubeVersion, e.options.Kinds); err != nil {
		return nil, failure.Terminal(v1alpha1.ReasonKubernetesUnsupported,
			"chart %s %s: %w; choose another version", resolved.Name, resolved.Version, err)
	}
	asked := &recorder{has: request.Has, asked: map[string]bool{}}
	given := plainNumbers(request.Values)
	files, err := e.execute(loaded, request, given, asked)
	if err != nil {
		return nil, err
	}
	notes := files[path.Join(loaded.Name(), "templates", "NOTES.txt")]
	out := &Rendered{Chart: resolved}
	if err := out.collect(files, loaded, request.Namespace, e.options.Kinds); err != nil {
		return nil, failure.Terminal(v1alpha1.ReasonRenderFailed,
			"chart %s %s with these values: %w", resolved.Name, resolved.Version, err)
	}
	out.Capabilities = asked.answers()
	if err := out.weigh(draft{release: request.Release, loaded: loaded, values: given, files: files, notes: notes}); err != nil {
		return nil, err
	}
	return out, nil
}

func (e *Engine) load(ctx context.Context, request RenderRequest) (chart.Resolved, *helmchart.Chart, error) {
	if request.Pinned != nil {
		loaded, err := e.options.Charts.Load(ctx, *request.Pinned, request.Source)
		return *request.Pinned, loaded, err
	}
	if request.Refresh {
		if err := e.options.Charts.Refresh(request.Source); err != nil {
			return chart.Resolved{}, nil, err
		}
	}
	return e.options.Charts.Fetch(ctx, request.Source)
}

// execute runs the templates. The values are checked against the chart's schema.
func (e *Engine) execute(
	loaded *helmchart.Chart, request RenderRequest, given map[string]any, asked *recorder,
) (map[string]string, error) {
	if err := chartutil.ProcessDependenciesWithMerge(loaded, given); err != nil {
		return nil, failure.Terminal(v1alpha1.ReasonValuesInvalid, "values: %w", err)
	}
	capabilities := &chartutil.Capabilities{
		KubeVersion: kubeVersion(e.options.Kinds),
		HelmVersion: chartutil.DefaultCapabilities.HelmVersion,
	}
	options := chartutil.ReleaseOptions{
		Name: request.Name, Namespace: request.Namespace, Revision: 1, IsInstall: true,
	}
	top, err := chartutil.ToRenderValues(loaded, given, options, capabilities)
	if err != nil {
		return nil, failure.Terminal(v1alpha1.ReasonValuesInvalid, "values: %w", translate(err))
	}
	top["Capabilities"] = &templateCapabilities{
		KubeVersion: capabilities.KubeVersion,
		HelmVersion: capabilities.HelmVersion,
		APIVersions: versionsFor(loaded, asked, e.options.Kinds),
	}
	live := &lookups{client: e.dynamic, mapper: e.options.Kinds}
	files, err := engine.RenderWithClientProvider(loaded, top, live)
	if unreachable := live.Err(); err != nil && unreachable != nil {
		return nil, failure.Retryable(v1alpha1.ReasonPrepareFailed, "a template looks up objects and the API server does not answer: %w", unreachable)
	}
	if err != nil {
		return nil, failure.Terminal(v1alpha1.ReasonRenderFailed, "the chart refuses these values: %w", translate(err))
	}
	return files, nil
}

// collect sorts rendered files into objects, hooks, CRDs and guarded groups.
func (r *Rendered) collect(files map[string]string, loaded *helmchart.Chart, namespace string, kinds Kinds) error {
	for name := range files {
		if strings.HasSuffix(name, "NOTES.txt") || strings.HasPrefix(path.Base(name), "_") {
			delete(files, name)
		}
	}
	for _, crd := range loaded.CRDObjects() {
		for _, document := range documents(string(crd.File.Data)) {
			if isCRD(document) {
				r.CRDs = append(r.CRDs, []byte(document))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for _, document := range documents(files[name]) {
			if err := r.add(document, namespace, kinds); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func (r *Rendered) add(document, namespace string, kinds Kinds) error {
	if isCRD(document) {
		r.CRDs = append(r.CRDs, []byte(document))
		return nil
	}
	r.text += jsonLength(document) + besideObject
	heads, err := headsOf(document)
	if err != nil {
		return err
	}
	for _, h := range heads {
		object := objectOf(h, namespace, kinds)
		if h.isHook() {
			r.text += besideHook
			r.Hooks = append(r.Hooks, object)
		} else {
			r.Objects = append(r.Objects, object)
		}
		if strings.HasSuffix(h.Kind, "WebhookConfiguration") {
			r.guard(document)
		}
	}
	return nil
}
