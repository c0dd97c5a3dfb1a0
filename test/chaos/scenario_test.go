// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// scenario is one thing that happens to a bundle.
type scenario struct {
	// Name in tables and in CHAOS_ONLY.
	Name string
	// Start makes the state that it begins from, with an operator that nobody
	// disturbs; nil begins from nothing.
	Start func(ctx context.Context, w *world, id string) error
	// Change is what a user does. Writes count from here.
	Change func(ctx context.Context, w *world, id string) error
	// Done says why it is not over yet; nil when it is.
	Done func(ctx context.Context, w *world, id string) error
}

// scenarios in the order of the table.
func scenarios() []scenario {
	all := []scenario{
		{Name: "install", Change: create, Done: ready},
		{Name: "upgrade", Start: install, Change: edit(upgrade), Done: ready},
		{Name: "rollback", Start: install, Change: edit(spoil), Done: rolledBack},
		{Name: "uninstall", Start: install, Change: remove, Done: gone},
	}
	return slices.DeleteFunc(all, func(s scenario) bool {
		return !wanted(s.Name, "")
	})
}

// bundle is the platform of a point: app depends on base and uses its CRD.
func bundle(w *world, id string) *v1alpha1.PlatformBundle {
	component := func(name string) v1alpha1.Component {
		return v1alpha1.Component{
			Name: name, Version: "1.0.0", Namespace: id, ReleaseName: id + "-" + name,
			Chart:  &v1alpha1.ChartSource{Repository: w.charts.URL},
			Values: values(`{"group": %q}`, groupOf(id)),
		}
	}
	base, app := component("base"), component("app")
	app.DependsOn = []string{"base"}
	retries := int32(0)
	app.Remediation = &v1alpha1.Remediation{Strategy: v1alpha1.RemediationRollback, Retries: &retries}
	return &v1alpha1.PlatformBundle{
		ObjectMeta: metav1.ObjectMeta{Name: id},
		Spec:       v1alpha1.PlatformBundleSpec{Components: []v1alpha1.Component{base, app}},
	}
}

func groupOf(id string) string { return id + ".example.com" }

func values(format string, args ...any) *apiextensionsv1.JSON {
	return &apiextensionsv1.JSON{Raw: fmt.Appendf(nil, format, args...)}
}

func create(ctx context.Context, w *world, id string) error { return w.k8s.Create(ctx, bundle(w, id)) }

// install creates the bundle and waits until the operator rests.
func install(ctx context.Context, w *world, id string) error {
	if err := create(ctx, w, id); err != nil {
		return err
	}
	return eventually(ctx, pointTimeout, func(ctx context.Context) error {
		if err := ready(ctx, w, id); err != nil {
			return err
		}
		if !w.process.rests() {
			return errors.New("the operator still writes")
		}
		return nil
	})
}

// edit changes the spec of the bundle.
func edit(change func(*v1alpha1.PlatformBundleSpec, string)) func(context.Context, *world, string) error {
	return func(ctx context.Context, w *world, id string) error {
		return eventually(ctx, pointTimeout, func(ctx context.Context) error {
			b := &v1alpha1.PlatformBundle{}
			if err := w.k8s.Get(ctx, client.ObjectKey{Name: id}, b); err != nil {
				return err
			}
			change(&b.Spec, id)
			return w.k8s.Update(ctx, b)
		})
	}
}

// upgrade changes values of base, its CRD with them, and the version of app.
func upgrade(spec *v1alpha1.PlatformBundleSpec, id string) {
	spec.Components[0].Values = values(`{"group": %q, "wide": true, "password": "second", "data": {"color": "green"}}`, groupOf(id))
	spec.Components[1].Version = "2.0.0"
}

// spoil wants a version of app that the API server refuses half-way.
func spoil(spec *v1alpha1.PlatformBundleSpec, _ string) { spec.Components[1].Version = "3.0.0" }

func remove(ctx context.Context, w *world, id string) error {
	err := edit(func(spec *v1alpha1.PlatformBundleSpec, _ string) {
		spec.DeletionPolicy = v1alpha1.DeletionPolicyDelete
	})(ctx, w, id)
	if err != nil {
		return err
	}
	return w.k8s.Delete(ctx, &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: id}})
}

func ready(ctx context.Context, w *world, id string) error {
	return readyCondition(ctx, w, id, func(b *v1alpha1.PlatformBundle, c *metav1.Condition) bool {
		return c.Status == metav1.ConditionTrue && b.Status.Ready == "2/2"
	})
}

// rolledBack: the old revision runs, and the new version is held.
func rolledBack(ctx context.Context, w *world, id string) error {
	return readyCondition(ctx, w, id, func(b *v1alpha1.PlatformBundle, _ *metav1.Condition) bool {
		for _, c := range b.Status.Components {
			if c.Name == "app" {
				return c.Reason == v1alpha1.ReasonRolledBack
			}
		}
		return false
	})
}

func readyCondition(ctx context.Context, w *world, id string, holds func(*v1alpha1.PlatformBundle, *metav1.Condition) bool) error {
	b := &v1alpha1.PlatformBundle{}
	if err := w.k8s.Get(ctx, client.ObjectKey{Name: id}, b); err != nil {
		return err
	}
	condition := meta.FindStatusCondition(b.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case b.Status.ObservedGeneration != b.Generation:
		return fmt.Errorf("generation %d has not been looked at, %d has", b.Generation, b.Status.ObservedGeneration)
	case condition == nil:
		return errors.New("the bundle has no Ready condition")
	case !holds(b, condition):
		return fmt.Errorf("the bundle is Ready=%s, %s: %s", condition.Status, condition.Reason, condition.Message)
	}
	return nil
}

// gone: neither the bundle nor its releases are there.
func gone(ctx context.Context, w *world, id string) error {
	err := w.k8s.Get(ctx, client.ObjectKey{Name: id}, &v1alpha1.PlatformBundle{})
	if err == nil {
		return errors.New("the bundle is still there")
	}
	if !apierrors.IsNotFound(err) {
		return err
	}
	return nil
}
