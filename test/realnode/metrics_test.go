// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package realnode

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/groundwork-dev/groundwork/test/harness"
)

// prometheus scrapes the operator the way config/prometheus/service-monitor.yaml
// tells the Prometheus operator to: the endpoints of the Service, over HTTPS, with
// the token of a ServiceAccount that groundwork-metrics-reader is bound to. The
// second job has no token.
const prometheus = `
apiVersion: v1
kind: Namespace
metadata: {name: monitoring, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: prometheus, namespace: monitoring}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: realnode-metrics-reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: groundwork-metrics-reader}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: monitoring}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: realnode-discovery}
rules:
- {apiGroups: ["", discovery.k8s.io], resources: [services, pods, endpointslices], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: realnode-discovery}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: realnode-discovery}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: monitoring}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: prometheus, namespace: monitoring}
data:
  prometheus.yml: |
    global: {scrape_interval: 1s, scrape_timeout: 1s}
    scrape_configs:
    - job_name: groundwork
      scheme: https
      authorization: {credentials_file: /var/run/secrets/kubernetes.io/serviceaccount/token}
      tls_config: {insecure_skip_verify: true}
      kubernetes_sd_configs: [{role: endpointslice, namespaces: {names: [groundwork-system]}}]
      relabel_configs: &metrics
      - source_labels: [__meta_kubernetes_service_name, __meta_kubernetes_endpointslice_port_name]
        regex: groundwork-metrics;https
        action: keep
      - {source_labels: [__meta_kubernetes_endpointslice_address_target_name], target_label: pod}
    - job_name: stranger
      scheme: https
      tls_config: {insecure_skip_verify: true}
      kubernetes_sd_configs: [{role: endpointslice, namespaces: {names: [groundwork-system]}}]
      relabel_configs: *metrics
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: prometheus, namespace: monitoring}
spec:
  replicas: 1
  selector: {matchLabels: {app: prometheus}}
  template:
    metadata: {labels: {app: prometheus}}
    spec:
      serviceAccountName: prometheus
      terminationGracePeriodSeconds: 2
      securityContext: {runAsNonRoot: true, runAsUser: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: prometheus
        image: ` + prometheusImage + `
        args: [--config.file=/etc/prometheus/prometheus.yml, --storage.tsdb.path=/data, --web.listen-address=:9090]
        ports: [{containerPort: 9090}]
        readinessProbe: {httpGet: {path: /-/ready, port: 9090}, periodSeconds: 1}
        securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
        volumeMounts: [{name: config, mountPath: /etc/prometheus}, {name: data, mountPath: /data}]
      volumes: [{name: config, configMap: {name: prometheus}}, {name: data, emptyDir: {}}]
---
apiVersion: v1
kind: Service
metadata: {name: prometheus, namespace: monitoring}
spec: {selector: {app: prometheus}, ports: [{name: http, port: 9090}]}
`

// query asks Prometheus and returns the values by pod.
func query(ctx context.Context, g Gomega, promql string) map[string]string {
	GinkgoHelper()
	out := service(ctx, g, "monitoring", "prometheus", "/api/v1/query?query="+url.QueryEscape(promql))
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	g.Expect(json.Unmarshal([]byte(out), &answer)).To(Succeed(), out)
	values := map[string]string{}
	for _, result := range answer.Data.Result {
		values[result.Metric["pod"]], _ = result.Value[1].(string)
	}
	return values
}

var _ = Describe("A Prometheus in the cluster", func() {
	It("reads the metrics of both pods with a token, and of none without", func(ctx context.Context) {
		DeferCleanup(func(ctx context.Context) {
			node.Kubectl(ctx, "delete", "--ignore-not-found", "--wait=false", "namespace/monitoring",
				"clusterrole/realnode-discovery", "clusterrolebinding/realnode-discovery", "clusterrolebinding/realnode-metrics-reader")
		}, NodeTimeout(time.Minute))
		node.Apply(ctx, prometheus)
		node.Kubectl(ctx, "-n", "monitoring", "rollout", "status", "deployment/prometheus", "--timeout=180s")
		Eventually(func(g Gomega) {
			pods := operatorPods(ctx, g)
			up := query(ctx, g, `up{job="groundwork"}`)
			g.Expect(up).To(HaveLen(len(pods)))
			for pod := range pods {
				g.Expect(up).To(HaveKeyWithValue(pod, "1"))
			}
			refused := query(ctx, g, `up{job="stranger"}`)
			g.Expect(refused).To(HaveLen(len(pods)))
			for pod := range pods {
				g.Expect(refused).To(HaveKeyWithValue(pod, "0"))
			}
		}).Should(Succeed())
		Eventually(func(g Gomega) {
			reconciled := query(ctx, g, `sum by (pod) (controller_runtime_reconcile_total{job="groundwork",controller="platformbundle"})`)
			g.Expect(reconciled).To(HaveKey(leader(ctx, g)))
			harness.Say("reconciles by pod, as Prometheus stores them: %v", reconciled)
		}).Should(Succeed())
	}, patience)
})
