// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package pods

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// aPod returns a pod of the namespace shop that is not ready.
func aPod(options ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-5d9c7-x2x4z"},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{
			{Type: corev1.PodReady, Status: corev1.ConditionFalse},
		}},
	}
	for _, o := range options {
		o(p)
	}
	return p
}

func of(kind, name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		yes := true
		p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: name, UID: "1", Controller: &yes}}
	}
}

func ofDeployment(name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Labels = map[string]string{"pod-template-hash": "5d9c7"}
		of("ReplicaSet", name+"-5d9c7")(p)
	}
}

func named(name string) func(*corev1.Pod) { return func(p *corev1.Pod) { p.Name = name } }

func phase(phase corev1.PodPhase, reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Status.Phase, p.Status.Reason, p.Status.Message = phase, reason, message }
}

func condition(kind corev1.PodConditionType, status corev1.ConditionStatus, reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		if kind == corev1.PodReady {
			p.Status.Conditions = nil
		}
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: kind, Status: status, Reason: reason, Message: message})
	}
}

func restarts(policy corev1.RestartPolicy) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.RestartPolicy = policy }
}

func deleted(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }

func with(statuses ...corev1.ContainerStatus) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Status.ContainerStatuses = statuses }
}

func withInit(statuses ...corev1.ContainerStatus) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Status.InitContainerStatuses = statuses }
}

func spec(c corev1.Container) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.Containers = append(p.Spec.Containers, c) }
}

func initSpec(c corev1.Container) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.InitContainers = append(p.Spec.InitContainers, c) }
}

func container(name string, restarts int32, states ...corev1.ContainerState) corev1.ContainerStatus {
	s := corev1.ContainerStatus{Name: name, Image: "nope:1", RestartCount: restarts, State: states[0]}
	if len(states) > 1 {
		s.LastTerminationState = states[1]
	}
	return s
}

func ready(s corev1.ContainerStatus) corev1.ContainerStatus {
	s.Ready = true
	return s
}

func waits(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

func runs() corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
}

func ends(code int32, reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, Message: message}}
}

var always = corev1.ContainerRestartPolicyAlways

const (
	backOff  = `back-off 10s restarting failed container=app pod=web-5d9c7-x2x4z_shop(1)`
	notFound = `rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nope:1": failed to resolve reference "docker.io/library/nope:1": docker.io/library/nope:1: not found`
	noRoom   = "0/1 nodes are available: 1 Insufficient cpu."
)

func TestJudge(t *testing.T) {
	oom, failed := ends(137, "OOMKilled", ""), ends(1, "Error", "")
	tests := map[string]struct {
		pod  *corev1.Pod
		want string
	}{
		"ready":            {aPod(condition(corev1.PodReady, corev1.ConditionTrue, "", ""), with(container("app", 3, runs(), oom))), ""},
		"succeeded":        {aPod(phase(corev1.PodSucceeded, "", ""), with(container("app", 0, ends(0, "Completed", "")))), ""},
		"being deleted":    {aPod(deleted, with(container("app", 3, waits("CrashLoopBackOff", backOff), oom))), ""},
		"nothing known":    {aPod(), ""},
		"not yet on a way": {aPod(phase(corev1.PodPending, "", "")), ""},

		"out of memory": {aPod(with(container("app", 1, waits("CrashLoopBackOff", backOff), oom))),
			"container app keeps ending (CrashLoopBackOff): OOMKilled, exit code 137"},
		"crash loop with a message": {aPod(with(container("app", 1, waits("CrashLoopBackOff", backOff), ends(1, "Error", "no such\n  table: users\n")))),
			"container app keeps ending (CrashLoopBackOff): exit code 1: no such table: users"},
		"crash loop that ends well": {aPod(with(container("app", 2, waits("CrashLoopBackOff", backOff), ends(0, "Completed", "")))),
			"container app keeps ending (CrashLoopBackOff): exit code 0"},
		"crash loop before the first restart": {aPod(with(container("app", 0, waits("CrashLoopBackOff", backOff), failed))),
			"container app keeps ending (CrashLoopBackOff): exit code 1"},
		"crash loop without an end": {aPod(with(container("app", 4, waits("CrashLoopBackOff", backOff)))), "container app keeps ending (CrashLoopBackOff)"},
		"cannot be run, again": {aPod(with(container("app", 1, waits("RunContainerError", "failed to start"), ends(128, "StartError",
			`failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "/nope": stat /nope: no such file or directory`)))),
			`container app keeps ending (CrashLoopBackOff): StartError, exit code 128: unable to start container process: error during container init: exec: "/nope": stat /nope: no such file or directory`},
		"log as message": {aPod(spec(corev1.Container{Name: "app", TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError}),
			with(container("app", 1, waits("CrashLoopBackOff", backOff), ends(1, "Error", strings.Repeat("2026-07-19T12:34:56.7Z\tINFO\tstarting\n", 20)+
				"2026-07-19T12:35:00.1Z\tERROR\tno credentials\n")))),
			"container app keeps ending (CrashLoopBackOff): exit code 1: " + strings.Repeat("INFO starting ", 4) + "ERROR no credentials"},

		"ended for the first time": {aPod(with(container("app", 0, failed))), "container app ended: exit code 1"},
		"ended well but may not":   {aPod(restarts(corev1.RestartPolicyAlways), with(container("app", 0, ends(0, "Completed", "")))), "container app ended: exit code 0"},

		"no image": {aPod(with(container("app", 0, waits("ErrImagePull", notFound)))),
			"container app cannot start: ImagePullBackOff: docker.io/library/nope:1: not found"},
		"no image, waiting": {aPod(with(container("app", 0, waits("ImagePullBackOff", `Back-off pulling image "nope:1": ErrImagePull: `+notFound)))),
			"container app cannot start: ImagePullBackOff: docker.io/library/nope:1: not found"},
		"no image, an old kubelet": {aPod(with(container("app", 0, waits("ImagePullBackOff", `Back-off pulling image "nope:1"`)))),
			"container app cannot start: ImagePullBackOff: nope:1"},
		"no image after a restart": {aPod(with(container("app", 1, waits("ErrImagePull", notFound), oom))),
			"container app cannot start: ImagePullBackOff: docker.io/library/nope:1: not found"},
		"no registry": {aPod(with(container("app", 0, waits("ErrImagePull", `failed to pull and unpack image "docker.io/library/nope:1": failed to resolve reference "docker.io/library/nope:1": failed to do request: Head "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: read udp 10.0.0.7:41234->10.96.0.10:53: i/o timeout`)))),
			`container app cannot start: ImagePullBackOff: nope:1: failed to do request: Head "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: read udp 10.96.0.10:53: i/o timeout`},
		"image that is never pulled": {aPod(with(container("app", 0, waits("ErrImageNeverPull", `Container image "nope:1" is not present with pull policy of Never`)))),
			`container app cannot start: ErrImageNeverPull: Container image "nope:1" is not present with pull policy of Never`},
		"image that is none": {aPod(with(container("app", 0, waits("InvalidImageName", `Failed to apply default image tag "A:b:c": invalid reference format`)))),
			`container app cannot start: InvalidImageName: Failed to apply default image tag "A:b:c": invalid reference format`},
		"no config": {aPod(with(container("app", 0, waits("CreateContainerConfigError", `configmap "settings" not found`)))),
			`container app cannot start: CreateContainerConfigError: configmap "settings" not found`},
		"cannot be created": {aPod(with(container("app", 0, waits("CreateContainerError", `failed to generate container "`+strings.Repeat("0f", 32)+`" spec: no command specified`)))),
			"container app cannot start: CreateContainerError: failed to generate container spec: no command specified"},
		"cannot be run":              {aPod(with(container("app", 0, waits("RunContainerError", "context deadline exceeded")))), "container app cannot start: RunContainerError: context deadline exceeded"},
		"waits for an unknown thing": {aPod(with(container("app", 0, waits("MoonNotFull", "")))), "container app cannot start: MoonNotFull"},

		"init crash loop": {aPod(withInit(container("setup", 2, waits("CrashLoopBackOff", backOff), failed)), with(container("app", 0, waits("PodInitializing", "")))),
			"init container setup keeps ending (CrashLoopBackOff): exit code 1"},
		"init without image": {aPod(withInit(container("setup", 0, waits("ImagePullBackOff", `Back-off pulling image "nope:1"`)))),
			"init container setup cannot start: ImagePullBackOff: nope:1"},
		"init runs": {aPod(withInit(container("setup", 0, runs())), with(container("app", 0, waits("PodInitializing", "")))), "init container setup has not finished"},
		"init is done": {aPod(withInit(container("setup", 1, ends(0, "Completed", ""), failed)), with(container("app", 0, runs()))),
			"container app runs, but is not ready: see its readiness probe"},
		"sidecar ended": {aPod(initSpec(corev1.Container{Name: "proxy", RestartPolicy: &always}), withInit(container("proxy", 1, ends(0, "Completed", "")))),
			"init container proxy keeps ending (CrashLoopBackOff): exit code 0"},
		"sidecar not ready": {aPod(initSpec(corev1.Container{Name: "proxy", RestartPolicy: &always}), withInit(container("proxy", 0, runs()))),
			"init container proxy runs, but is not ready: see its readiness probe"},

		"not ready":   {aPod(with(container("app", 0, runs()))), "container app runs, but is not ready: see its readiness probe"},
		"not started": {aPod(spec(corev1.Container{Name: "app", StartupProbe: &corev1.Probe{}}), with(container("app", 0, runs()))), "container app runs, but is not ready: see its startup probe"},
		"being created": {aPod(phase(corev1.PodPending, "", ""), with(container("app", 0, waits("ContainerCreating", "")))),
			"container app is being created: the events of its pod say what it waits for"},
		"gate": {aPod(func(p *corev1.Pod) {
			p.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "example.com/lb"}}
		},
			condition(corev1.ContainersReady, corev1.ConditionTrue, "", ""), with(ready(container("app", 0, runs())))),
			"pod waits for its readiness gate example.com/lb"},

		"no room": {aPod(phase(corev1.PodPending, "", ""), condition(corev1.PodScheduled, corev1.ConditionFalse, "Unschedulable",
			noRoom+" no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.")),
			"pod cannot be scheduled: 0/1 nodes are available: 1 Insufficient cpu"},
		"claim not bound": {aPod(of("StatefulSet", "db"), named("db-0"), condition(corev1.PodScheduled, corev1.ConditionFalse, "Unschedulable",
			"0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.")),
			"pod db-0 cannot be scheduled: 0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims"},
		"not scheduled yet": {aPod(phase(corev1.PodPending, "", ""), condition(corev1.PodScheduled, corev1.ConditionFalse, "SchedulerError", "x")), ""},
		"evicted": {aPod(phase(corev1.PodFailed, "Evicted", "The node was low on resource: memory. Threshold quantity: 100Mi, available: 52Ki. Container app was using 1Gi. "), with(container("app", 0, ends(137, "Error", "")))),
			"pod was evicted: The node was low on resource: memory"},
		"refused by the node": {aPod(phase(corev1.PodFailed, "NodeAffinity", "Pod was rejected: Predicate NodeAffinity failed")),
			"pod failed: NodeAffinity: Pod was rejected: Predicate NodeAffinity failed"},
		"failed without a word": {aPod(phase(corev1.PodFailed, "", "")), "pod failed"},

		"stateful": {aPod(of("StatefulSet", "db"), named("db-1"), with(container("app", 1, waits("CrashLoopBackOff", backOff), oom))),
			"pod db-1: container app keeps ending (CrashLoopBackOff): OOMKilled, exit code 137"},

		"job failed":   {aPod(of("Job", "init"), restarts(corev1.RestartPolicyNever), phase(corev1.PodFailed, "", ""), with(container("app", 0, ends(2, "Error", "bad flag")))), "container app ended: exit code 2: bad flag"},
		"job runs":     {aPod(of("Job", "init"), with(container("app", 0, runs()))), ""},
		"job retries":  {aPod(of("Job", "init"), restarts(corev1.RestartPolicyOnFailure), with(container("app", 1, runs(), failed))), "container app keeps ending (CrashLoopBackOff): exit code 1"},
		"job is stuck": {aPod(of("Job", "init"), with(container("app", 0, waits("ErrImagePull", notFound)))), "container app cannot start: ImagePullBackOff: docker.io/library/nope:1: not found"},
		"job is half done": {aPod(of("Job", "init"), restarts(corev1.RestartPolicyNever),
			with(container("app", 0, ends(0, "Completed", "")), ready(container("proxy", 0, runs())))), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, judge(test.pod).String()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestJudgeTakesTheWorst goes down the order of severity: of each two neighbours the
// first is told, wherever it stands.
func TestJudgeTakesTheWorst(t *testing.T) {
	pods := []*corev1.Pod{
		aPod(with(container("c", 1, runs(), ends(1, "", "")))),
		aPod(with(container("d", 1, runs(), ends(1, "", "")))),
		aPod(with(container("b", 0, ends(1, "", "")))),
		aPod(with(container("a", 0, waits("ErrImagePull", "x")))),
		aPod(with(container("a", 0, waits("InvalidImageName", "x")))),
		aPod(condition(corev1.PodScheduled, corev1.ConditionFalse, "Unschedulable", noRoom)),
		aPod(with(container("a", 0, runs()))),
		aPod(phase(corev1.PodFailed, "Evicted", "memory")),
		aPod(condition(corev1.PodReady, corev1.ConditionTrue, "", "")),
	}
	for i := range pods[1:] {
		first, second := judge(pods[i]), judge(pods[i+1])
		if worst(first, second) != first || worst(second, first) != first {
			t.Errorf("%q must come before %q", first, second)
		}
	}
	both := aPod(with(container("a", 0, runs()), container("b", 1, waits("CrashLoopBackOff", backOff), ends(1, "", "")), ready(container("c", 9, runs()))))
	if got, want := judge(both).String(), "container b keeps ending (CrashLoopBackOff): exit code 1"; got != want {
		t.Errorf("of two containers %q is told, want %q", got, want)
	}
}

// TestJudgeIsStable follows containers round the cycles in which the kubelet shows
// them: after the first step, the sentence is the same in each.
func TestJudgeIsStable(t *testing.T) {
	oom := ends(137, "OOMKilled", "")
	startError := ends(128, "StartError", "exec: no such file")
	logAt := func(clock string) corev1.ContainerState {
		return ends(1, "Error", "E0719 "+clock+".123456       1 main.go:7] no credentials\ntime=\"2026-07-19T"+clock+"+02:00\" level=fatal {\"ts\":1784.5,\"msg\":\"bye\"}")
	}
	pullAt := func(port string) string {
		return `failed to pull and unpack image "r.example.com/x:1": failed to resolve reference "r.example.com/x:1": failed to do request: read tcp [fd00::7]:` + port + `->[fd00::1]:443: connection reset`
	}
	tests := map[string][]corev1.ContainerStatus{
		"out of memory": {
			container("app", 1, runs(), oom), container("app", 1, oom, oom), container("app", 1, waits("CrashLoopBackOff", "back-off 10s"), oom),
			container("app", 2, runs(), oom), container("app", 2, oom, oom), container("app", 2, waits("CrashLoopBackOff", "back-off 20s"), oom),
			container("app", 2, waits("ContainerCreating", ""), oom),
		},
		"never runs": {
			container("app", 0, waits("CrashLoopBackOff", "back-off 10s"), startError), container("app", 1, waits("RunContainerError", "x"), startError),
			container("app", 1, startError, startError), container("app", 1, waits("CrashLoopBackOff", "back-off 20s"), startError),
		},
		"logs with times": {
			container("app", 1, logAt("12:34:56")), container("app", 1, waits("CrashLoopBackOff", ""), logAt("12:34:56")), container("app", 2, logAt("12:35:07")),
		},
		"image": {
			container("app", 0, waits("ErrImagePull", notFound)), container("app", 0, waits("ImagePullBackOff", `Back-off pulling image "nope:1": ErrImagePull: `+notFound)),
		},
		"registry": {
			container("app", 0, waits("ErrImagePull", pullAt("40001"))), container("app", 0, waits("ImagePullBackOff", `Back-off pulling image "r.example.com/x:1": ErrImagePull: `+pullAt("40001"))),
			container("app", 0, waits("RegistryUnavailable", pullAt("40002"))),
		},
	}
	for name, cycle := range tests {
		t.Run(name, func(t *testing.T) {
			want := judge(aPod(with(cycle[0]))).String()
			if want == "" {
				t.Fatal("nothing is told")
			}
			for i, s := range cycle {
				if got := judge(aPod(with(s))).String(); got != want {
					t.Errorf("step %d says\n%s\nand not\n%s", i, got, want)
				}
			}
		})
	}
}

// TestJudgeForgets: a restart that is long over, or that was the node's, is no crash
// loop, whatever else keeps the container from being ready.
func TestJudgeForgets(t *testing.T) {
	endedAt := func(at time.Time, reason string) corev1.ContainerState {
		state := ends(137, reason, "")
		state.Terminated.FinishedAt = metav1.NewTime(at)
		return state
	}
	now := time.Now()
	for name, tc := range map[string]struct {
		end  corev1.ContainerState
		want string
	}{
		"a moment ago":  {endedAt(now.Add(-time.Minute), "OOMKilled"), "container app keeps ending (CrashLoopBackOff): OOMKilled, exit code 137"},
		"last week":     {endedAt(now.Add(-7*24*time.Hour), "OOMKilled"), "container app runs, but is not ready: see its readiness probe"},
		"with the node": {endedAt(now, "Unknown"), "container app runs, but is not ready: see its readiness probe"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := judge(aPod(with(container("app", 1, runs(), tc.end)))).String(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestShort(t *testing.T) {
	tests := map[string]struct{ message, want string }{
		"one line":     {" a\r\n\tb\x1b c ", "a b c"},
		"just short":   {strings.Repeat("x", 200), strings.Repeat("x", 200)},
		"long":         {strings.Repeat("word ", 41), strings.TrimSpace(strings.Repeat("word ", 39)) + "…"},
		"no half word": {"the password is " + strings.Repeat("é", 120), "the password is…"},
		"digest stays": {"r/x@sha256:" + strings.Repeat("0f", 32), "r/x@sha256:" + strings.Repeat("0f", 32)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, short(test.message)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestLastLines(t *testing.T) {
	long := strings.Repeat("x", 150)
	tests := map[string]struct{ message, want string }{
		"empty":        {"\n", ""},
		"one":          {"a", "a"},
		"all":          {"a\nb\n", "a\nb"},
		"only the end": {long + "\n" + long + "\nend\n", long + "\nend"},
		"one long":     {"a\n" + long + long, long + long},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, lastLines(test.message)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestWorkloadsOf(t *testing.T) {
	tests := map[string]struct {
		pod  *corev1.Pod
		want []Workload
	}{
		"nobody's":                  {aPod(), nil},
		"a Deployment's":            {aPod(ofDeployment("web")), []Workload{{"ReplicaSet", "shop", "web-5d9c7"}, {"Deployment", "shop", "web"}}},
		"a ReplicaSet's":            {aPod(of("ReplicaSet", "web-5d9c7")), []Workload{{"ReplicaSet", "shop", "web-5d9c7"}}},
		"a Job's":                   {aPod(of("Job", "init")), []Workload{{"Job", "shop", "init"}}},
		"not a controller's":        {aPod(of("Job", "init"), func(p *corev1.Pod) { p.OwnerReferences[0].Controller = nil }), nil},
		"a DaemonSet's with a hash": {aPod(ofDeployment("web"), of("DaemonSet", "web-5d9c7")), []Workload{{"DaemonSet", "shop", "web-5d9c7"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, workloadsOf(test.pod)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
