// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/controllers"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/crds"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

var _ = Describe("PlatformBundle", func() {
	var (
		preparer   *stubPreparer
		applier    *stubApplier
		checks     *stubChecks
		counter    *stubUsage
		webhooks   *stubAdmission
		events     *recorder
		reconciler *controllers.PlatformBundleReconciler
		bundle     *v1alpha1.PlatformBundle
	)

	own := func(name string, dependsOn ...string) v1alpha1.Component {
		return v1alpha1.Component{
			Name: name, Version: "1.0.0", DependsOn: dependsOn,
			Chart: &v1alpha1.ChartSource{Repository: "https://charts.example.com"},
		}
	}
	reconcile := func(ctx context.Context) {
		GinkgoHelper()
		_, err := reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: types.NamespacedName{Name: bundle.Name}})
		Expect(err).NotTo(HaveOccurred())
	}
	observed := func(ctx context.Context) *v1alpha1.PlatformBundle {
		GinkgoHelper()
		out := &v1alpha1.PlatformBundle{}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(bundle), out)).To(Succeed())
		return out
	}
	release := func(ctx context.Context, component string) *v1alpha1.ComponentRelease {
		out := &v1alpha1.ComponentRelease{}
		err := k8s.Get(ctx, types.NamespacedName{Name: v1alpha1.ReleaseName(bundle.Name, component)}, out)
		if client.IgnoreNotFound(err) != nil {
			Fail(err.Error())
		}
		if err != nil {
			return nil
		}
		return out
	}
	becomeReady := func(ctx context.Context, component string) {
		GinkgoHelper()
		r := release(ctx, component)
		Expect(r).NotTo(BeNil(), component+" must be approved")
		r.Status.ReadyDigest = r.Spec.InputsDigest
		meta.SetStatusCondition(&r.Status.Conditions, metav1.Condition{
			Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonReady, ObservedGeneration: r.Generation,
		})
		Expect(k8s.Status().Update(ctx, r)).To(Succeed())
	}
	removed := func(ctx context.Context, component string) {
		GinkgoHelper()
		r := release(ctx, component)
		Expect(r.Spec.Removal).To(Equal(v1alpha1.RemovalUninstall), component+" must be marked for removal")
		r.Status.Removed = true
		Expect(k8s.Status().Update(ctx, r)).To(Succeed())
	}
	state := func(ctx context.Context, component string) v1alpha1.ComponentStatus {
		for _, c := range observed(ctx).Status.Components {
			if c.Name == component {
				return c
			}
		}
		return v1alpha1.ComponentStatus{}
	}
	change := func(ctx context.Context, f func(*v1alpha1.PlatformBundle)) {
		GinkgoHelper()
		current := observed(ctx)
		f(current)
		Expect(k8s.Update(ctx, current)).To(Succeed())
	}
	condition := func(ctx context.Context, kind string) *metav1.Condition {
		return meta.FindStatusCondition(observed(ctx).Status.Conditions, kind)
	}

	BeforeEach(func() {
		catalogs, err := catalog.Load(bundles.FS)
		Expect(err).NotTo(HaveOccurred())
		preparer = &stubPreparer{errors: map[string]error{}, pending: map[string]bool{}, definitions: map[string][]*crds.Definition{}}
		applier, events = &stubApplier{}, &recorder{}
		checks, counter, webhooks = &stubChecks{}, &stubUsage{listed: true}, &stubAdmission{}
		reconciler = &controllers.PlatformBundleReconciler{
			Client: indexed{k8s}, APIReader: k8s, Recorder: events, Catalogs: catalogs, References: stubReferences{},
			Preparer: preparer, Kinds: stubKinds{}, CRDs: applier, CRDChecks: checks, Usage: counter, Admission: webhooks,
		}
		bundle = &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{GenerateName: "spec-"}}
		bundle.Spec.Components = []v1alpha1.Component{own("beta", "alpha"), own("alpha")}
		DeferCleanup(func(ctx context.Context) {
			current := &v1alpha1.PlatformBundle{}
			if err := k8s.Get(ctx, client.ObjectKeyFromObject(bundle), current); err == nil {
				current.Finalizers = nil
				Expect(client.IgnoreNotFound(k8s.Update(ctx, current))).To(Succeed())
				Expect(client.IgnoreNotFound(k8s.Delete(ctx, current))).To(Succeed())
			}
			Expect(k8s.DeleteAllOf(ctx, &v1alpha1.ComponentRelease{})).To(Succeed())
		})
	})

	create := func(ctx context.Context) {
		GinkgoHelper()
		Expect(k8s.Create(ctx, bundle)).To(Succeed())
	}

	It("approves a component when its dependencies are Ready, and says who waits for whom", func(ctx context.Context) {
		create(ctx)
		reconcile(ctx)
		Expect(release(ctx, "alpha")).NotTo(BeNil())
		Expect(release(ctx, "alpha").OwnerReferences).To(BeEmpty(), "it belongs by label, not by owner reference")
		Expect(release(ctx, "beta")).To(BeNil())
		Expect(state(ctx, "beta").Message).To(Equal("waits for alpha"))
		Expect(observed(ctx).Status.Ready).To(Equal("0/2"))
		Expect(condition(ctx, v1alpha1.ConditionReconciling)).NotTo(BeNil(), "waiting is progress, not an error")
		Expect(condition(ctx, v1alpha1.ConditionStalled)).To(BeNil())

		becomeReady(ctx, "alpha")
		reconcile(ctx)
		Expect(release(ctx, "beta")).NotTo(BeNil())
		becomeReady(ctx, "beta")
		reconcile(ctx)
		Expect(observed(ctx).Status.Ready).To(Equal("2/2"))
		Expect(condition(ctx, v1alpha1.ConditionReady).Message).To(Equal("all 2 components are ready"))
		Expect(condition(ctx, v1alpha1.ConditionReconciling)).To(BeNil())
	})

	It("writes nothing and says nothing when nothing changed", func(ctx context.Context) {
		create(ctx)
		for range 3 {
			reconcile(ctx)
			for _, name := range []string{"alpha", "beta"} {
				if release(ctx, name) != nil {
					becomeReady(ctx, name)
				}
			}
		}
		reconcile(ctx)
		Expect(observed(ctx).Status.Ready).To(Equal("2/2"))
		before, alpha, said, prepared := observed(ctx), release(ctx, "alpha"), len(events.notes), preparer.calls
		reconcile(ctx)
		reconcile(ctx)
		Expect(observed(ctx).ResourceVersion).To(Equal(before.ResourceVersion))
		Expect(release(ctx, "alpha").ResourceVersion).To(Equal(alpha.ResourceVersion))
		Expect(events.notes).To(HaveLen(said))
		Expect(preparer.calls).To(Equal(prepared), "an approved release that still stands is not rendered again")
	})

	It("touches nothing while one component of the generation cannot be right", func(ctx context.Context) {
		bundle.Spec.Components = append(bundle.Spec.Components, v1alpha1.Component{Name: "cert-manger"})
		create(ctx)
		reconcile(ctx)
		Expect(release(ctx, "alpha")).To(BeNil())
		stalled := condition(ctx, v1alpha1.ConditionStalled)
		Expect(stalled).NotTo(BeNil())
		Expect(stalled.Reason).To(Equal(v1alpha1.ReasonUnknownComponent))
		Expect(stalled.Message).To(ContainSubstring(`did you mean "cert-manager"?`))
		Expect(state(ctx, "alpha").State).To(Equal(v1alpha1.StateHeld))
		Expect(applier.asked).To(BeEmpty())
	})

	It("keeps the previous generation going while a new one is wrong", func(ctx context.Context) {
		create(ctx)
		reconcile(ctx)
		becomeReady(ctx, "alpha")
		reconcile(ctx)
		becomeReady(ctx, "beta")
		approved := release(ctx, "alpha").Spec.DeepCopy()
		change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Components[1].Version = "2.0.0"
			b.Spec.Components[0].DependsOn = []string{"alpha", "gamma"}
		})
		reconcile(ctx)
		Expect(condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonUnknownDependency))
		Expect(release(ctx, "alpha").Spec).To(Equal(*approved))
	})

	It("holds only the component whose repository is down", func(ctx context.Context) {
		bundle.Spec.Components = append(bundle.Spec.Components, own("gamma"))
		preparer.errors["alpha"] = failure.Retryable(v1alpha1.ReasonRepositoryUnreachable, "repository https://charts.example.com does not answer")
		create(ctx)
		reconcile(ctx)
		Expect(release(ctx, "gamma")).NotTo(BeNil())
		Expect(release(ctx, "alpha")).To(BeNil())
		Expect(state(ctx, "alpha").Reason).To(Equal(v1alpha1.ReasonRepositoryUnreachable))
		Expect(state(ctx, "beta").Message).To(Equal("waits for alpha"))
		Expect(condition(ctx, v1alpha1.ConditionStalled)).To(BeNil(), "time may cure it")
		delete(preparer.errors, "alpha")
		reconcile(ctx)
		Expect(release(ctx, "alpha")).NotTo(BeNil())
	})

	It("writes nothing before every chart has been looked at", func(ctx context.Context) {
		preparer.pending["beta"] = true
		create(ctx)
		reconcile(ctx)
		Expect(release(ctx, "alpha")).To(BeNil())
		Expect(state(ctx, "alpha").State).To(Equal(v1alpha1.StatePreparing))
		delete(preparer.pending, "beta")
		reconcile(ctx)
		Expect(release(ctx, "alpha")).NotTo(BeNil())
	})

	It("removes what left the list, dependents first, and forgets it when it is gone", func(ctx context.Context) {
		create(ctx)
		reconcile(ctx)
		becomeReady(ctx, "alpha")
		reconcile(ctx)
		becomeReady(ctx, "beta")
		off := false
		change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Components = []v1alpha1.Component{own("gamma"), own("alpha")}
			b.Spec.Components[1].Enabled = &off
		})
		reconcile(ctx)
		Expect(release(ctx, "alpha").Spec.Removal).To(BeEmpty(), "beta still depends on it")
		Expect(state(ctx, "alpha").Message).To(Equal("is removed after beta"))
		removed(ctx, "beta")
		reconcile(ctx)
		Expect(release(ctx, "beta")).To(BeNil())
		reconcile(ctx)
		removed(ctx, "alpha")
		reconcile(ctx)
		Expect(release(ctx, "alpha")).To(BeNil())
		Expect(release(ctx, "gamma")).NotTo(BeNil())
	})

	It("leaves the releases in place when it is deleted", func(ctx context.Context) {
		create(ctx)
		reconcile(ctx)
		alpha := release(ctx, "alpha")
		foreground := metav1.DeletePropagationForeground
		Expect(k8s.Delete(ctx, observed(ctx), &client.DeleteOptions{PropagationPolicy: &foreground})).To(Succeed())
		reconcile(ctx)
		Expect(release(ctx, "alpha")).To(BeNil(), "our own bookkeeping goes")
		Expect(alpha.Spec.Removal).To(BeEmpty(), "nothing was marked for removal on the way")
	})

	It("uninstalls everything in reverse order when deletionPolicy says so", func(ctx context.Context) {
		bundle.Spec.DeletionPolicy = v1alpha1.DeletionPolicyDelete
		create(ctx)
		reconcile(ctx)
		becomeReady(ctx, "alpha")
		reconcile(ctx)
		becomeReady(ctx, "beta")
		Expect(k8s.Delete(ctx, observed(ctx))).To(Succeed())
		reconcile(ctx)
		Expect(release(ctx, "alpha").Spec.Removal).To(BeEmpty())
		removed(ctx, "beta")
		reconcile(ctx)
		reconcile(ctx)
		removed(ctx, "alpha")
		reconcile(ctx)
		reconcile(ctx)
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(bundle), &v1alpha1.PlatformBundle{})).To(
			MatchError(ContainSubstring("not found")), "the bundle goes after its last release")
	})

	It("comes back when its finalizer could not be removed because of a conflict", func(ctx context.Context) {
		create(ctx)
		reconcile(ctx)
		Expect(k8s.Delete(ctx, observed(ctx))).To(Succeed())
		// The cache shows an older bundle than the API server has.
		stale := observed(ctx)
		change(ctx, func(b *v1alpha1.PlatformBundle) { b.Labels = map[string]string{"touched": "yes"} })
		reconciler.Client = &staleReader{Client: indexed{k8s}, bundle: stale}
		result, err := reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: types.NamespacedName{Name: bundle.Name}})
		Expect(err).NotTo(HaveOccurred())
		Expect(result.RequeueAfter).To(BeNumerically(">", 0), "nothing else would bring it back")
		reconciler.Client = indexed{k8s}
		reconcile(ctx)
		Expect(client.IgnoreNotFound(k8s.Get(ctx, client.ObjectKeyFromObject(bundle), &v1alpha1.PlatformBundle{}))).To(Succeed())
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(bundle), &v1alpha1.PlatformBundle{})).NotTo(Succeed())
	})

	It("stops everything while it is suspended, and resumes", func(ctx context.Context) {
		create(ctx)
		reconcile(ctx)
		change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Suspend = true })
		reconcile(ctx)
		Expect(release(ctx, "alpha").Spec.Suspend).To(BeTrue())
		Expect(condition(ctx, v1alpha1.ConditionReady).Reason).To(Equal(v1alpha1.ReasonSuspended))
		change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Suspend = false })
		reconcile(ctx)
		Expect(release(ctx, "alpha").Spec.Suspend).To(BeFalse())
	})

	It("removes what was suspended when it left the list", func(ctx context.Context) {
		create(ctx)
		reconcile(ctx)
		change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Suspend = true })
		reconcile(ctx)
		change(ctx, func(b *v1alpha1.PlatformBundle) {
			b.Spec.Suspend = false
			b.Spec.Components = []v1alpha1.Component{own("gamma")}
		})
		reconcile(ctx)
		reconcile(ctx)
		Expect(release(ctx, "alpha").Spec.Removal).To(Equal(v1alpha1.RemovalUninstall))
		Expect(release(ctx, "alpha").Spec.Suspend).To(BeFalse())
	})

	It("resolves a bundle that lost its status with the catalog of its releases", func(ctx context.Context) {
		bundle.Spec.Components = []v1alpha1.Component{{Name: "ingress-nginx"}}
		create(ctx)
		reconcile(ctx)
		current := observed(ctx)
		current.Status = v1alpha1.PlatformBundleStatus{}
		Expect(k8s.Status().Update(ctx, current)).To(Succeed())
		older := release(ctx, "ingress-nginx")
		older.Spec.CatalogVersion = "2025.01"
		Expect(k8s.Update(ctx, older)).To(Succeed())
		reconcile(ctx)
		Expect(condition(ctx, v1alpha1.ConditionStalled).Message).To(ContainSubstring("2025.01"), "it must not move to the newest by itself")
	})

	It("waits for a component that guards a kind with a fail-closed webhook, also when that one was approved before", func(ctx context.Context) {
		widget, err := crds.Parse([]byte("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n" +
			"metadata: {name: widgets.guard.example.com}\nspec: {group: guard.example.com, scope: Cluster, " +
			"names: {kind: Widget, plural: widgets}, versions: [{name: v1, served: true, storage: true}]}"))
		Expect(err).NotTo(HaveOccurred())
		preparer.definitions["alpha"] = []*crds.Definition{widget}
		preparer.guarded = map[string][]string{"alpha": {"guard.example.com"}}
		preparer.kinds = map[string][]schema.GroupVersionKind{"gamma": {{Group: "guard.example.com", Version: "v1", Kind: "Widget"}}}
		bundle.Spec.Components = []v1alpha1.Component{own("alpha")}
		create(ctx)
		reconcile(ctx)
		Expect(release(ctx, "alpha").Spec.Guards).To(Equal([]string{"guard.example.com"}))
		change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Components = append(b.Spec.Components, own("gamma")) })
		reconcile(ctx)
		Expect(release(ctx, "gamma")).To(BeNil())
		Expect(state(ctx, "gamma").Message).To(Equal("waits for alpha"))
	})

	It("writes a ComponentRelease again that somebody deleted", func(ctx context.Context) {
		create(ctx)
		reconcile(ctx)
		spec := release(ctx, "alpha").Spec
		Expect(k8s.Delete(ctx, release(ctx, "alpha"))).To(Succeed())
		reconcile(ctx)
		Expect(release(ctx, "alpha").Spec).To(Equal(spec))
	})

	It("refuses to move an installed release to another namespace", func(ctx context.Context) {
		create(ctx)
		reconcile(ctx)
		change(ctx, func(b *v1alpha1.PlatformBundle) { b.Spec.Components[1].Namespace = "elsewhere" })
		reconcile(ctx)
		Expect(condition(ctx, v1alpha1.ConditionStalled).Reason).To(Equal(v1alpha1.ReasonReleaseMoved))
		Expect(release(ctx, "alpha").Spec.Namespace).To(Equal("alpha"))
	})

	It("keeps the catalog that was resolved first, and warns of retired components", func(ctx context.Context) {
		bundle.Spec.Components = []v1alpha1.Component{{Name: "ingress-nginx"}}
		create(ctx)
		reconcile(ctx)
		Expect(observed(ctx).Status.CatalogVersion).To(Equal("2026.11"))
		Expect(condition(ctx, v1alpha1.ConditionMaintained).Status).To(Equal(metav1.ConditionFalse))
		Expect(events.notes).To(ContainElement(HavePrefix("Warning Retired ingress-nginx: Retired since 2026-03")))
	})
})
