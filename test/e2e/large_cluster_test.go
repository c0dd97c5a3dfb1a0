// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/charts"
	"github.com/groundwork-dev/groundwork/test/harness"
)

// ownAPIServer puts an API server and its gateway in the place of the suite's, until
// the container ends.
func ownAPIServer(ctx context.Context) {
	GinkgoHelper()
	server := &envtest.Environment{BinaryAssetsDirectory: filepath.Join(harness.Root, "bin", "k8s")}
	_, err := server.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(server.Stop)
	kubeconfig := filepath.Join(scratch, "large.kubeconfig")
	Expect(os.WriteFile(kubeconfig, server.KubeConfig, 0o600)).To(Succeed())
	suiteSim, suiteK8s, suiteGate := sim, k8s, gate
	DeferCleanup(func() { sim, k8s, gate = suiteSim, suiteK8s, suiteGate })
	sim = harness.Connect(kubeconfig)
	k8s = sim.Client
	gate = openGateway()
	install(ctx)
}

// bulk are ConfigMaps of so many bytes together that do not pack.
func bulk(bytes int) []charts.ChartOption {
	GinkgoHelper()
	raw := make([]byte, bytes*3/4)
	_, err := rand.NewChaCha8([32]byte{7}).Read(raw)
	Expect(err).NotTo(HaveOccurred())
	text := base64.StdEncoding.EncodeToString(raw)
	var out []charts.ChartOption
	for part := range slices.Chunk([]byte(text), 100_000) {
		name := fmt.Sprintf("bulk-%02d", len(out))
		out = append(out, charts.WithTemplate(name+".yaml",
			fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {noise: %q}\n", name, part)))
	}
	return out
}

// upTo are the numbers from one to before another; none below 0.
func upTo(from, to int) []int {
	var out []int
	for i := max(from, 0); i < to; i++ {
		out = append(out, i)
	}
	return out
}

// pluginLimit is generous: machines of CI are slow, and two seconds are meant.
const pluginLimit = 10 * time.Second

// plugin runs what people would run on a bundle: it must answer while they wait.
func plugin(ctx context.Context, bundle *v1alpha1.PlatformBundle) {
	GinkgoHelper()
	bundle = &v1alpha1.PlatformBundle{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "PlatformBundle"},
		ObjectMeta: metav1.ObjectMeta{Name: bundle.Name}, Spec: bundle.Spec,
	}
	raw, err := json.Marshal(bundle)
	Expect(err).NotTo(HaveOccurred())
	file := filepath.Join(scratch, bundle.Name+".json")
	Expect(os.WriteFile(file, raw, 0o600)).To(Succeed())
	for _, args := range [][]string{{"lint", file}, {"graph", bundle.Name}, {"status", bundle.Name}, {"plan", "-f", file}} {
		began := time.Now()
		out, err := sim.Run(ctx, filepath.Join(harness.Root, "bin", "kubectl-platform"), args...)
		took := time.Since(began)
		harness.Say("kubectl platform %s: %.2f s, %d lines", args[0], took.Seconds(), strings.Count(out, "\n"))
		Expect(err).NotTo(HaveOccurred(), "kubectl platform %v:\n%s", args, out)
		Expect(took).To(BeNumerically("<", pluginLimit), "kubectl platform %v", args)
	}
}

// discovery is a path that lists kinds or their schemas.
var discovery = regexp.MustCompile(`^GET /(api(/v1)?|apis(/[^/]+){0,2}|openapi(/.*)?)$`)

// discoveries are the requests for what the API server serves.
func discoveries(requests []string) []string {
	return slices.DeleteFunc(requests, func(request string) bool { return !discovery.MatchString(request) })
}

// size of a value as JSON, which is how etcd gets custom resources.
func size(value any) int {
	GinkgoHelper()
	raw, err := json.Marshal(value)
	Expect(err).NotTo(HaveOccurred())
	return len(raw)
}

// define creates definitions, twenty to a group, and waits until they are established.
func define(ctx context.Context, count int) {
	GinkgoHelper()
	errs := make(chan error, count)
	for worker := range 8 {
		go func() {
			for i := worker; i < count; i += 8 {
				errs <- k8s.Create(ctx, small(i))
			}
		}()
	}
	for range count {
		Expect(<-errs).To(Succeed())
	}
	Eventually(func() int {
		established := 0
		for _, definition := range sim.Definitions(ctx) {
			if slices.ContainsFunc(definition.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
				return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
			}) {
				established++
			}
		}
		return established
	}).WithTimeout(10 * time.Minute).WithPolling(time.Second).Should(BeNumerically(">=", count))
}

// small is a definition without a schema to speak of.
func small(number int) *apiextensionsv1.CustomResourceDefinition {
	group, kind, plural := fmt.Sprintf("g%03d.large.example.com", number/20), fmt.Sprintf("Kind%02d", number%20), fmt.Sprintf("kind%02ds", number%20)
	keep := true
	return &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: plural + "." + group},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: group, Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: kind, ListKind: kind + "List", Plural: plural, Singular: strings.ToLower(kind)},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1", Served: true, Storage: true, Schema: &apiextensionsv1.CustomResourceValidation{
					OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &keep},
				},
			}},
		},
	}
}

// cpu is what the process has used so far, in seconds.
func (o *operator) cpu() float64 {
	GinkgoHelper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", o.cmd.Process.Pid))
	Expect(err).NotTo(HaveOccurred())
	_, after, _ := strings.Cut(string(raw), ") ") // the name may hold anything
	fields := strings.Fields(after)
	ticks := 0
	for _, field := range fields[11:13] { // of the user and of the system
		n, err := strconv.Atoi(field)
		Expect(err).NotTo(HaveOccurred())
		ticks += n
	}
	return float64(ticks) / 100
}

// usage is what the process holds of memory.
func (o *operator) usage() string {
	GinkgoHelper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", o.cmd.Process.Pid))
	Expect(err).NotTo(HaveOccurred())
	var out []string
	for line := range strings.Lines(string(raw)) {
		if name, value, _ := strings.Cut(line, ":"); name == "VmRSS" || name == "VmHWM" {
			out = append(out, name+" "+strings.Join(strings.Fields(value), " "))
		}
	}
	return strings.Join(out, ", ")
}
