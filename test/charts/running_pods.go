// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"cmp"
	"fmt"
	"strings"
)

// pod is what differs between the pods of running charts. Arguments are template text.
type pod struct {
	mode string
	args []string
	// account gives it the ServiceAccount of the release, with its token; without it has none.
	account bool
	// ports are "name:port", separated by spaces. Default: http:8080.
	ports string
	// memory is the limit. Default: 64Mi.
	memory string
	// mount is a volume and where it lies in the container, "name:path"; empty for none.
	mount string
	// once is for a Job: it has neither ports nor probes, and none of extraArgs.
	once bool
}

// spec writes the spec of the pod, which is within the restricted pod security standard, indented.
func (p pod) spec(columns int) string {
	var out strings.Builder
	if p.once {
		out.WriteString("restartPolicy: Never\n")
	}
	if p.account {
		out.WriteString("serviceAccountName: " + quoted(objectName("@")) + "\n")
	} else {
		out.WriteString("automountServiceAccountToken: false\n")
	}
	out.WriteString(`enableServiceLinks: false
terminationGracePeriodSeconds: 2
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
containers:
- name: standin
  image: '{{ $.Values.image.repository }}:{{ $.Values.image.tag }}'
  imagePullPolicy: IfNotPresent
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: {drop: [ALL]}
`)
	fmt.Fprintf(&out, "  resources:\n    requests: {cpu: 5m, memory: 16Mi}\n    limits: {memory: %s}\n", cmp.Or(p.memory, "64Mi"))
	out.WriteString("  args:\n  - " + p.mode + "\n")
	for _, arg := range p.args {
		out.WriteString("  - " + quoted(arg) + "\n")
	}
	if !p.once {
		out.WriteString("  - '--version={{ $.Chart.Version }}'\n  {{- with $.Values.extraArgs }}\n  {{- toYaml . | nindent " +
			fmt.Sprint(columns+2) + " }}\n  {{- end }}\n")
		out.WriteString(p.probes())
	}
	if volume, path, found := strings.Cut(p.mount, ":"); found {
		fmt.Fprintf(&out, "  volumeMounts: [{name: %s, mountPath: %s}]\n", volume, path)
	}
	return indent(columns, out.String())
}

// probes asks every second, so that tests need not wait; a machine under load may take its time to answer.
func (p pod) probes() string {
	var out strings.Builder
	out.WriteString("  ports:\n")
	for port := range strings.FieldsSeq(cmp.Or(p.ports, "http:8080")) {
		name, number, _ := strings.Cut(port, ":")
		fmt.Fprintf(&out, "  - {name: %s, containerPort: %s}\n", name, number)
	}
	out.WriteString(`  readinessProbe:
    httpGet: {path: /readyz, port: http}
    periodSeconds: 1
    timeoutSeconds: 2
  livenessProbe:
    httpGet: {path: /healthz, port: http}
    periodSeconds: 1
    timeoutSeconds: 2
    failureThreshold: 15
`)
	return out.String()
}

// template is the template of the pods of a workload.
func (p pod) template(ref string) string {
	return "  template:\n    metadata:\n      labels:\n" + selectorLabels("        ", ref) + "    spec:\n" + p.spec(6)
}

func (r *runningBuilder) deployment(p pod) {
	r.add("Deployment", "@", "", r.head("apps/v1", "Deployment", "@", true, "")+
		"spec:\n  replicas: {{ $.Values.replicas }}\n  progressDeadlineSeconds: {{ $.Values.progressDeadlineSeconds }}\n"+
		"  selector:\n    matchLabels:\n"+selectorLabels("      ", "@")+p.template("@"))
}

// statefulSet has one claim per pod.
func (r *runningBuilder) statefulSet(p pod, claim, size string) {
	r.add("StatefulSet", "@", "", r.head("apps/v1", "StatefulSet", "@", true, "")+
		"spec:\n  replicas: {{ $.Values.replicas }}\n  serviceName: "+quoted(objectName("@-headless"))+"\n"+
		"  selector:\n    matchLabels:\n"+selectorLabels("      ", "@")+p.template("@")+
		fmt.Sprintf("  volumeClaimTemplates:\n  - metadata: {name: %s}\n    spec:\n      accessModes: [ReadWriteOnce]\n"+
			"      resources: {requests: {storage: %s}}\n", claim, size))
}

// job is a hook. Its pod is not retried by the kubelet but, so many times as the template text retries says, by the Job.
// It stays for its log to be read.
func (r *runningBuilder) job(ref, events, retries string, p pod) {
	p.once = true
	annotations := "    helm.sh/hook: " + events + "\n    helm.sh/hook-delete-policy: " + beforeCreation + "\n"
	r.add("Job", ref, "", r.head("batch/v1", "Job", ref, true, annotations)+
		"spec:\n  backoffLimit: "+retries+"\n  activeDeadlineSeconds: 60\n"+p.template(ref))
}

func (r *runningBuilder) service(ports string) {
	r.shape.Services = append(r.shape.Services, Service{Name: "@", Ports: ports})
}

// account gives the pods a ServiceAccount that may do what the rules say, in the whole cluster.
func (r *runningBuilder) account(rules string) {
	r.add("ServiceAccount", "@", "", r.head("v1", "ServiceAccount", "@", true, ""))
	const rbac = "rbac.authorization.k8s.io/v1"
	r.add("ClusterRole", "@", "", r.head(rbac, "ClusterRole", "@", false, "")+"rules:\n"+rules)
	r.add("ClusterRoleBinding", "@", "", r.head(rbac, "ClusterRoleBinding", "@", false, "")+
		"roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "+quoted(objectName("@"))+"}\n"+
		"subjects:\n- {kind: ServiceAccount, name: "+quoted(objectName("@"))+", namespace: '{{ $.Release.Namespace }}'}\n")
}
