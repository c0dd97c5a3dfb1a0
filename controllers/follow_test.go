// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/admission"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/pods"
	"github.com/groundwork-dev/groundwork/internal/readiness"
)

// settings is a ConfigMap as an entry of manifests.
func settings(name, color string) apiextensionsv1.JSON {
	return apiextensionsv1.JSON{Raw: []byte(
		`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"` + name + `"},"data":{"color":"` + color + `"}}`)}
}

func settingsRef(name string) v1alpha1.ObjectReference {
	return v1alpha1.ObjectReference{APIVersion: "v1", Kind: "ConfigMap", Namespace: "default", Name: name}
}

var issuers = schema.GroupVersionKind{Group: "certs.example.com", Version: "v1", Kind: "Issuer"}

// withoutIssuers gives the release a manifest of a kind that nobody serves, and
// returns the mapper to which the kind can be added.
func (f *releaseFixture) withoutIssuers() *meta.DefaultRESTMapper {
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(configMaps, meta.RESTScopeNamespace)
	f.reconciler.Mapper = mapper
	f.release.Spec.Manifests = []apiextensionsv1.JSON{settings("a", "red"), {Raw: []byte(
		`{"apiVersion":"certs.example.com/v1","kind":"Issuer","metadata":{"name":"issuer"}}`)}}
	return mapper
}

var _ = Describe("Follow-up manifests", func() {
	var f *releaseFixture
	const key = "spec.alpha#manifests"

	list := func(entries ...apiextensionsv1.JSON) func(*v1alpha1.ComponentReleaseSpec) {
		return func(spec *v1alpha1.ComponentReleaseSpec) { spec.Manifests = entries }
	}

	BeforeEach(func() {
		f = newReleaseFixture()
		f.release.Spec.Manifests = []apiextensionsv1.JSON{settings("a", "red"), settings("b", "red")}
	})

	It("are remembered before they are applied, and applied after the release is ready", func(ctx context.Context) {
		f.tracker.status = notReady("is missing")
		f.create(ctx)
		f.settle(ctx)
		Expect(f.manifests.calls).To(BeEmpty())
		Expect(f.observed(ctx).Status.Manifests).To(BeEmpty())
		f.tracker.status = allCurrent()
		f.reconcile(ctx)
		Expect(f.manifests.calls).To(BeEmpty())
		Expect(f.observed(ctx).Status.Manifests).To(Equal([]v1alpha1.ObjectReference{settingsRef("a"), settingsRef("b")}))
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonManifestsPending))
		f.reconcile(ctx)
		Expect(f.manifests.calls).To(Equal([]string{"apply a b"}))
		Expect(f.ready(ctx).Message).To(Equal("applying the follow-up manifests"))
		Expect(f.observed(ctx).Status.ReadyDigest).To(BeEmpty())
		f.settle(ctx)
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		Expect(f.observed(ctx).Status.ReadyDigest).To(HavePrefix(f.release.Spec.InputsDigest + "+"))
		Expect(f.manifests.calls).To(HaveLen(1))
		Expect(f.engine.marked).To(Equal([]int{1}))
		f.expectIdle(ctx)
	})

	It("name the webhook that cannot answer, and are applied as soon as it can", func(ctx context.Context) {
		f.webhooks.obstacle = "webhook w is fail-closed"
		f.manifests.result = manifests.Result{Failed: []error{failure.Retryable(v1alpha1.ReasonManifestsFailed,
			`ConfigMap default/a: failed calling webhook "w": connection refused`)}}
		f.create(ctx)
		f.settle(ctx)
		Expect(f.manifests.calls).To(Equal([]string{"apply a b"}), "what it is not asked about is applied")
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonWebhookUnavailable))
		Expect(f.ready(ctx).Message).To(Equal("webhook w is fail-closed"))
		question := f.webhooks.asked[len(f.webhooks.asked)-1]
		Expect(question.Owner).To(Equal(f.release.Name))
		Expect(question.Objects).To(HaveLen(2))
		Expect(question.Objects[0].Namespace).To(Equal("default"))
		Expect(question.Objects[0].Labels).NotTo(BeNil(), "known to be none")
		f.step(time.Hour)
		f.settle(ctx)
		Expect(f.manifests.calls).To(HaveLen(2), "tried again all the same: they may be what brings it to life")
		f.webhooks.obstacle, f.manifests.result = "", manifests.Result{}
		f.settle(ctx)
		Expect(f.manifests.calls).To(HaveLen(3), "without waiting for the next attempt")
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
	})

	It("keep the release from being Ready until they are current", func(ctx context.Context) {
		f.tracker.keyed = map[string]readiness.Status{key: {Total: 2, Waiting: []readiness.Finding{{
			Object: readiness.Object{GroupVersionKind: configMaps, Namespace: "default", Name: "b"}, Message: "is missing",
		}}}}
		f.create(ctx)
		f.settle(ctx)
		Expect(f.tracker.tracked[key]).To(HaveLen(2))
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonManifestsPending))
		Expect(f.ready(ctx).Message).To(Equal("follow-up manifests: ConfigMap default/b: is missing"))
		Expect(f.engine.marked).To(Equal([]int{1}), "its revision is good, whatever its manifests do")
		f.step(time.Hour)
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"install"}))
		f.tracker.keyed = nil
		f.settle(ctx)
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
	})

	It("change without a Helm action, and are pruned when they leave the spec", func(ctx context.Context) {
		f.create(ctx)
		f.settle(ctx)
		before := f.observed(ctx).Status.ReadyDigest
		f.change(ctx, list(settings("a", "blue")))
		f.table.hold = true
		f.reconcile(ctx)
		f.reconcile(ctx)
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionFalse), "Ready speaks about these manifests, not the earlier ones")
		Expect(f.observed(ctx).Status.ReadyDigest).To(Equal(before))
		f.table.hold = false
		f.settle(ctx)
		f.settle(ctx)
		Expect(f.manifests.calls).To(Equal([]string{"apply a b", "apply a -b"}))
		Expect(f.observed(ctx).Status.Manifests).To(Equal([]v1alpha1.ObjectReference{settingsRef("a")}))
		Expect(f.observed(ctx).Status.ReadyDigest).NotTo(Equal(before))
		f.change(ctx, list())
		f.settle(ctx)
		Expect(f.manifests.calls[2:]).To(Equal([]string{"apply -a"}))
		Expect(f.observed(ctx).Status.Manifests).To(BeEmpty())
		Expect(f.observed(ctx).Status.ReadyDigest).To(Equal(f.release.Spec.InputsDigest))
		Expect(f.engine.calls).To(Equal([]string{"install"}))
		f.expectIdle(ctx)
	})

	It("remember what is data and was not pruned", func(ctx context.Context) {
		f.create(ctx)
		f.settle(ctx)
		f.manifests.result = manifests.Result{Protected: []v1alpha1.ObjectReference{settingsRef("b")}}
		f.change(ctx, list(settings("a", "red")))
		f.settle(ctx)
		Expect(f.observed(ctx).Status.Manifests).To(Equal([]v1alpha1.ObjectReference{settingsRef("a"), settingsRef("b")}))
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		f.expectIdle(ctx)
	})

	It("wait for kinds that are not served yet, and for nothing else", func(ctx context.Context) {
		mapper := f.withoutIssuers()
		f.manifests.result = manifests.Result{Waiting: []string{"Issuer (certs.example.com/v1)"}}
		f.create(ctx)
		Expect(f.settle(ctx)).To(BeZero(), "an event brings it back")
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonManifestsPending))
		Expect(f.ready(ctx).Message).To(Equal("follow-up manifests wait for kinds that are not served yet: Issuer (certs.example.com/v1)"))
		Expect(f.observed(ctx).Status.Manifests).To(Equal([]v1alpha1.ObjectReference{settingsRef("a")}))
		f.step(time.Hour)
		f.expectIdle(ctx)
		f.manifests.result = manifests.Result{}
		mapper.Add(issuers, meta.RESTScopeNamespace)
		var woken []string
		f.reconciler.KindsChanged(func(release string) { woken = append(woken, release) })
		Expect(woken).To(Equal([]string{f.release.Name}))
		f.settle(ctx)
		Expect(f.manifests.calls).To(Equal([]string{"apply a issuer", "apply a issuer"}))
		Expect(f.observed(ctx).Status.Manifests).To(HaveLen(2), "the new kind is pruned later, too")
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		f.expectIdle(ctx)
	})

	It("find a kind that came while they were being applied, although its event is over", func(ctx context.Context) {
		mapper := f.withoutIssuers()
		f.manifests.result = manifests.Result{Waiting: []string{"Issuer (certs.example.com/v1)"}}
		f.create(ctx)
		f.reconcile(ctx)
		f.reconcile(ctx)
		f.reconcile(ctx)
		Expect(f.manifests.calls).To(HaveLen(1))
		mapper.Add(issuers, meta.RESTScopeNamespace)
		f.manifests.result = manifests.Result{}
		Expect(f.settle(ctx)).To(BeNumerically("<=", time.Second))
		f.step(time.Second)
		f.settle(ctx)
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
	})

	It("are tried again after a growing delay when the API server refuses one", func(ctx context.Context) {
		f.manifests.result = manifests.Result{Failed: []error{failure.Retryable(v1alpha1.ReasonManifestsFailed, "ConfigMap default/a: denied")}}
		f.create(ctx)
		Expect(f.settle(ctx)).To(BeNumerically("~", 5*time.Second, 2*time.Second))
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonManifestsFailed))
		Expect(f.ready(ctx).Message).To(Equal("ConfigMap default/a: denied"))
		Expect(f.manifests.calls).To(HaveLen(1))
		f.step(6 * time.Second)
		Expect(f.settle(ctx)).To(BeNumerically("~", 10*time.Second, 3*time.Second))
		Expect(f.manifests.calls).To(HaveLen(2))
		f.manifests.result = manifests.Result{}
		f.ask(ctx, "now")
		f.settle(ctx)
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue), "a request does not wait")
		Expect(f.engine.calls).To(Equal([]string{"install"}))
	})

	It("are deleted before the release is uninstalled", func(ctx context.Context) {
		f.create(ctx)
		f.settle(ctx)
		f.manifests.left = []string{"ConfigMap default/b (finalizers: example.com/hold)"}
		f.change(ctx, func(spec *v1alpha1.ComponentReleaseSpec) { spec.Removal = v1alpha1.RemovalUninstall })
		f.reconcile(ctx)
		Expect(f.ready(ctx).Message).To(Equal("deleting 2 follow-up manifests before the release"))
		f.settle(ctx)
		Expect(f.manifests.calls[1:]).To(Equal([]string{"remove 2"}))
		Expect(f.engine.calls).To(Equal([]string{"install"}))
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonUninstalling))
		Expect(f.ready(ctx).Message).To(Equal("follow-up manifests are being deleted: ConfigMap default/b (finalizers: example.com/hold)"))
		f.manifests.left = nil
		f.step(6 * time.Second)
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"install", "uninstall"}))
		Expect(f.observed(ctx).Status.Removed).To(BeTrue())
		Expect(f.observed(ctx).Status.Manifests).To(BeEmpty())
	})

	It("are deleted although a person has uninstalled the release", func(ctx context.Context) {
		f.create(ctx)
		f.settle(ctx)
		f.engine.history, f.manifests.left = nil, []string{"ConfigMap default/b (finalizers: example.com/hold)"}
		f.change(ctx, func(spec *v1alpha1.ComponentReleaseSpec) { spec.Removal = v1alpha1.RemovalUninstall })
		f.settle(ctx)
		Expect(f.manifests.calls[1:]).To(Equal([]string{"remove 2"}))
		Expect(f.observed(ctx).Status.Removed).To(BeFalse(), "the bundle would forget it")
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonUninstalling))
		f.manifests.left = nil
		f.step(6 * time.Second)
		f.settle(ctx)
		Expect(f.manifests.calls[1:]).To(Equal([]string{"remove 2", "remove 2"}))
		Expect(f.observed(ctx).Status.Removed).To(BeTrue())
	})

	It("are applied once more by the next operator, which changes nothing", func(ctx context.Context) {
		f.create(ctx)
		f.settle(ctx)
		f.restart()
		f.settle(ctx)
		Expect(f.manifests.calls).To(Equal([]string{"apply a b", "apply a b"}))
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
	})
})

var _ = Describe("A restarted operator", func() {
	It("keeps what is known until its watches answer, and not for ever", func(ctx context.Context) {
		f := newReleaseFixture()
		f.install(ctx)
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		before, said := f.observed(ctx).ResourceVersion, len(f.events.notes)
		f.restart()
		f.tracker.unsynced = true
		Expect(f.settle(ctx)).To(BeNumerically(">", 0), "nothing else may bring it back")
		Expect(f.observed(ctx).ResourceVersion).To(Equal(before))
		Expect(f.events.notes).To(HaveLen(said))
		f.step(31 * time.Second)
		f.settle(ctx)
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionFalse))
		Expect(f.ready(ctx).Message).To(Equal("reading the objects of the release"))
		f.tracker.unsynced = false
		f.settle(ctx)
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
	})

	It("says what has failed although other watches have not answered", func(ctx context.Context) {
		f := newReleaseFixture()
		f.install(ctx)
		f.restart()
		f.tracker.unsynced, f.tracker.status = true, notReady("the pod does not run")
		f.tracker.status.Failed, f.tracker.status.Waiting = f.tracker.status.Waiting, nil
		f.settle(ctx)
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonObjectsFailed))
	})
})

var _ = Describe("Probes", func() {
	It("are asked once for each inputs, and again after a delay when they are refused", func(ctx context.Context) {
		f := newReleaseFixture()
		f.release.Spec.Probes = []apiextensionsv1.JSON{settings("probe", "red")}
		f.manifests.fail = errors.New("admission webhook \"guard.example.com\" denied the request")
		f.create(ctx)
		Expect(f.settle(ctx)).To(BeNumerically("~", 5*time.Second, 2*time.Second))
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonProbeFailed))
		Expect(f.ready(ctx).Message).To(ContainSubstring("denied the request"))
		Expect(f.engine.marked).To(Equal([]int{1}), "it is the probe that is refused, not an object")
		f.manifests.fail = nil
		f.step(6 * time.Second)
		f.settle(ctx)
		Expect(f.manifests.calls).To(Equal([]string{"probe", "probe"}))
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
		Expect(f.observed(ctx).Status.ProbedDigest).To(Equal(f.release.Spec.InputsDigest))
		f.expectIdle(ctx)
		f.restart()
		f.settle(ctx)
		Expect(f.manifests.calls).To(HaveLen(2), "a restart asks nothing")
		f.approve(ctx, "sha256:two")
		f.settle(ctx)
		Expect(f.manifests.calls).To(HaveLen(3))
	})

	It("wait for their kinds, which is no failure", func(ctx context.Context) {
		f := newReleaseFixture()
		mapper := f.withoutIssuers()
		f.release.Spec.Probes, f.release.Spec.Manifests = f.release.Spec.Manifests[1:], nil
		f.create(ctx)
		Expect(f.settle(ctx)).To(BeZero(), "an event brings it back")
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonWaitingForObjects))
		Expect(f.ready(ctx).Message).To(Equal("the component is asked when these kinds are served: Issuer (certs.example.com/v1)"))
		f.expectIdle(ctx)
		mapper.Add(issuers, meta.RESTScopeNamespace)
		var woken []string
		f.reconciler.KindsChanged(func(release string) { woken = append(woken, release) })
		Expect(woken).To(Equal([]string{f.release.Name}))
		f.settle(ctx)
		Expect(f.manifests.calls).To(Equal([]string{"probe"}))
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
	})
})

var _ = Describe("Admission webhooks of a release", func() {
	It("keep it from being Ready until they can answer", func(ctx context.Context) {
		f := newReleaseFixture()
		f.webhooks.own = []string{"ValidatingWebhookConfiguration alpha: Service default/alpha has no ready endpoints"}
		f.create(ctx)
		f.settle(ctx)
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonWaitingForObjects))
		Expect(f.ready(ctx).Message).To(Equal(f.webhooks.own[0]))
		f.step(time.Hour)
		f.settle(ctx)
		Expect(f.engine.calls).To(Equal([]string{"install"}), "and are no reason to roll it back")
		f.webhooks.own = nil
		f.settle(ctx)
		Expect(f.ready(ctx).Status).To(Equal(metav1.ConditionTrue))
	})
})

var _ = Describe("Webhooks that a release registered at run time", func() {
	It("go with it, those that the catalog does not name as well, and nobody else's", func(ctx context.Context) {
		f := newReleaseFixture()
		registered := func(name, service string) admission.Registration {
			configuration := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}}
			Expect(k8s.Create(ctx, configuration)).To(Succeed())
			DeferCleanup(func(ctx context.Context) { _ = k8s.Delete(ctx, configuration) })
			return admission.Registration{
				WebhookReference: v1alpha1.WebhookReference{Kind: "ValidatingWebhookConfiguration", Name: name},
				Services:         []types.NamespacedName{{Namespace: "default", Name: service}},
			}
		}
		named := registered("named", "alpha")
		f.release.Spec.ExpectedWebhooks = []v1alpha1.WebhookReference{named.WebhookReference}
		f.webhooks.registered = []admission.Registration{registered("more", "gone"), registered("served", "kubernetes")}
		f.install(ctx)
		f.change(ctx, func(spec *v1alpha1.ComponentReleaseSpec) { spec.Removal = v1alpha1.RemovalUninstall })
		f.settle(ctx)
		Expect(f.ready(ctx).Reason).To(Equal(v1alpha1.ReasonRemoved))
		var left admissionregistrationv1.ValidatingWebhookConfigurationList
		Expect(k8s.List(ctx, &left)).To(Succeed())
		Expect(left.Items).To(HaveLen(1))
		Expect(left.Items[0].Name).To(Equal("served"))
	})
})

var _ = Describe("A release that was ready and went down", func() {
	down := readiness.Object{GroupVersionKind: appsv1.SchemeGroupVersion.WithKind("Deployment"), Namespace: "default", Name: "alpha"}
	workload := pods.Workload{Kind: "Deployment", Namespace: "default", Name: "alpha"}

	It("says why its pods do not run, and looks at them no longer than needed", func(ctx context.Context) {
		f := newReleaseFixture()
		f.install(ctx)
		Expect(f.pods.followed).To(BeEmpty())
		f.pods.trouble = map[pods.Workload]string{workload: "container a keeps ending (CrashLoopBackOff): OOMKilled, exit code 137"}
		f.tracker.status = readiness.Status{Total: 1, Waiting: []readiness.Finding{{Object: down, Message: "0 of 1 replicas available"}}}
		f.settle(ctx)
		Expect(f.pods.followed).To(Equal([]pods.Workload{workload}))
		Expect(f.ready(ctx).Message).To(Equal("Deployment default/alpha: 0 of 1 replicas available: " +
			"container a keeps ending (CrashLoopBackOff): OOMKilled, exit code 137"))
		f.tracker.status = allCurrent()
		f.settle(ctx)
		Expect(f.pods.followed).To(BeEmpty())
	})

	It("says that the webhooks it registered refuse the writes of others", func(ctx context.Context) {
		f := newReleaseFixture()
		f.release.Spec.ExpectedWebhooks = []v1alpha1.WebhookReference{{Kind: "ValidatingWebhookConfiguration", Name: "alpha"}}
		f.install(ctx)
		f.webhooks.own = []string{
			"webhook a of ValidatingWebhookConfiguration alpha cannot answer: its Service default/alpha has no ready endpoints",
			"MutatingWebhookConfiguration alpha is not registered yet",
		}
		f.tracker.status = readiness.Status{Total: 1, Waiting: []readiness.Finding{{Object: down, Message: "0 of 1 replicas available"}}}
		f.settle(ctx)
		Expect(f.ready(ctx).Message).To(Equal("Deployment default/alpha: 0 of 1 replicas available; " +
			"until it is back, or its webhook configurations are deleted, writes are refused: " + f.webhooks.own[0]))
	})
})

var _ = Describe("Claims and namespaces of a release", func() {
	It("are listed in its status", func(ctx context.Context) {
		f := newReleaseFixture()
		claim := helm.Object{Namespace: "default", Name: "data"}
		claim.Version, claim.Kind = "v1", "PersistentVolumeClaim"
		f.engine.objects = append(f.engine.objects, claim)
		f.install(ctx)
		Expect(f.observed(ctx).Status.Data).To(Equal([]v1alpha1.ObjectReference{
			{APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: "default", Name: "data"},
		}))
	})
})
