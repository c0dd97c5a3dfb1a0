// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package realnode

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

const (
	chartsNamespace = "charts"
	// chartsURL is the repository, as a pod sees it.
	chartsURL = "http://charts.charts.svc.cluster.local:8080"
	// unsteadyURL is the same one, as a repository that has outages.
	unsteadyURL = chartsURL + "/unsteady"
)

// chartServer is the repository: a pod like any other.
const chartServer = `
apiVersion: v1
kind: Namespace
metadata: {name: charts, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: charts, namespace: charts}
spec:
  replicas: 1
  selector: {matchLabels: {app: charts}}
  template:
    metadata: {labels: {app: charts}}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 2
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: charts
        image: ` + chartServerImage + `
        args: [--listen, ":8080"]
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /index.yaml, port: 8080}, periodSeconds: 1}
        securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
---
apiVersion: v1
kind: Service
metadata: {name: charts, namespace: charts}
spec: {selector: {app: charts}, ports: [{name: http, port: 8080}]}
`

func serveCharts(ctx context.Context) {
	GinkgoHelper()
	node.Apply(ctx, chartServer)
	node.Kubectl(ctx, "-n", chartsNamespace, "rollout", "status", "deployment/charts", "--timeout=180s")
}

// chart is a component of one of the charts that really run, in a namespace of its name.
func chart(name, version, values string, dependsOn ...string) v1alpha1.Component {
	return named(name, name, version, values, dependsOn...)
}

// named is a component that has another name than its chart.
func named(name, chart, version, values string, dependsOn ...string) v1alpha1.Component {
	c := v1alpha1.Component{
		Name: name, Version: version, DependsOn: dependsOn,
		Chart: &v1alpha1.ChartSource{Repository: chartsURL, Name: chart},
	}
	if values != "" {
		c.Values = &apiextensionsv1.JSON{Raw: []byte(values)}
	}
	return c
}

// newCounter is the address of a counter that nobody has asked yet.
func newCounter(ctx context.Context, name string) string {
	GinkgoHelper()
	tellCharts(ctx, "/counter/"+name+"/reset")
	return chartsURL + "/counter/" + name
}

// tellCharts asks the chart server for something, as a person would.
func tellCharts(ctx context.Context, path string) {
	GinkgoHelper()
	Eventually(func(g Gomega) { service(ctx, g, chartsNamespace, "charts", path) }).Should(Succeed())
}
