// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/test/bench/measure"
)

// TestBundle: what is measured is a bundle that resolves, in two layers, no two
// releases with the same values.
func TestBundle(t *testing.T) {
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, i := range []int{0, 499} {
		b, err := bundle(i, &options{replicas: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, trouble := resolve.Resolve(b.Spec, "", catalogs); trouble != nil {
			t.Fatalf("%s cannot be resolved: %v", b.Name, trouble)
		}
		var edges []string
		for _, c := range b.Spec.Components {
			if c.Namespace != b.Name {
				t.Errorf("%s goes to the namespace %s", c.Name, c.Namespace)
			}
			name := b.Name + "/" + c.Name
			if twin := values[string(c.Values.Raw)]; twin != "" {
				t.Errorf("%s and %s have the same values %s", twin, name, c.Values.Raw)
			}
			values[string(c.Values.Raw)] = name
			for _, d := range c.DependsOn {
				edges = append(edges, c.Name+" "+d)
			}
		}
		want := []string{"app-5 app-0", "app-6 app-1", "app-7 app-2", "app-8 app-3", "app-9 app-4"}
		if diff := cmp.Diff(want, edges); diff != "" || len(b.Spec.Components) != perBundle {
			t.Errorf("%d components, edges: %s", len(b.Spec.Components), diff)
		}
	}
}

func TestWriteChart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mirror")
	if err := writeChart(dir); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, chartName+"-"+chartVersion+".tgz")); err != nil || info.Size() == 0 {
		t.Errorf("the mirror's archive: %v", err)
	}
}

// TestDamages: each one spoils what the chart makes, is seen to be there, and is
// seen to be gone. Otherwise drift would be healed at once, or never.
func TestDamages(t *testing.T) {
	no := false
	wanted := map[string]client.Object{
		"ConfigMap":      &corev1.ConfigMap{Data: map[string]string{"message": "hello"}},
		"Service":        &corev1.Service{Spec: corev1.ServiceSpec{Selector: map[string]string{"app.kubernetes.io/instance": "app-0"}}},
		"ServiceAccount": &corev1.ServiceAccount{AutomountServiceAccountToken: &no},
		"Deployment": &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "pause"}}},
		}}},
	}
	seen := map[string]bool{}
	for _, d := range damages() {
		kind := strings.TrimPrefix(strings.TrimPrefix(fmt.Sprintf("%T", d.object()), "*v1."), "v1.")
		if list := fmt.Sprintf("%T", d.list()); list != "*v1."+kind+"List" {
			t.Errorf("%s: an object of kind %s is watched as %s", d.name, kind, list)
		}
		if d.patch == "" {
			continue
		}
		seen[kind] = true
		object := wanted[kind]
		if !d.healed(object) {
			t.Errorf("%s: what the chart makes counts as spoilt", d.name)
		}
		before, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		after, err := strategicpatch.StrategicMergePatch(before, []byte(d.patch), object)
		if err != nil {
			t.Fatal(err)
		}
		spoilt := d.object()
		if err := json.Unmarshal(after, spoilt); err != nil {
			t.Fatal(err)
		}
		if d.healed(spoilt) {
			t.Errorf("%s: what was spoilt counts as healed: %s", d.name, after)
		}
	}
	if len(seen) != len(wanted) {
		t.Errorf("of the chart's kinds only %v are changed", seen)
	}
}

func TestTally(t *testing.T) {
	state := func(name, ready string, status metav1.ConditionStatus, observed int64) *v1alpha1.PlatformBundle {
		b := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 2}}
		b.Status.Ready, b.Status.ObservedGeneration = ready, observed
		b.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: status}}
		return b
	}
	tl := &tally{ready: map[string]int{}, done: map[string]bool{}}
	for i, step := range []struct {
		b                 *v1alpha1.PlatformBundle
		releases, bundles int64
	}{
		{&v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "a", Generation: 2}}, 0, 0},
		{state("a", "3/10", metav1.ConditionFalse, 2), 3, 0},
		{state("b", "10/10", metav1.ConditionTrue, 1), 13, 0}, // at another spec
		{state("a", "10/10", metav1.ConditionTrue, 2), 20, 1},
		{state("b", "10/10", metav1.ConditionTrue, 2), 20, 2},
		{state("b", "9/10", metav1.ConditionFalse, 2), 19, 1}, // a step back
	} {
		tl.observe(step.b)
		if tl.releases.Load() != step.releases || tl.bundles.Load() != step.bundles || len(tl.done) != int(step.bundles) {
			t.Errorf("step %d: %d releases, %d bundles; want %d, %d", i, tl.releases.Load(), tl.bundles.Load(), step.releases, step.bundles)
		}
	}
}

func TestParseHeap(t *testing.T) {
	got, err := parseHeap(strings.NewReader("heap profile: 1: 2 [3: 4] @ heap/1048576\n\n# runtime.MemStats\n# Alloc = 7\n# HeapAlloc = 123456\n# HeapInuse = 9\n"))
	if err != nil || got != 123456 {
		t.Errorf("got %g, %v", got, err)
	}
	if got, err := parseHeap(strings.NewReader("heap profile:\n")); err == nil {
		t.Errorf("a profile without the figure gives %g", got)
	}
}

func TestParseFlags(t *testing.T) {
	var out bytes.Buffer
	for _, test := range []struct {
		args string
		want []int
	}{
		{"", []int{20}}, {"-bundles 3", []int{3}}, {"-curve 500,20,100", []int{20, 100, 500}}, {"-curve 5 -bundles 3", []int{5}},
	} {
		o, err := parseFlags(strings.Fields(test.args), &out)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(o.sizes, test.want) {
			t.Errorf("%q: %v, want %v", test.args, o.sizes, test.want)
		}
	}
	for _, args := range []string{"-bundles 0", "-curve 20,x", "-curve 20,", "-nonsense", "20"} {
		if o, err := parseFlags(strings.Fields(args), &out); err == nil {
			t.Errorf("%q: sizes %v", args, o.sizes)
		}
	}
}

// sample is a result of n bundles with figures that grow in known ways.
func sample(n float64) Result {
	r := Result{Bundles: int(n), Releases: int(n) * perBundle, CPUs: 2, Load: "0.10 0.20 0.30", Done: []string{"start", "install", "quiet"}}
	releases := float64(r.Releases)
	r.Install.Seconds = releases / 10
	r.Install.CPU = map[string]float64{"operator": releases * releases / 1e4, "kube-apiserver": releases * 0.1, "etcd": 1, "kwok": 2, "bench": 1}
	r.Install.Requests = map[string]float64{"GET": 4 * releases, "POST": 6 * releases}
	r.Install.Everybody = map[string]float64{"LIST secrets": 5 * releases, "POST events": 2 * releases, "PATCH events": 2 * releases}
	r.Empty, r.Idle = Idle{Heap: 1e6}, Idle{Heap: 1e6 + 40e3*releases}
	r.Idle.Memory.RSS = 90e6 + uint64(80e3*releases)
	r.Install.Peak.RSS, r.Install.Highest = 100<<20, 120<<20
	return r
}

func TestFigures(t *testing.T) {
	from, to := sample(20), sample(100)
	for name, want := range map[string]struct {
		value  string
		growth string
	}{
		"releases":                           {"1000", ""},
		"installed in [s]":                   {"100.0", "1.00"},
		"releases/s":                         {"10.0", "0.00"},
		"operator CPU-ms/release":            {"100.0", "1.00!"}, // the square of the releases in all
		"kube-apiserver CPU-ms/release":      {"100.0", "0.00"},
		"etcd CPU-ms/release":                {"1.0", "-1.00"},
		"rest of the cluster CPU-ms/release": {"2.0", "-1.00"},
		"peak RSS [MiB]":                     {"120", "0.00"},
		"idle heap/release [kB]":             {"40.0", "0.00"},
		"requests/release":                   {"10.0", "0.00"},
		"  POST/release":                     {"6.00", "0.00"},
		"  DELETE/release":                   {"0.00", ""},
		"drift healed p99 [ms]":              {"-", ""}, // was not reached
	} {
		at := slices.IndexFunc(figures(), func(f figure) bool { return f.name == name })
		if at < 0 {
			t.Errorf("there is no row %q", name)
			continue
		}
		f := figures()[at]
		if value, growth := f.text(to), f.grown(from, to); value != want.value || growth != want.growth {
			t.Errorf("%s: %s, growth %q; want %s, %q", name, value, growth, want.value, want.growth)
		}
	}
	for _, test := range []struct {
		growth   growth
		exponent float64
		want     bool
	}{
		{total, 1.09, false}, {total, 1.11, true}, {each, 0.09, false}, {each, 0.11, true},
		{rate, -0.09, false}, {rate, -0.11, true}, {rate, 2, false}, {fact, 9, false},
	} {
		if got := (figure{growth: test.growth}).superlinear(test.exponent); got != test.want {
			t.Errorf("growth %d with exponent %g: superlinear is %v", test.growth, test.exponent, got)
		}
	}
}

func TestPrintTable(t *testing.T) {
	broken := sample(100)
	broken.Error = "100 bundles: drift: for a reason"
	var out bytes.Buffer
	if err := printTable(&out, []Result{sample(20), broken}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if got := strings.Fields(lines[0]); !slices.Equal(got, []string{"bundles", "20", "growth", "100"}) {
		t.Errorf("header %v", got)
	}
	for _, want := range []string{"memory of each release between 200 and 1000, idle: 80.0 kB resident, 40.0 kB of heap", "100 bundles: 0 pods a release, Services with addresses, 2 CPUs, load before: 0.10 0.20 0.30; did not finish: 100 bundles: drift: for a reason"} {
		if !slices.Contains(lines, want) {
			t.Errorf("no line %q in\n%s", want, out.String())
		}
	}
	if len(lines) != 1+len(figures())+1+2+1 {
		t.Errorf("%d lines", len(lines))
	}
	if got := marginal(Result{Releases: 200}, sample(100)); !strings.HasSuffix(got, "not measured") {
		t.Errorf("of a size that did not get there: %s", got)
	}
	out.Reset()
	printDetails(&out, []Result{sample(20)})
	want := "installation, for each release\n      5.00  LIST secrets\n      2.00  PATCH events\n      2.00  POST events\n"
	if !strings.Contains(out.String(), want) {
		t.Errorf("got %s", out.String())
	}
}

func TestNamed(t *testing.T) {
	got := named(measure.Counters{Requests: map[measure.Request]float64{
		{Verb: "PATCH", Resource: "pods", Subresource: "status"}: 2, {Verb: "PUT", Resource: "leases"}: 9, {Verb: "GET"}: 7,
	}})
	if diff := cmp.Diff(map[string]float64{"PATCH pods/status": 2}, got); diff != "" {
		t.Error(diff)
	}
	if got := writes(map[string]float64{"GET": 100, "POST": 1, "PUT": 2, "PATCH": 4, "DELETE": 8}); got != 15 {
		t.Errorf("%g writes", got)
	}
}

// TestDrawAll: what did not finish is not drawn, and without any data nothing is.
func TestDrawAll(t *testing.T) {
	data, dir := filepath.Join(t.TempDir(), dataFile), filepath.Join(t.TempDir(), "performance")
	broken := sample(500)
	broken.Error = "out of time"
	if err := save(data, []Result{sample(20), sample(100), broken}); err != nil {
		t.Fatal(err)
	}
	written, err := drawAll(data, dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range written {
		names = append(names, filepath.Base(path))
		svg, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(svg, []byte(">1,000<")) || bytes.Contains(svg, []byte("5,000<")) {
			t.Errorf("%s shows another set of sizes", path)
		}
	}
	if diff := cmp.Diff([]string{"throughput.svg", "cpu.svg", "memory.svg", "latency.svg", "restart.svg"}, names); diff != "" {
		t.Error(diff)
	}
	if err := save(data, []Result{broken}); err != nil {
		t.Fatal(err)
	}
	if _, err := drawAll(data, dir); err == nil || !strings.Contains(err.Error(), "no size has finished") {
		t.Errorf("nothing has finished: %v", err)
	}
	if _, err := drawAll(filepath.Join(dir, "absent.json"), dir); err == nil || !strings.Contains(err.Error(), "-curve") {
		t.Errorf("no data: %v", err)
	}
}

// TestLatency: a pass that no bucket separates is reported within its bucket.
func TestLatency(t *testing.T) {
	page, err := measure.ParseMetrics(strings.NewReader(`controller_runtime_reconcile_time_seconds_bucket{controller="platformbundle",le="0.005"} 50
controller_runtime_reconcile_time_seconds_bucket{controller="platformbundle",le="0.01"} 100
controller_runtime_reconcile_time_seconds_bucket{controller="platformbundle",le="+Inf"} 100
controller_runtime_reconcile_time_seconds_sum{controller="platformbundle"} 0.4
controller_runtime_reconcile_time_seconds_count{controller="platformbundle"} 100
rest_client_requests_total{code="200",host="h",method="GET"} 3
rest_client_requests_total{code="404",host="h",method="GET"} 1
`), operatorMetrics...)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Latency{"platformbundle": {Count: 100, Mean: 0.004, P50: 0.005, P99: 0.0099}, "componentrelease": {}}
	approximately := cmp.Comparer(func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 })
	if diff := cmp.Diff(want, passes(page), approximately); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]float64{"GET": 4}, requests(page)); diff != "" {
		t.Error(diff)
	}
}

// TestReport: progress is told until it is stopped.
func TestReport(t *testing.T) {
	r := &run{bundles: 1}
	r.say(func() string { return "at work" })
	reader, writer := io.Pipe()
	stop := r.report(writer, time.Millisecond)
	lines := bufio.NewScanner(reader)
	for range 2 {
		if !lines.Scan() || !strings.HasSuffix(lines.Text(), "1 bundles: at work") {
			t.Errorf("it said %q, %v", lines.Text(), lines.Err())
		}
	}
	if err := reader.Close(); err != nil { // or it would wait for somebody to listen
		t.Error(err)
	}
	stop()
}
