// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

// probeManager is the field manager of probes; nothing is ever stored under it.
const probeManager = "groundwork-probe"

// Probe asks the API server, by a server-side dry run of an apply, whether it
// would accept each of the objects now: schema, conversion and admission webhooks
// are on that path. Objects of namespaced kinds that name no namespace go to the
// given one. Nothing is written. The error is nil when all are accepted, else that
// of the first one that is not, with v1alpha1.ReasonProbeFailed and the object's
// name: terminal for an entry that is no object, blocked while its kind is not
// served, retryable for what the API server refuses.
func (a *Applier) Probe(ctx context.Context, namespace string, raw []apiextensionsv1.JSON) error {
	objects, problems := parse("probes", raw)
	if len(problems) > 0 {
		return failure.Terminal(v1alpha1.ReasonProbeFailed, "%s", strings.Join(problems, "; "))
	}
	for _, object := range objects {
		if err := a.probe(ctx, namespace, object); err != nil {
			return err
		}
	}
	return nil
}

func (a *Applier) probe(ctx context.Context, namespace string, object *unstructured.Unstructured) error {
	mapping, err := mappingOf(a.mapper, object)
	if err != nil {
		return a.probeNotServed(object)
	}
	ref := resolve(object, mapping, namespace)
	object.SetNamespace(ref.Namespace)
	_, err = a.resource(mapping, ref.Namespace).Apply(ctx, ref.Name, object, metav1.ApplyOptions{
		FieldManager: probeManager, Force: true, DryRun: []string{metav1.DryRunAll},
	})
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("probe %s: %w", describe(ref), ctx.Err())
	}
	err = refusal("probe", ref, err)
	if errors.Is(err, errNotServed) {
		return a.probeNotServed(object)
	}
	return failure.Retryable(v1alpha1.ReasonProbeFailed, "%w", err)
}

func (a *Applier) probeNotServed(object *unstructured.Unstructured) error {
	return failure.Blocked(v1alpha1.ReasonProbeFailed, "probe %s: the kind %s is not served yet", describe(referenceOf(object)), a.kindText(object))
}
