// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

func operatorShapes() []Shape { return []Shape{strimzi(), vaultOperator(), vaultSecretsWebhook()} }

func strimzi() Shape {
	return Shape{
		Name: "strimzi-kafka-operator", Version: "1.2.0", AppVersion: "1.2.0",
		Values: imageValues + "replicas: 1\nwatchAnyNamespace: false\n",
		CRDs: []CRDSet{{In: InCRDs, CRDs: append(inGroup("kafka.strimzi.io", "strimzi",
			crdRow{"Kafka", "kafkas", ns, "v1*/status", 152, "k"},
			crdRow{"KafkaConnect", "kafkaconnects", ns, "v1*/status/scale", 67, "kc"},
			crdRow{"KafkaTopic", "kafkatopics", ns, "v1*/status", 5, "kt"},
			crdRow{"KafkaUser", "kafkausers", ns, "v1*/status", 10, "ku"},
			crdRow{"KafkaNodePool", "kafkanodepools", ns, "v1*/status/scale", 31, "knp"},
			crdRow{"KafkaBridge", "kafkabridges", ns, "v1*/status/scale", 40, "kb"},
			crdRow{"KafkaConnector", "kafkaconnectors", ns, "v1*/status/scale", 6, "kctr"},
			crdRow{"KafkaMirrorMaker2", "kafkamirrormaker2s", ns, "v1*/status/scale", 68, "kmm2"},
			crdRow{"KafkaRebalance", "kafkarebalances", ns, "v1*/status", 7, "kr"},
		), inGroup("core.strimzi.io", "strimzi", crdRow{"StrimziPodSet", "strimzipodsets", ns, "v1*/status", 4, "sps"})...)}},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "strimzi-cluster-operator"},
			{Kind: "ConfigMap", Names: "strimzi-cluster-operator"},
			{Kind: "ClusterRole", Names: "strimzi-cluster-operator-namespaced strimzi-cluster-operator-global " +
				"strimzi-cluster-operator-leader-election strimzi-cluster-operator-watched strimzi-kafka-broker strimzi-entity-operator " +
				"strimzi-kafka-client"},
			{Kind: "ClusterRoleBinding", Names: "strimzi-cluster-operator=strimzi-cluster-operator-global " +
				"strimzi-cluster-operator-kafka-broker-delegation=strimzi-kafka-broker " +
				"strimzi-cluster-operator-kafka-client-delegation=strimzi-kafka-client"},
			{Kind: "RoleBinding", Names: "strimzi-cluster-operator-leader-election=cluster:strimzi-cluster-operator-leader-election"},
			// What the operator may do in the namespaces that it watches.
			{Kind: "ClusterRoleBinding", If: "watchAnyNamespace", Names: "strimzi-cluster-operator-namespaced strimzi-cluster-operator-watched " +
				"strimzi-cluster-operator-entity-operator-delegation=strimzi-entity-operator"},
		},
		Workloads: []Workload{{Kind: "Deployment", Name: "strimzi-cluster-operator", Replicas: "replicas"}},
	}
}

func vaultOperator() Shape {
	return Shape{
		Name: "vault-operator", Version: "1.24.0", AppVersion: "v1.24.0",
		Values: imageValues + "replicaCount: 1\ncrds: {install: true}\nmonitoring: {serviceMonitor: {enabled: false}}\n",
		CRDs: []CRDSet{{In: InCRDs, Subchart: "crds", SubchartVersion: "0.0.0", If: "crds.install", CRDs: inGroup("vault.banzaicloud.com", "",
			crdRow{"Vault", "vaults", ns, "v1alpha1*", 195, ""})}},
		Plain: []Plain{
			{Kind: "ServiceAccount", Names: "@"},
			{Kind: "AdminClusterRole", Names: "@"},
			{Kind: "ClusterRoleBinding", Names: "@"},
		},
		Services:  []Service{{Name: "@", Ports: "http:80 http-metrics:8383"}},
		Workloads: []Workload{{Kind: "Deployment", Name: "@", Replicas: "replicaCount"}},
		Monitors:  []Monitor{{Name: "@", If: "monitoring.serviceMonitor.enabled"}},
	}
}

func vaultSecretsWebhook() Shape {
	const selector = `matchExpressions:
{{- range $.Values.namespaceSelector.matchExpressions }}
- {{ toJson . }}
{{- end }}
- {key: kubernetes.io/metadata.name, operator: NotIn, values: ['{{ $.Release.Namespace }}']}
`
	return Shape{
		Name: "vault-secrets-webhook", Version: "1.23.1", AppVersion: "v1.23.1",
		Values: imageValues + `
replicaCount: 2
podDisruptionBudget: {enabled: true}
namespaceSelector:
  matchExpressions:
  - {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}
podsFailurePolicy: Ignore
secretsFailurePolicy: Ignore
metrics: {enabled: false, serviceMonitor: {enabled: false}}
`,
		Plain: []Plain{
			{Kind: "PodDisruptionBudget", Names: "@", If: "podDisruptionBudget.enabled"},
			{Kind: "ServiceAccount", Names: "@"},
			{Kind: "ClusterRole", Names: "@"},
			{Kind: "ClusterRoleBinding", Names: "@-limited=@"},
		},
		Services:  []Service{{Name: "@", Ports: "vault-secrets-webhook:443"}},
		Workloads: []Workload{{Kind: "Deployment", Name: "@", Replicas: "replicaCount"}},
		// The certificate is made anew by every render, and the cluster is not asked for the old one.
		Webhooks: []WebhookConfiguration{{
			Kind: "Mutating", Name: "@", Secret: "@-webhook-tls", WithNamespace: true, SideEffects: "NoneOnDryRun",
			Webhooks: []Webhook{
				{Name: "pods.vault-secrets-webhook.admission.banzaicloud.com", Service: "@", Path: "/pods", NamespaceSelector: selector,
					FailurePolicy: "{{ $.Values.podsFailurePolicy }}", Rule: "* pods C"},
				{Name: "secrets.vault-secrets-webhook.admission.banzaicloud.com", Service: "@", Path: "/secrets", NamespaceSelector: selector,
					FailurePolicy: "{{ $.Values.secretsFailurePolicy }}", Rule: "* secrets CU"},
			},
		}},
		Monitors: []Monitor{{Name: "@", If: "metrics.enabled && metrics.serviceMonitor.enabled"}},
	}
}
