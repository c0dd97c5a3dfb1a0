// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package gitops

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/argoproj/gitops-engine/pkg/diff"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/kube-openapi/pkg/util/proto"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/test/harness"
)

const (
	argoManager  = "argocd-controller"
	trackingID   = "argocd.argoproj.io/tracking-id"
	trackingName = "app.kubernetes.io/instance"
	application  = "platform" // the Application's name
)

// tracked is an object as an Application deploys it: by annotation as Argo CD does by
// default, and by label as it can.
func tracked(object *unstructured.Unstructured) *unstructured.Unstructured {
	object = object.DeepCopy()
	object.SetAnnotations(map[string]string{
		trackingID: application + ":platform.groundwork.dev/PlatformBundle:argocd/" + object.GetName(),
	})
	object.SetLabels(map[string]string{trackingName: application})
	return object
}

// argoSync applies as a sync does, which is by kubectl's own code, and returns what
// kubectl says.
func argoSync(ctx context.Context, object *unstructured.Unstructured, options ...string) string {
	GinkgoHelper()
	text, err := yaml.Marshal(object)
	Expect(err).NotTo(HaveOccurred())
	file := filepath.Join(scratch, "in-git.yaml")
	Expect(os.WriteFile(file, text, 0o600)).To(Succeed())
	return sim.Kubectl(ctx, append([]string{"apply", "-f", file, "--field-manager=" + argoManager}, options...)...)
}

// serverSide are the options of a sync with ServerSideApply=true.
func serverSide() []string { return []string{"--server-side", "--force-conflicts"} }

// differ compares as Argo CD does, in each of its ways.
type differ struct{ parser *managedfields.GvkParser }

func newDiffer() differ {
	GinkgoHelper()
	config, err := clientcmd.BuildConfigFromFlags("", sim.Kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	schema, err := discovery.NewDiscoveryClientForConfigOrDie(config).OpenAPISchema()
	Expect(err).NotTo(HaveOccurred())
	models, err := proto.NewOpenAPIData(schema)
	Expect(err).NotTo(HaveOccurred())
	parser, err := managedfields.NewGVKParser(models, false)
	Expect(err).NotTo(HaveOccurred())
	return differ{parser}
}

// ways are those in which Argo CD can compare. The client-side one is the default; the
// others follow ServerSideApply=true and ServerSideDiff=true.
func (d differ) ways() map[string][]diff.Option {
	return map[string][]diff.Option{
		"client-side": nil,
		"structured":  {diff.WithStructuredMergeDiff(true), diff.WithGVKParser(d.parser), diff.WithManager(argoManager)},
		"server-side": {
			diff.WithServerSideDiff(true), diff.WithServerSideDryRunner(dryRunner{}), diff.WithGVKParser(d.parser),
			diff.WithManager(argoManager), diff.WithIgnoreMutationWebhook(true),
		},
	}
}

// modified says in which ways Git and the cluster differ, and by what.
func (d differ) modified(ctx context.Context, git *unstructured.Unstructured, ways ...string) []string {
	GinkgoHelper()
	var out []string
	for _, way := range ways {
		options := append(d.ways()[way], diff.WithNormalizer(withoutStatus{}))
		result, err := diff.Diff(git.DeepCopy(), live(ctx, git.GetName()), options...)
		Expect(err).NotTo(HaveOccurred(), way)
		if result.Modified {
			out = append(out, fmt.Sprintf("%s:\n%s\n%s", way, result.NormalizedLive, result.PredictedLive))
		}
	}
	return out
}

// withoutStatus leaves the status out of a comparison, as Argo CD does unless told
// otherwise (resource.compareoptions, ignoreResourceStatusField).
type withoutStatus struct{}

// Normalize implements diff.Normalizer.
func (withoutStatus) Normalize(object *unstructured.Unstructured) error {
	unstructured.RemoveNestedField(object.Object, "status")
	return nil
}

// dryRunner asks the API server what an apply would give.
type dryRunner struct{}

// Run implements diff.ServerSideDryRunner.
func (dryRunner) Run(ctx context.Context, object *unstructured.Unstructured, manager string) (string, error) {
	object = object.DeepCopy()
	raw, err := json.Marshal(object)
	if err != nil {
		return "", err
	}
	err = k8s.Patch(ctx, object, client.RawPatch(types.ApplyPatchType, raw), client.DryRunAll, client.ForceOwnership, client.FieldOwner(manager))
	if err != nil {
		return "", err
	}
	out, err := json.Marshal(object)
	return string(out), err
}

var _ = Describe("Argo CD", func() {
	for _, mode := range []struct {
		name    string
		options []string
		ways    []string
	}{
		{"client-side apply", nil, []string{"client-side"}},
		{"server-side apply", serverSide(), []string{"client-side", "structured", "server-side"}},
	} {
		It("sees no difference that is not in Git, with "+mode.name, func(ctx context.Context) {
			name := "argo-" + strings.Fields(mode.name)[0]
			DeferCleanup(func(ctx context.Context) { sim.RemoveBundle(ctx, name) })
			compare, git := newDiffer(), tracked(inGit(awkward(name)))
			argoSync(ctx, git, mode.options...)
			looks := 0
			Eventually(func(g Gomega) {
				looks++
				if found := compare.modified(ctx, git, mode.ways...); found != nil {
					StopTrying("OutOfSync, " + strings.Join(found, "\n")).Now()
				}
				g.Expect(ready(sim.Bundle(ctx, g, name))).To(BeTrue())
			}).Should(Succeed())
			Expect(looks).To(BeNumerically(">", 3), "it looked while the operator worked")

			before := writes(ctx, name)
			for range 3 {
				argoSync(ctx, git, mode.options...)
				Expect(compare.modified(ctx, git, mode.ways...)).To(BeEmpty())
			}
			Expect(writes(ctx, name)).To(Equal(before), "a sync without a change in Git writes nothing")
			Expect(live(ctx, name).GetGeneration()).To(BeEquivalentTo(1))

			By("and sees one that is")
			changed := git.DeepCopy()
			Expect(unstructured.SetNestedField(changed.Object, "Warn", "spec", "drift")).To(Succeed())
			Expect(compare.modified(ctx, changed, mode.ways...)).To(HaveLen(len(mode.ways)))
			components, _, _ := unstructured.NestedSlice(git.Object, "spec", "components")
			Expect(unstructured.SetNestedSlice(changed.Object, components[:2], "spec", "components")).To(Succeed())
			Expect(compare.modified(ctx, changed, mode.ways...)).To(HaveLen(len(mode.ways)))
		}, NodeTimeout(harness.RolloutTimeout))
	}

	It("takes over what kubectl has applied, whichever way it applies", func(ctx context.Context) {
		const name = "handed"
		DeferCleanup(func(ctx context.Context) { sim.RemoveBundle(ctx, name) })
		compare, git := newDiffer(), tracked(inGit(awkward(name)))
		file := filepath.Join(scratch, "bootstrap.yaml")
		Expect(os.WriteFile(file, []byte(awkward(name, onceApplied)), 0o600)).To(Succeed())
		for _, way := range []struct {
			bootstrap, sync []string
			components      int // in the end; 3 are in Git
			differences     int
		}{
			{nil, nil, 3, 0},
			{nil, serverSide(), 3, 0}, // kubectl hands over what it once applied
			{[]string{"--server-side"}, nil, 3, 0},
			{[]string{"--server-side", "--field-manager=" + argoManager}, serverSide(), 3, 0},
			// Two appliers by the rules of Kubernetes: what the first one alone has applied stays,
			// whatever the second says. docs/gitops.md warns of it.
			{[]string{"--server-side"}, serverSide(), 4, 1},
		} {
			By(fmt.Sprintf("from kubectl apply %v to a sync with %v", way.bootstrap, way.sync))
			sim.Kubectl(ctx, append([]string{"apply", "-f", file}, way.bootstrap...)...)
			argoSync(ctx, git, way.sync...)
			components, _, _ := unstructured.NestedSlice(live(ctx, name).Object, "spec", "components")
			Expect(components).To(HaveLen(way.components))
			Expect(compare.modified(ctx, git, "client-side")).To(HaveLen(way.differences))
			sim.RemoveBundle(ctx, name)
		}
	}, NodeTimeout(harness.RolloutTimeout))
})
