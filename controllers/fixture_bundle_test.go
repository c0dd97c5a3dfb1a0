// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/controllers"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/crds"
)

// bundleFixture is one PlatformBundle in the API server, and a reconciler whose
// rooms are stubs.
type bundleFixture struct {
	preparer   *stubPreparer
	applier    *stubApplier
	checks     *stubChecks
	usage      *stubUsage
	webhooks   *stubAdmission
	events     *recorder
	reconciler *controllers.PlatformBundleReconciler
	bundle     *v1alpha1.PlatformBundle
}

func newBundleFixture(components ...v1alpha1.Component) *bundleFixture {
	GinkgoHelper()
	catalogs, err := catalog.Load(bundles.FS)
	Expect(err).NotTo(HaveOccurred())
	f := &bundleFixture{
		preparer: &stubPreparer{errors: map[string]error{}, pending: map[string]bool{}, definitions: map[string][]*crds.Definition{}},
		applier:  &stubApplier{}, checks: &stubChecks{}, usage: &stubUsage{listed: true}, webhooks: &stubAdmission{}, events: &recorder{},
	}
	f.reconciler = &controllers.PlatformBundleReconciler{
		Client: indexed{k8s}, APIReader: k8s, Recorder: f.events, Catalogs: catalogs, References: stubReferences{},
		Preparer: f.preparer, Kinds: stubKinds{}, CRDs: f.applier, CRDChecks: f.checks, Usage: f.usage, Admission: f.webhooks,
	}
	f.bundle = &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "day-two"}}
	f.bundle.Spec.Components = components
	DeferCleanup(func(ctx context.Context) {
		f.vanish(ctx)
		Expect(k8s.DeleteAllOf(ctx, &v1alpha1.ComponentRelease{})).To(Succeed())
	})
	return f
}

// ownChart is a component with a chart that no catalog knows.
func ownChart(name, version string, dependsOn ...string) v1alpha1.Component {
	return v1alpha1.Component{
		Name: name, Version: version, DependsOn: dependsOn, Chart: &v1alpha1.ChartSource{Repository: "https://charts.example.com"},
	}
}

// vanish takes the bundle away without its finalizer, as losing a cluster's etcd
// and restoring all but the bundle does.
func (f *bundleFixture) vanish(ctx context.Context) {
	GinkgoHelper()
	current := &v1alpha1.PlatformBundle{}
	if err := k8s.Get(ctx, client.ObjectKeyFromObject(f.bundle), current); err != nil {
		return
	}
	current.Finalizers = nil
	Expect(client.IgnoreNotFound(k8s.Update(ctx, current))).To(Succeed())
	Expect(client.IgnoreNotFound(k8s.Delete(ctx, current))).To(Succeed())
}

func (f *bundleFixture) create(ctx context.Context) {
	GinkgoHelper()
	Expect(k8s.Create(ctx, f.bundle)).To(Succeed())
}

func (f *bundleFixture) reconcile(ctx context.Context) {
	GinkgoHelper()
	_, err := f.reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: types.NamespacedName{Name: f.bundle.Name}})
	Expect(err).NotTo(HaveOccurred())
}

// install approves every component and lets it become Ready, in order.
func (f *bundleFixture) install(ctx context.Context) {
	GinkgoHelper()
	f.create(ctx)
	for range len(f.bundle.Spec.Components) {
		f.reconcile(ctx)
		for _, c := range f.bundle.Spec.Components {
			if f.release(ctx, c.Name) != nil {
				f.becomeReady(ctx, c.Name)
			}
		}
	}
	f.reconcile(ctx)
	Expect(f.condition(ctx, v1alpha1.ConditionReady).Status).To(Equal(metav1.ConditionTrue))
}

func (f *bundleFixture) observed(ctx context.Context) *v1alpha1.PlatformBundle {
	GinkgoHelper()
	out := &v1alpha1.PlatformBundle{}
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(f.bundle), out)).To(Succeed())
	return out
}

func (f *bundleFixture) condition(ctx context.Context, kind string) *metav1.Condition {
	GinkgoHelper()
	return meta.FindStatusCondition(f.observed(ctx).Status.Conditions, kind)
}

// state of a component in the bundle's status.
func (f *bundleFixture) state(ctx context.Context, component string) v1alpha1.ComponentStatus {
	GinkgoHelper()
	components := f.observed(ctx).Status.Components
	at := slices.IndexFunc(components, func(c v1alpha1.ComponentStatus) bool { return c.Name == component })
	if at < 0 {
		return v1alpha1.ComponentStatus{}
	}
	return components[at]
}

// release of a component; nil when there is none.
func (f *bundleFixture) release(ctx context.Context, component string) *v1alpha1.ComponentRelease {
	GinkgoHelper()
	out := &v1alpha1.ComponentRelease{}
	err := k8s.Get(ctx, types.NamespacedName{Name: v1alpha1.ReleaseName(f.bundle.Name, component)}, out)
	Expect(client.IgnoreNotFound(err)).To(Succeed())
	if err != nil {
		return nil
	}
	return out
}

func (f *bundleFixture) change(ctx context.Context, change func(*v1alpha1.PlatformBundle)) {
	GinkgoHelper()
	current := f.observed(ctx)
	change(current)
	Expect(k8s.Update(ctx, current)).To(Succeed())
}

// becomeReady does what the other controller does when a release is Ready.
func (f *bundleFixture) becomeReady(ctx context.Context, component string) {
	GinkgoHelper()
	f.report(ctx, component, func(release *v1alpha1.ComponentRelease) {
		release.Status.ReadyDigest, release.Status.Revision = release.Spec.InputsDigest, 1
		meta.SetStatusCondition(&release.Status.Conditions, metav1.Condition{
			Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonReady, ObservedGeneration: release.Generation,
		})
	})
}

// report writes the status of a release.
func (f *bundleFixture) report(ctx context.Context, component string, change func(*v1alpha1.ComponentRelease)) {
	GinkgoHelper()
	release := f.release(ctx, component)
	Expect(release).NotTo(BeNil(), component+" must be approved")
	change(release)
	Expect(k8s.Status().Update(ctx, release)).To(Succeed())
}

// versions are those of the bundle and of all releases in the API server: equal
// versions mean that nothing was written.
func (f *bundleFixture) versions(ctx context.Context) map[string]string {
	GinkgoHelper()
	var list v1alpha1.ComponentReleaseList
	Expect(k8s.List(ctx, &list)).To(Succeed())
	out := map[string]string{f.bundle.Name: f.observed(ctx).ResourceVersion}
	for i := range list.Items {
		out[list.Items[i].Name] = list.Items[i].ResourceVersion
	}
	return out
}

// expectIdle makes sure that two more passes write and say nothing.
func (f *bundleFixture) expectIdle(ctx context.Context) {
	GinkgoHelper()
	before, said := f.versions(ctx), slices.Clone(f.events.notes)
	f.reconcile(ctx)
	f.reconcile(ctx)
	Expect(f.versions(ctx)).To(Equal(before), "something was written")
	Expect(f.events.notes).To(Equal(said))
}

// define puts a definition into the cluster as the operator applies it for a
// component, and returns it as the chart of that component brings it.
func (f *bundleFixture) define(ctx context.Context, component string, changes ...func(spec map[string]any)) *crds.Definition {
	GinkgoHelper()
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "widgets." + component + ".example.com"},
		"spec": map[string]any{
			"group": component + ".example.com", "scope": "Namespaced",
			"names": map[string]any{"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
		},
	}}
	for _, change := range changes {
		change(object.Object["spec"].(map[string]any))
	}
	raw, err := object.MarshalJSON()
	Expect(err).NotTo(HaveOccurred())
	definition, err := crds.Parse(raw)
	Expect(err).NotTo(HaveOccurred())
	object.SetLabels(map[string]string{v1alpha1.CRDOwnerLabel: v1alpha1.ReleaseName(f.bundle.Name, component)})
	object.SetAnnotations(map[string]string{v1alpha1.CRDDigestAnnotation: definition.Digest})
	Expect(k8s.Create(ctx, object)).To(Succeed())
	DeferCleanup(func(ctx context.Context) {
		Expect(k8s.Delete(ctx, object)).To(Succeed())
		Eventually(func() error { return k8s.Get(ctx, client.ObjectKeyFromObject(object), object) }).ShouldNot(Succeed())
	})
	Eventually(func(g Gomega) {
		var list crds.ObjectList
		g.Expect(k8s.List(ctx, &list)).To(Succeed())
		g.Expect(slices.ContainsFunc(list.Items, func(o crds.Object) bool {
			return o.Name == object.GetName() && o.State().Established
		})).To(BeTrue())
	}).Should(Succeed())
	f.preparer.definitions[component] = append(f.preparer.definitions[component], definition)
	return definition
}
