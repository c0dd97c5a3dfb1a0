// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// Conflict is an object that exists and is not the release's.
type Conflict struct {
	Object
	// OwnedBy is "" for nobody, "Helm release namespace/name", or
	// "ComponentRelease name" for what another component made without Helm.
	OwnedBy string
}

// Conflicts returns the objects that exist in the cluster and do not belong to
// the release by Helm's own rule, in the order given. Helm refuses to install or
// to upgrade over them; Request.Adopt takes over those that nobody owns. Kinds that
// are not served have no objects. What the release has deployed already is no
// conflict, even if somebody took Helm's marks off, unless another release claims
// it now. What does not exist is remembered for the install that may follow.
func (e *Engine) Conflicts(ctx context.Context, release Release, objects []Object, owner string) ([]Conflict, error) {
	began := e.absences.now()
	absent, err := e.absentNamespaces(ctx, objects)
	if err != nil {
		return nil, err
	}
	live, err := e.lookAt(ctx, objects, absent)
	if err != nil {
		return nil, err
	}
	var out []Conflict
	var found, missing []Object
	for i, object := range objects {
		switch {
		case live[i] != nil:
			found = append(found, object)
			if !ownedBy(live[i], release) {
				out = append(out, Conflict{Object: object, OwnedBy: whose(live[i], release, owner)})
			}
		case staysAbsent(object, absent[object.Namespace]):
			missing = append(missing, object)
		}
	}
	e.absences.note(began, found, missing)
	return e.withoutDeployed(context.WithoutCancel(ctx), release, out)
}

// lookAt reads the metadata of objects, in their order; nil is what does not exist, which
// it knows of all that is in an absent namespace.
func (e *Engine) lookAt(ctx context.Context, objects []Object, absent map[string]bool) ([]*metav1.PartialObjectMetadata, error) {
	out := make([]*metav1.PartialObjectMetadata, len(objects))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelReads)
	for i, object := range objects {
		if absent[object.Namespace] {
			continue // and nothing is in it
		}
		group.Go(func() (err error) {
			out[i], err = e.metadataOf(ctx, object)
			return err
		})
	}
	return out, group.Wait()
}

// absentNamespaces are those of the objects that do not exist: a component on its way
// into a namespace of its own costs one question instead of one for each object.
func (e *Engine) absentNamespaces(ctx context.Context, objects []Object) (map[string]bool, error) {
	absent := map[string]bool{"": false}
	for _, object := range objects {
		if _, known := absent[object.Namespace]; known {
			continue
		}
		namespace := Object{GroupVersionKind: corev1.SchemeGroupVersion.WithKind("Namespace"), Name: object.Namespace}
		live, err := e.metadataOf(ctx, namespace)
		if err != nil {
			return nil, err
		}
		absent[object.Namespace] = live == nil
	}
	return absent, nil
}

// metadataOf is nil for what does not exist.
func (e *Engine) metadataOf(ctx context.Context, object Object) (*metav1.PartialObjectMetadata, error) {
	mapping, err := e.options.Kinds.RESTMapping(object.GroupKind(), object.Version)
	if meta.IsNoMatchError(err) {
		return nil, nil //nolint:nilnil // what is not served does not exist
	}
	if err != nil {
		return nil, err
	}
	live, err := e.metadata.Resource(mapping.Resource).Namespace(object.Namespace).Get(ctx, object.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil //nolint:nilnil // as documented
	}
	if err != nil {
		return nil, fmt.Errorf("read the metadata of %s: %w", object, err)
	}
	return live, nil
}

// whose names an owner that is not this release.
func whose(live metav1.Object, release Release, owner string) string {
	annotations := live.GetAnnotations()
	other := Release{Namespace: annotations[releaseNamespaceAnno], Name: annotations[releaseNameAnnotation]}
	if other.Name != "" && other != release {
		return "Helm release " + other.String()
	}
	if label := live.GetLabels()[v1alpha1.ReleaseLabel]; label != "" && label != owner {
		return "ComponentRelease " + label
	}
	return ""
}

// withoutDeployed drops what nobody owns and the deployed revision has in its
// manifest: Helm updates that without a question. The record is read only when
// there is something to drop.
func (e *Engine) withoutDeployed(ctx context.Context, release Release, conflicts []Conflict) ([]Conflict, error) {
	if !slices.ContainsFunc(conflicts, func(c Conflict) bool { return c.OwnedBy == "" }) {
		return conflicts, nil
	}
	known, err := e.Observe(ctx, release)
	if err != nil {
		return nil, err
	}
	number := deployedOrLast(known)
	if number == 0 {
		return conflicts, nil
	}
	deployed, err := e.Inventory(ctx, release, number)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(conflicts, func(c Conflict) bool {
		return c.OwnedBy == "" && slices.ContainsFunc(deployed, c.same)
	}), nil
}

// same says that two names mean one object, in whatever version.
func (o Object) same(other Object) bool { return o.key() == other.key() }

// String is "Kind namespace/name".
func (o Object) String() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// refuseForeign is an error that names the objects that belong to others.
func (e *Engine) refuseForeign(ctx context.Context, release Release, owner string, objects []Object) error {
	conflicts, err := e.Conflicts(ctx, release, objects, owner)
	if err != nil {
		return err
	}
	var names []string
	for _, conflict := range conflicts {
		if conflict.OwnedBy != "" {
			names = append(names, conflict.Object.String()+" belongs to "+conflict.OwnedBy)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("objects of another owner are not taken over: %s; remove them there, or give the release another name",
		strings.Join(names, ", "))
}

// postRenderer drops definitions; where objects may be taken over, it also looks
// whose they are, for Helm does not then. Nothing is written before it has run.
func (e *Engine) postRenderer(ctx context.Context, request Request) *postRenderer {
	if !request.Adopt {
		return &postRenderer{}
	}
	return &postRenderer{check: func(manifest string) error {
		objects, err := objectsOf(manifest, request.Namespace, e.options.Kinds)
		if err != nil {
			return err
		}
		return e.refuseForeign(ctx, request.Release, request.Owner, objects)
	}}
}

type postRenderer struct {
	withoutCRDs
	check func(manifest string) error
}

// Run implements postrender.PostRenderer.
func (p *postRenderer) Run(rendered *bytes.Buffer) (*bytes.Buffer, error) {
	out, err := p.withoutCRDs.Run(rendered)
	if err != nil || p.check == nil {
		return out, err
	}
	return out, p.check(out.String())
}
