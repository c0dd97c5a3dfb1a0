// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

// driftObjects are written the way charts write them: quantities, empty fields
// and defaults that the API server spells in another way.
const driftObjects = `
apiVersion: v1
kind: ConfigMap
metadata: {name: conf, creationTimestamp: null, labels: {app: x}}
data: {color: blue, "app.yaml": "a: 1"}
---
apiVersion: v1
kind: Secret
metadata: {name: safe}
stringData: {password: hunter2}
---
apiVersion: v1
kind: Service
metadata: {name: svc}
spec:
  ports: [{name: http, port: 80}, {name: metrics, port: 9090}]
status: {loadBalancer: {}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: null}
spec:
  replicas: 2
  strategy: {type: RollingUpdate, rollingUpdate: null}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccount: web
      containers:
      - name: main
        image: example.com/web:1
        resources: {limits: {cpu: 1000m, memory: 1024Mi}, requests: {cpu: "0.5"}}
        env: [{name: A, value: ""}, {name: B, value: b}]
        ports: [{containerPort: 8080}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: {{ .Release.Name }}-sum}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {sum: x}}]}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: {{ .Release.Name }}-plain}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, list]}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: {{ .Release.Name }}}
webhooks:
- {name: a.example.com, admissionReviewVersions: [v1], sideEffects: None, failurePolicy: Ignore, clientConfig: {service: {name: s, namespace: none}, caBundle: Cg==},
   rules: [{apiGroups: [none.example.com], apiVersions: ["*"], resources: [x], operations: [CREATE]}]}
- {name: b.example.com, admissionReviewVersions: [v1], sideEffects: None, failurePolicy: Ignore, clientConfig: {service: {name: s, namespace: none}, caBundle: eA==},
   rules: [{apiGroups: [none.example.com], apiVersions: ["*"], resources: [x], operations: [CREATE]}]}
---
apiVersion: gadgets.example.com/v1
kind: Gadget
metadata: {name: g}
spec: {size: 3, parts: [{name: a, weight: 1}, {name: b}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: x}]}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: disk}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`

// normalisedObjects are the ones in which the API server has most to add.
const normalisedObjects = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: null
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}, creationTimestamp: null}
    spec:
      securityContext: {}
      tolerations: [{key: a, operator: Exists}]
      volumes: [{name: conf, configMap: {name: conf}}, {name: tmp, emptyDir: {}}]
      containers:
      - {name: main, image: x, command: [a], volumeMounts: [{name: data, mountPath: /data}], livenessProbe: {httpGet: {path: /, port: 80}}}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 0.5Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: outside}
spec: {type: LoadBalancer, clusterIP: "", selector: null, ports: [{name: tls, port: 443, nodePort: null, targetPort: https}, {name: udp, port: 53, protocol: UDP}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 3
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {}, ingress: [{ports: [{port: 80}]}], egress: [{}], policyTypes: [Ingress, Egress]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, annotations: {}}
spec: {rules: [{host: a.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}}], tls: null}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web}
roleRef: {kind: Role, name: web, apiGroup: rbac.authorization.k8s.io}
subjects: [{kind: ServiceAccount, name: web, namespace: {{ .Release.Namespace }}}, {kind: User, name: jane}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec: {schedule: "0 * * * *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: x, resources: {requests: {memory: 0.5Gi}}}]}}}}}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: web}, automountServiceAccountToken: true}
- {apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {
   hostNetwork: true, containers: [{name: c, image: x, env: [{name: IP, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}], ports: [{containerPort: 80, hostPort: 80}, {containerPort: 80, protocol: UDP}]}]}}}}
`
