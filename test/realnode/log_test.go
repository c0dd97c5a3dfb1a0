// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package realnode

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// longestLine is what a person still reads, in bytes.
const longestLine = 2000

// logLine is one line of the operator's log.
type logLine struct {
	Level, TS, Logger, Msg     string
	Object, Reason, Stacktrace string

	raw string
}

// about says whether a line is about a bundle or one of its releases.
func (l logLine) about(bundle string) bool {
	return l.Object == bundle || strings.HasPrefix(l.Object, bundle+".")
}

// operatorLines are all lines of all the operator's pods, those of processes that
// specs have killed included. Each must be an object in JSON.
func operatorLines(ctx context.Context) []logLine {
	GinkgoHelper()
	var lines []logLine
	for name, pod := range operatorPods(ctx, Default) {
		out := node.Kubectl(ctx, "-n", v1alpha1.DefaultNamespace, "logs", name)
		if restarts(pod) > 0 {
			out = node.Kubectl(ctx, "-n", v1alpha1.DefaultNamespace, "logs", name, "--previous") + out
		}
		for text := range strings.Lines(out) {
			line := logLine{raw: strings.TrimSpace(text)}
			Expect(json.Unmarshal([]byte(text), &line)).To(Succeed(), "not a line of JSON: %s", text)
			lines = append(lines, line)
		}
	}
	return lines
}

// expectReadable is what every line must keep to.
func expectReadable(line logLine) {
	GinkgoHelper()
	_, err := time.Parse(time.RFC3339, line.TS)
	Expect(err).NotTo(HaveOccurred(), line.raw)
	Expect(line.Msg).NotTo(BeEmpty(), line.raw)
	if line.Logger == "events" {
		return // client-go's, of an event that the dead webhook of another spec refused
	}
	Expect(line.Level).To(BeElementOf("info", "warn"), line.raw)
	Expect(line.Stacktrace).To(BeEmpty(), line.raw)
	Expect(len(line.raw)).To(BeNumerically("<=", longestLine), line.raw)
	if line.Logger == "event" {
		Expect(line.Object).NotTo(BeEmpty(), line.raw)
		Expect(line.Reason).NotTo(BeEmpty(), line.raw)
	}
}

var _ = Describe("The operator's log", func() {
	It("tells the story of a bundle to a person, and no secrets", func(ctx context.Context) {
		const canary = "canary-7f3a91"
		createForSpec(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: v1alpha1.DefaultNamespace, Name: "told"},
			StringData: map[string]string{"values.yaml": `extraArgs: ["--version=` + canary + `"]`},
		})
		told := chart("slow", "1.0.0", `{"startAfter": "0s"}`)
		told.ValuesFrom = []v1alpha1.ValuesReference{{Kind: "Secret", Name: "told"}}
		node.Create(ctx, harness.BundleOf("told", told))
		node.ExpectReady(ctx, "told", 1)
		expectCanary := func(g Gomega) {
			slow := &appsv1.Deployment{}
			g.Expect(k8s.Get(ctx, keyOf("slow", "slow"), slow)).To(Succeed())
			g.Expect(slow.Spec.Template.Spec.Containers[0].Args).To(ContainElement("--version=" + canary))
		}
		expectCanary(Default)
		By("taking the secret away, so that it is put back")
		node.Kubectl(ctx, "-n", "slow", "patch", "deployment/slow", "--type=json",
			`--patch=[{"op": "replace", "path": "/spec/template/spec/containers/0/args", "value": ["serve"]}]`)
		Eventually(expectCanary).Should(Succeed())
		node.ExpectReady(ctx, "told", 1)

		var story []string
		ready := false
		for _, line := range operatorLines(ctx) {
			expectReadable(line)
			Expect(line.raw).NotTo(ContainSubstring(canary))
			if line.about("told") {
				story = append(story, line.raw)
			}
			ready = ready || line.Logger == "event" && line.Object == "told" && line.Reason == v1alpha1.ReasonReady
		}
		Expect(ready).To(BeTrue(), "no event tells that the bundle is ready:\n%s", strings.Join(story, "\n"))
		for _, line := range story[:min(8, len(story))] {
			harness.Say("%s", line)
		}
	}, patience)
})
