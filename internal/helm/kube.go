// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"helm.sh/helm/v3/pkg/kube"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/resource"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// decorator is Helm's Kubernetes client with its traps taken out:
//   - custom resource definitions never pass: they belong to the operator;
//   - claims and namespaces are deleted only where that was allowed: they hold what
//     people would miss;
//   - every object carries the release label, hooks included;
//   - updates of custom resources are three-way, as for everything else;
//   - nothing polls: waits are watches, and end when the job is interrupted;
//   - kinds that a stored manifest names and nobody serves are left out;
//   - an install does not ask again for what a look has just not found;
//   - when the action's context ends, no further write is begun.
type decorator struct {
	*kube.Client
	ctx     context.Context //nolint:containedctx // Helm's interface takes no context; one decorator lives for one action.
	release Release
	owner   string
	mapper  meta.RESTMapper
	wait    Waiter
	explain Explainer
	log     logr.Logger
	// patience is left for workloads that a post hook may need.
	patience time.Duration
	// installs says that Helm asks for each object before it writes the first.
	installs bool
	// absent is what a look has just not found: the answer to these questions.
	absent *absences
	// written says that something was sent; from then on every question is.
	written bool
	// spared are objects that are not deleted, for they are not the release's.
	spared []Object
	// allowDelete are kinds that count as data and may be deleted.
	allowDelete []string
	// why pods did not do what was waited for; Helm keeps the text of errors only.
	why string
	// interrupted is why a wait ended early; Helm keeps the text of errors only.
	interrupted error
	// deleteErrors are why objects could not be deleted; Helm drops them.
	deleteErrors []error
	// hooks is how long hooks were waited for.
	hooks time.Duration
	// releaseObjects is what was written and is not a hook. One action runs in
	// one goroutine at a time.
	releaseObjects []Applied
}

var (
	_ kube.Interface                    = (*decorator)(nil)
	_ kube.InterfaceExt                 = (*decorator)(nil)
	_ kube.InterfaceThreeWayMerge       = (*decorator)(nil)
	_ kube.InterfaceDeletionPropagation = (*decorator)(nil)
)

// IsReachable is answered by the next real request.
func (d *decorator) IsReachable() error { return d.ctx.Err() }

// Build turns a manifest into objects. Helm asks with validate for what is about
// to be written and without for what is stored: only the latter may leave out
// kinds that are not served.
func (d *decorator) Build(reader io.Reader, validate bool) (list kube.ResourceList, err error) {
	defer recovered(&err)
	raw, err := io.ReadAll(reader)
	if err != nil {
		return nil, err
	}
	stream := string(raw)
	if !validate {
		var unmapped []string
		if stream, unmapped = mapped(stream, d.mapper); len(unmapped) > 0 {
			d.log.Info("Left out of a stored manifest: kinds that are not served", "objects", unmapped)
		}
	}
	if strings.TrimSpace(stream) == "" {
		return nil, nil
	}
	list, err = d.Client.Build(strings.NewReader(stream), false)
	if err != nil {
		return nil, err
	}
	list = list.Filter(func(info *resource.Info) bool {
		return info.Mapping.GroupVersionKind.Kind != "CustomResourceDefinition"
	})
	if validate && d.installs && !d.written {
		d.answerAbsent(list)
	}
	return list, list.Visit(d.label)
}

// answerAbsent gives the absent ones a client that says so.
func (d *decorator) answerAbsent(list kube.ResourceList) {
	for _, info := range list {
		if d.absent.has(info) {
			info.Client = unseen{RESTClient: info.Client, written: &d.written}
		}
	}
}

// beforeWrite ends what is taken for absent: in this action, and of these objects for
// everybody.
func (d *decorator) beforeWrite(list kube.ResourceList) {
	d.written = true
	d.absent.forget(list)
}

func (d *decorator) label(info *resource.Info, err error) error {
	if err != nil {
		return err
	}
	accessor, err := meta.Accessor(info.Object)
	if err != nil {
		return err
	}
	lbls := accessor.GetLabels()
	if lbls == nil {
		lbls = map[string]string{}
	}
	lbls[v1alpha1.ReleaseLabel] = d.owner
	accessor.SetLabels(lbls)
	return nil
}

// Create implements kube.Interface; nothing to create is no error.
func (d *decorator) Create(resources kube.ResourceList) (result *kube.Result, err error) {
	defer recovered(&err)
	if err := d.ctx.Err(); err != nil || len(resources) == 0 {
		return &kube.Result{}, err
	}
	if err := d.beforeHook(resources); err != nil {
		return &kube.Result{}, err
	}
	d.beforeWrite(resources)
	result, err = d.Client.Create(resources)
	d.note(resources)
	return result, err
}

// note remembers what was written, hooks aside: Helm sends those one by one.
func (d *decorator) note(resources kube.ResourceList) {
	for i, entry := range appliedOf(resources) {
		if entry.UID == "" {
			continue // it was not written
		}
		accessor, err := meta.Accessor(resources[i].Object)
		if err != nil || accessor.GetAnnotations()[helmrelease.HookAnnotation] == "" {
			d.releaseObjects = append(d.releaseObjects, entry)
		}
	}
}

// Update implements kube.Interface by a three-way merge for every kind.
func (d *decorator) Update(original, target kube.ResourceList, force bool) (*kube.Result, error) {
	return d.UpdateThreeWayMerge(original, target, force)
}

// UpdateThreeWayMerge implements kube.InterfaceThreeWayMerge. What left the
// manifest is deleted, save for what counts as data.
func (d *decorator) UpdateThreeWayMerge(original, target kube.ResourceList, force bool) (result *kube.Result, err error) {
	defer recovered(&err)
	original = original.Filter(func(info *resource.Info) bool { return !d.keeps(info) || target.Contains(info) })
	if err := d.ctx.Err(); err != nil || len(original)+len(target) == 0 {
		return &kube.Result{}, err
	}
	if err := d.refuseNewcomers(target); err != nil {
		return &kube.Result{}, err
	}
	d.beforeWrite(target)
	result, err = d.Client.UpdateThreeWayMerge(original, target, force)
	d.note(target)
	if err != nil {
		return result, err
	}
	return result, d.removeDropped(original.Difference(target))
}

// Delete implements kube.Interface.
func (d *decorator) Delete(resources kube.ResourceList) (*kube.Result, []error) {
	return d.DeleteWithPropagationPolicy(resources, metav1.DeletePropagationBackground)
}

// DeleteWithPropagationPolicy implements kube.InterfaceDeletionPropagation.
func (d *decorator) DeleteWithPropagationPolicy(
	resources kube.ResourceList, policy metav1.DeletionPropagation,
) (result *kube.Result, errs []error) {
	var panicked error
	defer func() {
		if panicked != nil {
			errs = append(errs, panicked)
		}
		d.deleteErrors = errs
	}()
	defer recovered(&panicked)
	if err := d.ctx.Err(); err != nil {
		return &kube.Result{}, []error{err}
	}
	resources = resources.Filter(func(info *resource.Info) bool { return !d.keeps(info) })
	if len(resources) == 0 {
		return &kube.Result{}, nil
	}
	return d.Client.DeleteWithPropagationPolicy(resources, policy)
}

// keeps says that an object is never deleted: it holds what cannot be made again,
// and nobody allowed to lose it, or it is not the release's.
func (d *decorator) keeps(info *resource.Info) bool {
	kind := info.Mapping.GroupVersionKind.GroupKind()
	isSpared := func(o Object) bool { return o.key() == keyOf(info) }
	return IsData(kind) && !slices.Contains(d.allowDelete, kind.Kind) || slices.ContainsFunc(d.spared, isSpared)
}

// recovered turns a panic into an error of this release. Helm works in goroutines
// of its own, which the job that began it cannot guard.
func recovered(err *error) {
	if problem := recover(); problem != nil {
		*err = fmt.Errorf("the action panicked: %v", problem)
	}
}
