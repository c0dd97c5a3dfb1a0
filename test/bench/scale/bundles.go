// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/test/charts"
)

const (
	chartName    = "small"
	chartVersion = "1.0.0"
	// perBundle is the number of releases in a bundle, in two layers: each of the
	// second half depends on one of the first.
	perBundle = 10
)

// labels are what charts commonly put on everything.
const labels = `app.kubernetes.io/name: {{ .Chart.Name }}
    app.kubernetes.io/instance: {{ .Release.Name }}
    app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
    helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}`

// head begins an object called after its release.
const head = `
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
  labels:
    ` + labels + "\n"

// writeChart writes the small chart to a folder that serves as a chart mirror:
// ConfigMap, ServiceAccount, Service and Deployment.
func writeChart(dir string) error {
	chart, err := charts.ConfigMapChart(chartName, chartVersion,
		charts.WithValues("message: hello\nreplicas: 1\naddresses: false\nimage: registry.k8s.io/pause:3.10\n"),
		charts.WithTemplate("configmap.yaml", "apiVersion: v1\nkind: ConfigMap"+head+"data:\n  message: {{ .Values.message | quote }}\n"),
		charts.WithTemplate("serviceaccount.yaml", "apiVersion: v1\nkind: ServiceAccount"+head+"automountServiceAccountToken: false\n"),
		charts.WithTemplate("service.yaml", "apiVersion: v1\nkind: Service"+head+`spec:
  {{- if not .Values.addresses }}
  clusterIP: None
  {{- end }}
  selector:
    app.kubernetes.io/instance: {{ .Release.Name }}
  ports:
  - {name: http, port: 80, targetPort: http}
`),
		charts.WithTemplate("deployment.yaml", "apiVersion: apps/v1\nkind: Deployment"+head+`spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels:
      app.kubernetes.io/instance: {{ .Release.Name }}
  template:
    metadata:
      labels:
        `+"app.kubernetes.io/instance: {{ .Release.Name }}"+`
    spec:
      serviceAccountName: {{ .Release.Name }}
      containers:
      - name: main
        image: {{ .Values.image }}
        ports:
        - {name: http, containerPort: 8080}
        resources:
          requests: {cpu: 10m, memory: 16Mi}
`))
	if err != nil {
		return err
	}
	return charts.Save(dir, chart)
}

// bundleName is also the namespace of a bundle's releases.
func bundleName(i int) string { return fmt.Sprintf("scale-%03d", i) }

// componentName is also the release's, and that of its four objects.
func componentName(i int) string { return fmt.Sprintf("app-%d", i) }

// bundle makes the i-th of them, with the pods and the Services that the options ask
// for. Every release has values of its own, so that no two have the same inputs.
func bundle(i int, o *options) (*v1alpha1.PlatformBundle, error) {
	out := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: bundleName(i)}}
	for j := range perBundle {
		values, err := json.Marshal(map[string]any{
			"message": fmt.Sprintf("%s of %s", componentName(j), out.Name), "replicas": o.replicas, "addresses": o.addresses,
		})
		if err != nil {
			return nil, fmt.Errorf("values of %s: %w", componentName(j), err)
		}
		component := v1alpha1.Component{
			Name: componentName(j), Version: chartVersion, Namespace: out.Name,
			Chart:  &v1alpha1.ChartSource{Repository: "https://charts.example.com", Name: chartName},
			Values: &apiextensionsv1.JSON{Raw: values},
		}
		if j >= perBundle/2 {
			component.DependsOn = []string{componentName(j - perBundle/2)}
		}
		out.Spec.Components = append(out.Spec.Components, component)
	}
	return out, nil
}
