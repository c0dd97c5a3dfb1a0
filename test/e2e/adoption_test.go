// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// Adoption: what is there before the bundle.
var _ = Describe("What exists already", Ordered, ContinueOnFailure, func() {
	var (
		operator *operator
		shelf    cupboard
	)

	BeforeAll(func(ctx context.Context) {
		shelf = openCupboard("adoption")
		operator = startOperator(ctx)
	}, NodeTimeout(time.Minute))
	AfterEach(func(ctx SpecContext) { operator.explain(ctx) })

	// byHand installs a mug as a person would.
	byHand := func(ctx context.Context, name string, args ...string) {
		GinkgoHelper()
		sim.Helm(ctx, append([]string{"-n", name, "install", name, filepath.Join(shelf.folder, "mug-1.0.0.tgz"), "--create-namespace",
			"--wait", "--set", "workload=true"}, args...)...)
	}

	It("as a Helm release is taken over without a restart when nothing differs", func(ctx context.Context) {
		const bundle = "adopts-same"
		byHand(ctx, "same", "--set", "data.color=red")
		running := pods(ctx, "same")
		Expect(running).To(HaveLen(2), "a ReplicaSet and its pod")
		sim.Create(ctx, harness.BundleOf(bundle, shelf.mug("same", `{"workload": true, "data": {"color": "red"}}`)))
		sim.ExpectReady(ctx, bundle, 1)
		notes := sim.EventsAbout(ctx, v1alpha1.ReleaseName(bundle, "same"), v1alpha1.ReasonAdopting)
		harness.Say("%v", notes)
		Expect(notes).To(ContainElement("takes over Helm release same/same, revision 1 of chart mug 1.0.0; no value changes"))
		Expect(pods(ctx, "same")).To(Equal(running), "something was restarted")
		Expect(harness.Statuses(sim.Revisions(ctx)["same/same"])).To(Equal([]string{"superseded", "deployed"}))
	}, NodeTimeout(time.Minute))

	It("as a Helm release with other values is told of before they are applied", func(ctx context.Context) {
		const bundle = "adopts-other"
		byHand(ctx, "differs", "--set", "data.color=red", "--set", "data.handle=left")
		running := pods(ctx, "differs")
		told := awaitAdoption(ctx, bundle, "differs")
		sim.Create(ctx, harness.BundleOf(bundle, shelf.mug("differs", `{"workload": true, "data": {"color": "green"}}`)))
		Eventually(told).WithTimeout(20*time.Second).Should(Receive(Equal("red")), "what the object said when the change was announced")
		sim.ExpectReady(ctx, bundle, 1)
		notes := sim.EventsAbout(ctx, v1alpha1.ReleaseName(bundle, "differs"), v1alpha1.ReasonAdopting)
		harness.Say("%v", notes)
		Expect(notes).To(ContainElement(And(ContainSubstring("values that change: "),
			ContainSubstring("data.color"), ContainSubstring("data.handle"), Not(ContainSubstring("workload")))))
		Expect(colour(ctx, "differs", "differs")).To(Equal("green"))
		Expect(pods(ctx, "differs")).To(Equal(running), "no pod has to be restarted for a ConfigMap")
	}, NodeTimeout(time.Minute))

	It("without a release is refused with a list, until the component adopts it", func(ctx context.Context) {
		const bundle = "adopts-loose"
		Expect(k8s.Create(ctx, &corev1.Namespace{ObjectMeta: harness.ConfigMap("", "loose").ObjectMeta})).To(Succeed())
		object := harness.ConfigMap("loose", "loose")
		object.Data = map[string]string{"color": "old", "kept": "no matter"}
		Expect(k8s.Create(ctx, object)).To(Succeed())
		sim.Create(ctx, harness.BundleOf(bundle, shelf.mug("loose", "")))
		refused := sim.AwaitComponent(ctx, bundle, "loose", v1alpha1.ReasonObjectsExist)
		Expect(refused.Message).To(ContainSubstring("ConfigMap loose/loose"))
		Expect(refused.Message).To(ContainSubstring("adopt"))
		Expect(colour(ctx, "loose", "loose")).To(Equal("old"))
		Expect(sim.Revisions(ctx)).NotTo(HaveKey("loose/loose"))

		sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) { harness.Component(spec, "loose").Adopt = true })
		sim.ExpectReady(ctx, bundle, 1)
		taken := harness.ConfigMap("loose", "loose")
		Expect(k8s.Get(ctx, keyOf(taken), taken)).To(Succeed())
		Expect(taken.UID).To(Equal(object.UID), "it was replaced")
		Expect(taken.Data).To(HaveKeyWithValue("color", "blue"))
		Expect(harness.Statuses(sim.Revisions(ctx)["loose/loose"])).To(Equal([]string{"deployed"}))
	}, NodeTimeout(time.Minute))
})

// pods are the UIDs of ReplicaSets and pods of a namespace.
func pods(ctx context.Context, namespace string) map[string]types.UID {
	GinkgoHelper()
	out := map[string]types.UID{}
	var sets appsv1.ReplicaSetList
	Expect(k8s.List(ctx, &sets, client.InNamespace(namespace))).To(Succeed())
	for _, set := range sets.Items {
		out["ReplicaSet "+set.Name] = set.UID
	}
	var list corev1.PodList
	Expect(k8s.List(ctx, &list, client.InNamespace(namespace))).To(Succeed())
	for _, pod := range list.Items {
		out["Pod "+pod.Name] = pod.UID
	}
	return out
}

// awaitAdoption waits in the background until the release of a component says what
// it takes over, and sends what the component's ConfigMap said before it was written
// next. The resourceVersions of both count together, so no clock decides.
func awaitAdoption(ctx context.Context, bundle, name string) <-chan string {
	GinkgoHelper()
	releases, err := k8s.Watch(ctx, &v1alpha1.ComponentReleaseList{}, client.MatchingFields{"metadata.name": v1alpha1.ReleaseName(bundle, name)})
	Expect(err).NotTo(HaveOccurred())
	objects, err := k8s.Watch(ctx, &corev1.ConfigMapList{}, client.InNamespace(name), client.MatchingFields{"metadata.name": name})
	Expect(err).NotTo(HaveOccurred())
	out := make(chan string, 1)
	DeferCleanup(func() { releases.Stop(); objects.Stop() })
	go func() {
		defer GinkgoRecover()
		announced := int64(0)
		for event := range releases.ResultChan() {
			if r, ok := event.Object.(*v1alpha1.ComponentRelease); ok && r.Status.Adopted != "" {
				announced = harness.VersionOf(r.ResourceVersion)
				break
			}
		}
		before := ""
		for event := range objects.ResultChan() {
			object, ok := event.Object.(*corev1.ConfigMap)
			if !ok {
				continue
			}
			if harness.VersionOf(object.ResourceVersion) > announced {
				out <- before
				return
			}
			before = object.Data["color"]
		}
	}()
	return out
}
