// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package crds

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/pager"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

const (
	// inspectTimeout bounds one look, so that a lost connection does not hold a place for ever.
	inspectTimeout = 5 * time.Minute
	pageSize       = 200
	// namedObjects is how many broken objects a message names.
	namedObjects = 3
)

// verdict is what one look found. The zero verdict is a change that can break nothing, now or later.
type verdict struct {
	// refusal is Terminal; nil when the change may be made.
	refusal error
	// narrows says that the change could break objects that are made later.
	narrows bool
}

// inspector reads a definition and its objects from the API server. It keeps nothing.
type inspector struct {
	definitions rest.Interface
	objects     dynamic.Interface
	page        int64 // objects to a page
}

func newInspector(config *rest.Config) (*inspector, error) {
	config = rest.CopyConfig(config)
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("HTTP client: %w", err)
	}
	objects, err := dynamic.NewForConfigAndClient(config, httpClient)
	if err != nil {
		return nil, fmt.Errorf("dynamic client: %w", err)
	}
	definitions, err := definitionsClient(config, httpClient)
	if err != nil {
		return nil, fmt.Errorf("client of CustomResourceDefinitions: %w", err)
	}
	return &inspector{definitions: definitions, objects: objects, page: pageSize}, nil
}

func definitionsClient(config *rest.Config, httpClient *http.Client) (rest.Interface, error) {
	config = rest.CopyConfig(config)
	config.APIPath, config.GroupVersion = "/apis", new(GVK.GroupVersion())
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	return rest.RESTClientForConfigAndClient(config, httpClient)
}

// look says whether next may replace what the cluster has. The error is Retryable with ReasonPrepareFailed: the API server did not answer.
func (i *inspector) look(ctx context.Context, next *Definition) (verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, inspectTimeout)
	defer cancel()
	live, err := i.definition(ctx, next.Name)
	if apierrors.IsNotFound(err) {
		return verdict{}, nil
	}
	if err != nil {
		return verdict{}, failure.Retryable(v1alpha1.ReasonPrepareFailed, "read CustomResourceDefinition %s: %w", next.Name, err)
	}
	state := FromObject(live)
	if state.Terminating {
		return verdict{}, nil
	}
	if CheckChange(state, *next) != nil {
		return verdict{refusal: checkChange(state, *next, i.count(ctx, state))}, nil
	}
	wanted, err := next.decode()
	if err != nil {
		return verdict{}, nil // not a schema this code can read; the API server will say what is wrong with it
	}
	return i.compare(ctx, live, wanted)
}

func (i *inspector) definition(ctx context.Context, name string) (*apiextensionsv1.CustomResourceDefinition, error) {
	raw, err := i.definitions.Get().Resource("customresourcedefinitions").Name(name).Do(ctx).Raw()
	if err != nil {
		return nil, err
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	return crd, json.Unmarshal(raw, crd)
}

// decode builds the full type.
func (d *Definition) decode() (*apiextensionsv1.CustomResourceDefinition, error) {
	raw, err := d.Manifest("")
	if err != nil {
		return nil, err
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	return crd, json.Unmarshal(raw, crd)
}

// compare looks at the live objects where the new definition allows less.
func (i *inspector) compare(ctx context.Context, live, wanted *apiextensionsv1.CustomResourceDefinition) (verdict, error) {
	t := &tally{broken: map[string]bool{}}
	for _, pair := range pairs(live, wanted) {
		changes := compareVersions(live, pair.from, wanted, pair.to)
		if len(changes) == 0 {
			continue
		}
		t.changes = append(t.changes, changes...)
		if err := i.examine(ctx, t, live, wanted, pair); err != nil {
			return verdict{}, failure.Retryable(v1alpha1.ReasonPrepareFailed, "the new CustomResourceDefinition %s allows less, "+
				"and its live objects could not be read: %w", wanted.Name, err)
		}
	}
	out := verdict{narrows: len(t.changes) > 0}
	if len(t.broken) > 0 {
		out.refusal = unsafeChange(wanted.Name, t.message(wanted.Spec.Names.Kind))
	}
	return out, nil
}

// pair is a version of the live definition, and the one of the new definition that its objects will be read with.
type pair struct{ from, to string }

// pairs lists the comparisons that matter to what is stored. A served version is compared with the one of the same name, unless a webhook
// makes it from another one that is stored: what the new webhook will make of it nobody can tell. When objects are stored in another version
// from now on and nothing converts them, the old storage version is compared with the new one, too.
func pairs(live, wanted *apiextensionsv1.CustomResourceDefinition) []pair {
	state := FromObject(live)
	storage := state.storageVersion()
	hook := wanted.Spec.Conversion != nil && wanted.Spec.Conversion.Strategy == apiextensionsv1.WebhookConverter
	var out []pair
	for _, v := range state.Versions {
		stored := v.Storage || slices.Contains(state.StoredVersions, v.Name)
		if v.Served && servedVersion(wanted, v.Name) != nil && (stored || !hook) {
			out = append(out, pair{v.Name, v.Name})
		}
	}
	if to := FromObject(wanted).storageVersion(); to != storage && !hook && serves(state.Versions, storage) {
		out = append(out, pair{storage, to})
	}
	return out
}

// examine counts the live objects that a pair breaks.
func (i *inspector) examine(ctx context.Context, t *tally, live, wanted *apiextensionsv1.CustomResourceDefinition, p pair) error {
	after, err := newJudge(wanted, p.to)
	if err != nil {
		return nil //nolint:nilerr // the API server will say what is wrong with the new definition
	}
	before, err := newJudge(live, p.from)
	if err != nil {
		before = nil // an old definition that is not structural: every problem counts
	}
	total := 0
	gvr := schema.GroupVersionResource{Group: live.Spec.Group, Version: p.from, Resource: live.Spec.Names.Plural}
	err = i.each(ctx, gvr, func(object *unstructured.Unstructured) {
		total++
		if problems := newProblems(ctx, before, after, object.Object); len(problems) > 0 {
			t.add(object, problems[0])
		}
	})
	t.total = max(t.total, total)
	return err
}

// each lists objects page by page, and keeps no more than two pages.
func (i *inspector) each(ctx context.Context, gvr schema.GroupVersionResource, do func(*unstructured.Unstructured)) error {
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return i.objects.Resource(gvr).List(ctx, options)
	})
	pages.PageSize, pages.PageBufferSize = i.page, 1
	return pages.EachListItem(ctx, metav1.ListOptions{}, func(object runtime.Object) error {
		if u, ok := object.(*unstructured.Unstructured); ok {
			do(u)
		}
		return nil
	})
}

// count returns how many live objects there are, or unknownCount. A refusal stands without the number.
func (i *inspector) count(ctx context.Context, state State) int {
	version := state.storageVersion()
	if !serves(state.Versions, version) {
		j := slices.IndexFunc(state.Versions, func(v Version) bool { return v.Served })
		if j < 0 {
			return unknownCount
		}
		version = state.Versions[j].Name
	}
	gvr := schema.GroupVersionResource{Group: state.Group, Version: version, Resource: state.Plural}
	first, err := i.objects.Resource(gvr).List(ctx, metav1.ListOptions{Limit: 1})
	switch {
	case err != nil:
		return unknownCount
	case first.GetContinue() == "":
		return len(first.Items)
	case first.GetRemainingItemCount() != nil:
		return len(first.Items) + int(*first.GetRemainingItemCount())
	}
	n := 0
	if err := i.each(ctx, gvr, func(*unstructured.Unstructured) { n++ }); err != nil {
		return unknownCount
	}
	return n
}

// tally is what was found among the live objects.
type tally struct {
	changes []Change
	total   int
	broken  map[string]bool
	names   []string // the first ones
	first   problem
}

func (t *tally) add(object *unstructured.Unstructured, p problem) {
	name := strings.TrimPrefix(object.GetNamespace()+"/"+object.GetName(), "/")
	if t.broken[name] {
		return
	}
	if len(t.broken) == 0 {
		t.first = p
	}
	t.broken[name] = true
	if len(t.names) < namedObjects {
		t.names = append(t.names, name)
	}
}

// message says which change breaks which objects, beginning with the change that the first problem comes from.
func (t *tally) message(kind string) string {
	cause := max(0, slices.IndexFunc(t.changes, func(c Change) bool { return c.Path != "" && c.causes(t.first) }))
	others := ""
	switch n := len(t.changes) - 1; n {
	case 0:
	case 1:
		others = " (and 1 more change)"
	default:
		others = fmt.Sprintf(" (and %d more changes)", n)
	}
	names := strings.Join(t.names, ", ")
	if more := len(t.broken) - len(t.names); more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	verb := "use"
	if len(t.broken) == 1 {
		verb = "uses"
	}
	return fmt.Sprintf("%s%s: %d of %s %s what the new definition does not allow (%s); in %s, %s; change these objects so that they do "+
		"without it, or choose a chart version whose definition still allows it",
		t.changes[cause], others, len(t.broken), countObjects(t.total, kind), verb, names, t.names[0], t.first)
}
