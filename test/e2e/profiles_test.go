// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"io/fs"
	"path"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// Every profile that the operator brings, applied as people apply it.
var _ = Describe("The profile", Ordered, ContinueOnFailure, func() {
	var operator *operator

	BeforeAll(func(ctx context.Context) {
		operator = startOperator(ctx, "--chart-mirror="+standIns)
	}, NodeTimeout(time.Minute))
	AfterEach(func(ctx SpecContext) { operator.explain(ctx) })

	for _, name := range profileNames() {
		if name == "week1" {
			continue // platform_test.go follows it through its whole life
		}
		It(name+" becomes Ready from its file, and leaves no more than definitions and namespaces", func(ctx context.Context) {
			bundle := readProfile(name)
			began := time.Now()
			DeferCleanup(func(ctx context.Context) {
				allowLoss(ctx, name)
				sim.RemoveBundle(ctx, name)
			}, NodeTimeout(harness.RolloutTimeout))
			sim.Kubectl(ctx, "apply", "-f", profileFile(name))
			if objects := brought(bundle); len(objects) > 0 {
				playDataOperators(ctx, name, objects)
			}
			sim.ExpectReady(ctx, name, len(bundle.Spec.Components))
			harness.Say("profile %s: %d components Ready after %.1f s", name, len(bundle.Spec.Components), harness.Seconds(began))
			sim.Kubectl(ctx, "wait", "--for=condition=Ready", "--timeout=1s", "platformbundle/"+name)

			if objects := brought(bundle); len(objects) > 0 {
				expectDataHeld(ctx, name, objects)
			}
			defined, spaces := sim.Definitions(ctx), sim.Namespaces(ctx)
			sim.RemoveBundle(ctx, name)
			Expect(sim.Revisions(ctx)).To(BeEmpty())
			Expect(sim.Workloads(ctx)).To(BeEmpty())
			Expect(sim.Releases(ctx, name)).To(BeEmpty())
			for _, object := range brought(bundle) {
				if object.GetKind() != "Namespace" {
					Expect(sim.Exists(ctx, object)).To(BeFalse(), "%s %s stays", object.GetKind(), object.GetName())
				}
			}
			Expect(sim.Definitions(ctx)).To(HaveLen(len(defined)), "definitions were deleted")
			Expect(sim.Namespaces(ctx)).To(ContainElements(spaces), "namespaces were deleted")
		}, NodeTimeout(harness.RolloutTimeout))
	}

	It("minimal is the same by its name, and a bundle's own entries are over it", func(ctx context.Context) {
		const name = "by-name"
		off := false
		bundle := harness.BundleOf(name, v1alpha1.Component{Name: "external-dns", Enabled: &off},
			v1alpha1.Component{Name: "ingress-nginx", Values: harness.Values(`{"controller": {"replicaCount": 2}}`)})
		bundle.Spec.Profiles = []string{"minimal"}
		sim.Create(ctx, bundle)
		sim.ExpectReady(ctx, name, len(readProfile("minimal").Spec.Components)-1)
		releases := sim.Releases(ctx, name)
		Expect(releases).To(And(HaveKey("cert-manager"), HaveKey("ingress-nginx"), Not(HaveKey("external-dns"))))
		Expect(releases["ingress-nginx"].Spec.Values.Raw).To(MatchJSON(`{"controller": {"replicaCount": 2}}`))

		sim.Change(ctx, name, func(spec *v1alpha1.PlatformBundleSpec) { spec.Profiles = []string{"minimaal"} })
		stalled := sim.AwaitReason(ctx, name, v1alpha1.ReasonUnknownProfile)
		Expect(stalled.Message).To(HaveSuffix(`has no profile "minimaal": did you mean "minimal"?`))
		Expect(sim.Releases(ctx, name)).To(HaveLen(2), "a mistake removed something")

		sim.Change(ctx, name, func(spec *v1alpha1.PlatformBundleSpec) { spec.Profiles, spec.Components = nil, spec.Components[1:] })
		sim.ExpectReady(ctx, name, 1)
		Expect(sim.Releases(ctx, name)).To(And(HaveLen(1), HaveKey("ingress-nginx")))
	}, NodeTimeout(time.Minute))
})

// profileNames are all of the newest catalog, so that a new one is tested without
// being named here.
func profileNames() []string {
	files, err := fs.Glob(bundles.FS, "profiles/*.yaml")
	if err != nil || len(files) == 0 {
		panic("there are no profiles") // the tree of specs is being made: nothing else can fail yet
	}
	var out []string
	for _, file := range files {
		out = append(out, strings.TrimSuffix(path.Base(file), ".yaml"))
	}
	return out
}

// brought are the objects that a profile has beside its releases.
func brought(bundle *v1alpha1.PlatformBundle) []*unstructured.Unstructured {
	GinkgoHelper()
	var out []*unstructured.Unstructured
	for _, c := range bundle.Spec.Components {
		for _, manifest := range c.Manifests {
			object := &unstructured.Unstructured{}
			Expect(json.Unmarshal(manifest.Raw, &object.Object)).To(Succeed())
			out = append(out, object)
		}
	}
	return out
}

// playDataOperators writes what the operators of a Kafka and a Vault write, in the
// order of a start, and makes sure that the bundle believes nothing else.
func playDataOperators(ctx context.Context, bundle string, objects []*unstructured.Unstructured) {
	GinkgoHelper()
	const nobody = "follow-up manifests: "
	for _, object := range objects {
		Eventually(func() bool { return sim.Exists(ctx, object) }).Should(BeTrue(), "%s %s", object.GetKind(), object.GetName())
	}
	pending := func(component, message string) {
		GinkgoHelper()
		Eventually(func(g Gomega) {
			found := harness.StatusOf(sim.Bundle(ctx, g, bundle), component)
			g.Expect(found.Reason).To(Equal(v1alpha1.ReasonManifestsPending), found.Message)
			g.Expect(found.Message).To(ContainSubstring(nobody))
			g.Expect(found.Message).To(ContainSubstring(message))
		}).Should(Succeed())
	}
	report := func(kind, status string) {
		GinkgoHelper()
		for _, object := range objects {
			if object.GetKind() != kind {
				continue
			}
			live := object.DeepCopy()
			patch := client.RawPatch("application/merge-patch+json", []byte(`{"status":`+status+`}`))
			if kind == "Vault" { // its status is no subresource
				Expect(k8s.Patch(ctx, live, patch)).To(Succeed())
			} else {
				Expect(k8s.Status().Patch(ctx, live, patch)).To(Succeed())
			}
		}
	}
	By("objects that nobody has looked at")
	pending("strimzi", "the operator has not reported it Ready")
	pending("bank-vaults", "the operator has not found it initialised, unsealed and active yet")
	By("operators that are at work")
	report("Kafka", `{"observedGeneration":1,"conditions":[{"type":"NotReady","status":"True","reason":"Creating"}]}`)
	report("Vault", `{"leader":"","nodes":["vault-0"],"conditions":[{"type":"Healthy","status":"False","error":"connection refused"}]}`)
	Consistently(func(g Gomega) {
		g.Expect(harness.StatusOf(sim.Bundle(ctx, g, bundle), "strimzi").State).NotTo(Equal(v1alpha1.StateReady))
		g.Expect(harness.StatusOf(sim.Bundle(ctx, g, bundle), "bank-vaults").State).NotTo(Equal(v1alpha1.StateReady))
	}).WithTimeout(time.Second).Should(Succeed())
	By("a Kafka without a node pool")
	report("Kafka", `{"observedGeneration":1,"conditions":[{"type":"Ready","status":"True"}]}`)
	pending("strimzi", "the operator has not given it nodes yet")
	report("KafkaNodePool", `{"observedGeneration":1,"nodeIds":[0],"replicas":1,"roles":["broker","controller"]}`)
	report("Vault", `{"leader":"vault-0","nodes":["vault-0"],"conditions":[{"type":"Healthy","status":"True"}]}`)
}

// expectDataHeld makes sure that neither a change of the list nor a deletion of the
// bundle takes a Kafka or a Vault along, and allows it then.
func expectDataHeld(ctx context.Context, bundle string, objects []*unstructured.Unstructured) {
	GinkgoHelper()
	held := func() {
		GinkgoHelper()
		sim.AwaitComponent(ctx, bundle, "strimzi", v1alpha1.ReasonDataLoss)
		sim.AwaitComponent(ctx, bundle, "bank-vaults", v1alpha1.ReasonDataLoss)
		Consistently(func(g Gomega) {
			for _, object := range objects {
				g.Expect(sim.Exists(ctx, object)).To(BeTrue(), "%s %s", object.GetKind(), object.GetName())
			}
		}).WithTimeout(time.Second).Should(Succeed())
	}
	By("only names")
	sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) {
		spec.Components = []v1alpha1.Component{{Name: "strimzi"}, {Name: "bank-vaults"}}
	})
	held()
	By("nothing at all")
	sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) { spec.Components = nil })
	held()
	By("the profile by its name")
	sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) { spec.Profiles = []string{"data"} })
	sim.ExpectReady(ctx, bundle, 2)
	allowLoss(ctx, bundle)
	sim.ExpectReady(ctx, bundle, 2)
}

// allowLoss gives up what the profile of data brings.
func allowLoss(ctx context.Context, bundle string) {
	if bundle != "data" || !sim.Exists(ctx, harness.BundleOf(bundle)) {
		return
	}
	sim.Change(ctx, bundle, func(spec *v1alpha1.PlatformBundleSpec) {
		spec.Profiles = []string{"data"}
		spec.Components = []v1alpha1.Component{
			{Name: "strimzi", AllowDataLoss: []string{"Kafka", "KafkaNodePool"}}, {Name: "bank-vaults", AllowDataLoss: []string{"Vault"}},
		}
	})
}
