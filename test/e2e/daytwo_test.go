// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/charts"
)

// nowhere is a nodeSelector that no node has: pods with it are never scheduled.
const nowhere = `{"example.com/nowhere": "true"}`

// mug is a ConfigMap, and by its values a Deployment, a claim and a hook.
const mugValues = `data: {color: blue}
labels: {}
annotations: {}
workload: false
nodeSelector: {}
claim: false
check: none
`

const mugWorkload = `{{- if .Values.workload }}
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}
spec:
  replicas: 1
  selector: {matchLabels: {mug: {{ .Release.Name }}}}
  template:
    metadata: {labels: {mug: {{ .Release.Name }}}}
    spec:
      nodeSelector: {{ toJson .Values.nodeSelector }}
      containers: [{name: mug, image: "registry.example.com/mug:1"}]
{{- end }}
`

const mugClaim = `{{- if .Values.claim }}
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
{{- end }}
`

// A suspended Job never completes, and Helm waits for it.
const mugCheck = `{{- if ne .Values.check "none" }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-check
  namespace: {{ .Release.Namespace }}
  annotations: {helm.sh/hook: post-upgrade, helm.sh/hook-delete-policy: before-hook-creation}
spec:
  suspend: {{ eq .Values.check "hangs" }}
  template: {spec: {restartPolicy: Never, containers: [{name: check, image: "registry.example.com/mug:1"}]}}
{{- end }}
`

// cupboard is a folder of small charts for the specs of day two, and its address.
type cupboard struct{ folder, url string }

// openCupboard writes and serves them; it ends with the container.
func openCupboard(name string) cupboard {
	GinkgoHelper()
	c := cupboard{folder: filepath.Join(scratch, name)}
	Expect(os.MkdirAll(c.folder, 0o750)).To(Succeed())
	Expect(charts.SaveVersions(c.folder, "mug", []string{"1.0.0", "1.1.0"}, charts.WithValues(mugValues),
		charts.WithTemplate("workload.yaml", mugWorkload), charts.WithTemplate("claim.yaml", mugClaim), charts.WithTemplate("check.yaml", mugCheck))).To(Succeed())
	server, err := charts.ServeHTTP(c.folder)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(server.Close)
	c.url = server.URL
	return c
}

// kind adds a chart that brings a kind and one object of it, called as the release.
func (c cupboard) kind(chart, kind, plural string) {
	GinkgoHelper()
	definition := charts.CRD{Group: "e2e.example.com", Kind: kind, Plural: plural, Scope: "Namespaced", Versions: "v1*", KB: 1}
	Expect(charts.SaveVersions(c.folder, chart, []string{"1.0.0"}, charts.WithCRD(charts.InCRDs, definition),
		charts.WithResource(charts.Resource{APIVersion: "e2e.example.com/v1", Kind: kind, Name: "@", Spec: "size: large\n"}))).To(Succeed())
}

// mug is a component of that chart, in the namespace of its name.
func (c cupboard) mug(name, values string, dependsOn ...string) v1alpha1.Component {
	out := c.component(name, "mug", dependsOn...)
	if values != "" {
		out.Values = &apiextensionsv1.JSON{Raw: []byte(values)}
	}
	return out
}

func (c cupboard) component(name, chart string, dependsOn ...string) v1alpha1.Component {
	return v1alpha1.Component{
		Name: name, Version: "1.0.0", DependsOn: dependsOn,
		Chart: &v1alpha1.ChartSource{Repository: c.url, Name: chart},
	}
}

func custom(kind, namespace, name string) *unstructured.Unstructured {
	out := &unstructured.Unstructured{}
	out.SetAPIVersion("e2e.example.com/v1")
	out.SetKind(kind)
	out.SetNamespace(namespace)
	out.SetName(name)
	return out
}

// writesTo counts what the operator has written to a path since a point, and what
// it has only tried in dry runs.
func writesTo(point int, path string) (writes, dry int) {
	for _, request := range gate.since(point) {
		switch {
		case !strings.HasSuffix(request, path) || strings.HasPrefix(request, "GET "):
		case strings.HasPrefix(request, "DRY "):
			dry++
		default:
			writes++
		}
	}
	return writes, dry
}
