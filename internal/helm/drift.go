// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/kube"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/dynamic"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// parallelReads bounds how many objects of one release are compared at once.
const parallelReads = 8

// Difference is how one object differs from the manifest of its revision.
type Difference struct {
	Object
	// Missing says that the object does not exist.
	Missing bool
	// Fields that differ, as sorted paths, at most twenty: spec.replicas,
	// metadata.labels["example.com/a"], spec.ports[0].port. Never their values.
	Fields []string
	// Writer is the field manager that wrote one of the fields last; empty when
	// unknown, which it is for a field that was taken away.
	Writer string
	// Corrected says that the object was put back.
	Corrected bool
	// Unknown is why the object could not be compared, or not be put back.
	Unknown error
	// Retry says that Unknown may pass without a change of the object.
	Retry bool
}

// DriftRequest asks whether objects are as a revision has them.
type DriftRequest struct {
	Release
	// Owner is the ComponentRelease; every object carries it as a label.
	Owner string
	// Revision whose stored manifest is the measure.
	Revision int
	// Objects to examine; nil is every object of the manifest.
	Objects []Object
	// Ignore are fields that somebody else rightly writes.
	Ignore []v1alpha1.IgnoreRule
	// Correct puts back what differs, and creates what is missing.
	Correct bool
}

// Drift compares live objects with the stored manifest of a revision and returns
// those that differ or cannot be compared, in the manifest's order, and what was
// written. The comparison is the three-way merge of an upgrade, sent as a dry run
// when it is not empty: what others added, what the API server writes in its own
// way and what admission webhooks do by themselves is no difference. CRDs, hooks
// and objects that the manifest lacks are passed over; nothing is ever deleted.
// The error says that nothing could be examined.
func (e *Engine) Drift(ctx context.Context, request DriftRequest) ([]Difference, []Applied, error) {
	rls, err := e.record(request.Release, request.Revision)
	if err != nil {
		return nil, nil, err
	}
	x := &examination{engine: e, request: request, kube: e.operation(ctx, request.Release, request.Owner).kube}
	if err := x.collect(rls); err != nil {
		return nil, nil, err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(parallelReads)
	for _, t := range x.targets {
		group.Go(func() error {
			x.examine(groupCtx, t)
			return groupCtx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, fmt.Errorf("compare the objects of release %s: %w", request.Release, err)
	}
	var applied []Applied
	for _, t := range x.targets {
		if !request.Correct || t.found == nil || t.found.Unknown != nil {
			continue
		}
		if x.correct(ctx, t) {
			applied = append(applied, appliedOf(kube.ResourceList{t.info})...)
		}
	}
	return x.differences(), applied, nil
}

// examination is one call of Drift.
type examination struct {
	engine  *Engine
	request DriftRequest
	kube    *decorator
	targets []*target
	// unserved are objects whose kind the API server does not serve.
	unserved []Difference
}

// target is one object under examination.
type target struct {
	Object
	info *resource.Info
	// desired is the object of the manifest, as Helm would write it.
	desired *unstructured.Unstructured
	client  dynamic.ResourceInterface
	patch   patch
	found   *Difference // nil: it is as it was released
}

// collect builds the objects that were asked for, and no others: a manifest can
// be megabytes.
func (x *examination) collect(rls *helmrelease.Release) error {
	asked := map[Object]bool{}
	for _, o := range x.request.Objects {
		asked[o] = true
	}
	var stream strings.Builder
	for _, document := range documents(rls.Manifest) {
		if isCRD(document) || !x.mentioned(document) {
			continue
		}
		heads, err := headsOf(document)
		if err != nil {
			return fmt.Errorf("the stored manifest of release %s revision %d does not parse: %w", x.request.Release, x.request.Revision, err)
		}
		wanted := false
		for _, h := range heads {
			object := objectOf(h, rls.Namespace, x.engine.options.Kinds)
			if x.request.Objects != nil && !asked[object] {
				continue
			}
			if !served(h, x.engine.options.Kinds) {
				x.unserved = append(x.unserved, Difference{
					Object: object, Retry: true, Unknown: fmt.Errorf("kind %s (%s) is not served", object.Kind, object.GroupVersion()),
				})
				continue
			}
			wanted = true
		}
		if wanted {
			stream.WriteString("---\n" + document + "\n")
		}
	}
	list, err := x.kube.Build(strings.NewReader(stream.String()), false)
	if err != nil {
		return fmt.Errorf("build the stored manifest of release %s revision %d: %w", x.request.Release, x.request.Revision, err)
	}
	return x.add(list, asked)
}

// mentioned spares parsing documents that cannot hold an asked object.
func (x *examination) mentioned(document string) bool {
	if x.request.Objects == nil {
		return true
	}
	for _, o := range x.request.Objects {
		if strings.Contains(document, o.Name) && strings.Contains(document, o.Kind) {
			return true
		}
	}
	return false
}

// add makes targets. Of an object that a manifest holds twice the last one counts,
// because Helm writes it last.
func (x *examination) add(list kube.ResourceList, asked map[Object]bool) error {
	place := map[Object]int{}
	for _, info := range list {
		live, ok := info.Object.(*unstructured.Unstructured)
		if !ok {
			return fmt.Errorf("%s was built as %T", describe(info), info.Object)
		}
		t := &target{info: info, desired: x.asWritten(live), Object: Object{GroupVersionKind: info.Mapping.GroupVersionKind, Name: info.Name}}
		client := x.engine.dynamic.Resource(info.Mapping.Resource)
		t.client = client
		if info.Namespaced() {
			t.Namespace, t.client = info.Namespace, client.Namespace(info.Namespace)
		}
		if x.request.Objects != nil && !asked[t.Object] {
			continue
		}
		if at, twice := place[t.Object]; twice {
			x.targets[at] = t
			continue
		}
		place[t.Object] = len(x.targets)
		x.targets = append(x.targets, t)
	}
	return nil
}

// The metadata that Helm adds to every object of a release when it writes it; the
// stored manifest does not have it.
const (
	managedByLabel        = "app.kubernetes.io/managed-by"
	managedByHelm         = "Helm"
	releaseNameAnnotation = "meta.helm.sh/release-name"
	releaseNamespaceAnno  = "meta.helm.sh/release-namespace"
)

// asWritten is the object as Helm writes it. The decorator has set the release
// label already.
func (x *examination) asWritten(manifest *unstructured.Unstructured) *unstructured.Unstructured {
	out := manifest.DeepCopy()
	labels, annotations := out.GetLabels(), out.GetAnnotations()
	if labels == nil {
		labels = map[string]string{}
	}
	if annotations == nil {
		annotations = map[string]string{}
	}
	labels[managedByLabel] = managedByHelm
	annotations[releaseNameAnnotation] = x.request.Name
	annotations[releaseNamespaceAnno] = x.request.Namespace
	out.SetLabels(labels)
	out.SetAnnotations(annotations)
	// Generated manifests often carry these two, empty; they are nobody's wish.
	delete(out.Object, "status")
	if metadata, ok := out.Object["metadata"].(map[string]any); ok {
		delete(metadata, "creationTimestamp")
	}
	plainSecret(out)
	return out
}

func (x *examination) differences() []Difference {
	out := x.unserved
	for _, t := range x.targets {
		if t.found != nil {
			out = append(out, *t.found)
		}
	}
	return out
}
