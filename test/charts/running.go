// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"fmt"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
)

// runningValues are the values of every running chart.
//
//	image                    repository and tag of the image of test/realnode/standin
//	replicas                 pods of the workload
//	progressDeadlineSeconds  of the Deployment
//	extraArgs                more arguments for the workload's program
const runningValues = `image: {repository: realnode.local/standin, tag: "1"}
replicas: 1
progressDeadlineSeconds: 60
extraArgs: []
`

// running is a chart that really runs, in all its versions, oldest first.
type running struct {
	name     string
	versions []string
	// values follow runningValues.
	values string
	// write adds the templates of one version.
	write func(r *runningBuilder)
}

// runningBuilder collects the files of one version.
type runningBuilder struct {
	*builder
	version string
}

// RunningCharts makes the charts whose pods really run, in all their versions: for a real node, where the image of test/realnode/standin
// is loaded. They are sorted by name and version. All take the values of runningValues, and every pod keeps to the restricted pod
// security standard. The objects are called "<release>" where that contains the chart's name, and "<release>-<chart>" otherwise.
//
//	slow 1.0.0            ready after startAfter (3s)
//	hooked 1.0.0, 1.1.0   a post-install,post-upgrade Job that asks the chart's own Service, hookRetries (0) times again; startAfter (2s)
//	flaky 1.0.0           a pre-install Job that fails failures (2) times, by the counter (a URL, required), and then works
//	guard 1.0.0, 1.1.0    a fail-closed webhook, served by its pod, for ConfigMaps with the label standin.groundwork.dev/guarded=true
//	kyverno 3.9.0         registers fail-closed webhooks at run time and leaves them behind: see engine in its values
//	convert 1.0.0, 1.1.0  the CRD gadgets.standin.groundwork.dev with v1 and v1beta1, which its pod converts; 1.0.0 stores v1beta1, 1.1.0 v1
//	crash 1.0.0 to 1.2.0  1.1.0 crashes in a loop
//	greedy 1.0.0, 1.1.0   1.1.0 is killed because it needs more memory than its limit
//	stateful 1.0.0, 1.1.0 a StatefulSet with a claim that counts its starts at /starts
//	widgets 1.0.0         the CRD widgets.standin.groundwork.dev, whose objects carry a finalizer that only its controller removes,
//	                      cleanupAfter (0s) their deletion
//
// The charts are the caller's, as those of Build are.
func RunningCharts() ([]*helmchart.Chart, error) {
	var out []*helmchart.Chart
	for _, r := range slices.Concat(runningWorkloads(), runningHooks(), runningWebhooks(), runningKinds()) {
		for _, version := range r.versions {
			c, err := r.build(version)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b *helmchart.Chart) int { return strings.Compare(a.Name(), b.Name()) })
	return out, nil
}

func (r running) build(version string) (*helmchart.Chart, error) {
	b := &runningBuilder{version: version, builder: &builder{
		shape: Shape{Name: r.name, Base: r.name}, scale: 1,
		files: map[string]string{
			"Chart.yaml": fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\nappVersion: %q\ntype: application\n"+
				"description: A stand-in for tests that really runs.\n", r.name, version, version),
			"values.yaml":            runningValues + r.values,
			"templates/_helpers.tpl": baseHelpers(r.name),
		},
	}}
	r.write(b)
	b.addServices()
	return load(r.name, b.files)
}

// runningWorkloads are those of which only the pods matter.
func runningWorkloads() []running {
	return []running{
		{
			name: "slow", versions: []string{"1.0.0"}, values: "startAfter: 3s\n",
			write: func(r *runningBuilder) {
				r.deployment(pod{mode: "serve", args: []string{startAfter}})
				r.service("http:8080")
			},
		},
		{
			name: "crash", versions: []string{"1.0.0", "1.1.0", "1.2.0"},
			write: func(r *runningBuilder) {
				p := pod{mode: "serve"}
				if r.version == "1.1.0" {
					p.args = []string{"--crash"}
				}
				r.deployment(p)
				r.service("http:8080")
			},
		},
		{
			name: "greedy", versions: []string{"1.0.0", "1.1.0"},
			write: func(r *runningBuilder) {
				p := pod{mode: "serve", memory: "48Mi"}
				if r.version == "1.1.0" {
					p.args = []string{"--eat-memory"}
				}
				r.deployment(p)
				r.service("http:8080")
			},
		},
		{
			name: "stateful", versions: []string{"1.0.0", "1.1.0"},
			write: func(r *runningBuilder) {
				r.statefulSet(pod{mode: "serve", args: []string{"--data-dir=/data"}, mount: "data:/data"}, "data", "64Mi")
				r.service("http:8080")
				r.shape.Services = append(r.shape.Services, Service{Name: "@-headless", Selects: "@", Ports: "http:8080", Headless: true})
			},
		},
	}
}

// startAfter is the argument of a program that takes its time, by the value of that name.
const startAfter = "--start-after={{ $.Values.startAfter }}"
