// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/plan"
)

var update = flag.Bool("update", false, "rewrite the golden files of the traces")

// trace is a simulated run. Its script is one step a line:
//
//	want NAME@VERSION [after DEPS] [brings CRDS] [uses CRDS]   lists are parted by commas
//	drop NAMES        take components off the list
//	bad NAME          give a component a value that its chart refuses
//	EVENT NAMES       established, ready, unready, gone, cured, in any order
//	everything        all that is under way ends, round after round, until the world is at rest
//	commit            the steps before were one edit of the bundle; plan now
//
// A want, drop or bad is part of an edit; events are planned after at once.
var traces = map[string]string{
	"install-week1":    week1 + "commit\neverything",
	"upgrade-a-middle": week1 + "quietly\nwant loki@2 brings lokis uses servicemonitors\nwant grafana@2 after loki,prometheus\ncommit\nunready prometheus\nestablished lokis\nready loki\nready prometheus\neverything",
	"remove-two":       week1 + "quietly\ndrop grafana,loki\ncommit\ngone grafana\ngone loki\neverything",
	"held-generation":  week1 + "quietly\nwant velero@2 brings backups\nwant argo-cd@2 after ingress-nginx\ndrop jaeger\nbad argo-cd\ncommit\nunready loki\ncured argo-cd\neverything",
	"teardown":         week1 + "quietly\ndrop argo-cd,cert-manager,external-dns,gatekeeper,grafana,ingress-nginx,jaeger,kyverno,loki,prometheus,strimzi,velero\ncommit\neverything",
	"wanted-again":     week1 + "quietly\ndrop grafana\ncommit\nwant grafana@1 after loki,prometheus\ncommit\neverything",
}

const week1 = `want cert-manager@1 brings certificates,issuers uses servicemonitors
want prometheus@1 after cert-manager brings prometheuses,servicemonitors uses servicemonitors
want ingress-nginx@1 after cert-manager uses servicemonitors
want external-dns@1 after ingress-nginx
want argo-cd@1 after ingress-nginx brings applications
want gatekeeper@1 brings constrainttemplates
want kyverno@1 brings policies
want velero@1 brings backups
want loki@1 uses servicemonitors
want grafana@1 after loki,prometheus
want jaeger@1 after cert-manager brings jaegers uses certificates
want strimzi@1 brings kafkas
`

// tracer runs a script and writes one line a step.
type tracer struct {
	*world
	t       *testing.T
	random  *rand.Rand
	lines   []string
	waiting map[string]string
	silent  bool
}

// TestTraces: what the planner does, step by step, is in testdata for people to
// read. Neither the order of lists nor the order in which things of one step
// happen makes a difference, so several seeds give the same trace.
func TestTraces(t *testing.T) {
	for name, script := range traces {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", name+".golden")
			for seed := range uint64(8) {
				got := run(t, script, seed)
				if *update && seed == 0 {
					if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatalf("%v; run the test with -update to write it", err)
				}
				if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
					t.Fatalf("seed %d: the trace differs; look at it, then run with -update (-want +got)\n%s", seed, diff)
				}
			}
		})
	}
}

func run(t *testing.T, script string, seed uint64) string {
	t.Helper()
	tr := &tracer{world: newWorld(), t: t, random: rand.New(rand.NewPCG(seed, 1)), waiting: map[string]string{}}
	for line := range strings.Lines(script) {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch verb {
		case "want":
			tr.want(rest)
		case "drop":
			for name := range strings.SplitSeq(rest, ",") {
				delete(tr.wanted, name)
			}
			tr.note(line)
		case "bad":
			tr.wanted[rest].trouble = failure.Terminal(v1alpha1.ReasonValuesInvalid, "no good")
			tr.note(line)
		case "commit":
			tr.plan("commit")
		case "quietly":
			tr.silent = true
			tr.plan("")
			tr.everything()
			tr.silent = false
			tr.lines = []string{"everything of the week-1 bundle is Ready"}
		case "everything":
			tr.everything()
		default:
			tr.all(verb, strings.Split(rest, ","))
		}
	}
	return strings.Join(tr.lines, "\n") + "\n"
}

func (tr *tracer) note(line string) {
	if !tr.silent {
		tr.lines = append(tr.lines, strings.TrimSpace(line))
	}
}

func (tr *tracer) want(rest string) {
	words := strings.Fields(rest)
	name, version, _ := strings.Cut(words[0], "@")
	c := &want{version: int(version[0] - '0')}
	for i := 1; i+1 < len(words); i += 2 {
		list := strings.Split(words[i+1], ",")
		switch words[i] {
		case "after":
			c.deps = list
		case "brings":
			c.crds = list
		case "uses":
			c.uses = list
		}
	}
	tr.wanted[name] = c
	tr.note("want " + rest)
}

// all lets one thing happen to several, in random order, and plans after that.
func (tr *tracer) all(what string, names []string) {
	tr.random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names {
		tr.happen(tr.t, what+" "+name)
	}
	slices.Sort(names)
	tr.plan(what + " " + strings.Join(names, ","))
}

// everything ends what is under way: definitions first, then releases.
func (tr *tracer) everything() {
	for events := tr.events(); len(events) > 0; events = tr.events() {
		what, _, _ := strings.Cut(events[0], " ")
		var names []string
		for _, event := range events {
			if name, same := strings.CutPrefix(event, what+" "); same {
				names = append(names, name)
			}
		}
		tr.all(what, names)
	}
	if p := plan.Bundle(tr.input(tr.random.Shuffle)); !p.Empty() {
		tr.t.Fatalf("nothing happens any more, but the plan is not empty: %+v", p)
	}
	tr.note("at rest")
}

// plan plans until there is nothing to do and writes what was done to one line.
func (tr *tracer) plan(step string) {
	line := step
	for range 10 {
		in := tr.input(tr.random.Shuffle)
		p := plan.Bundle(in)
		tr.apply(tr.t, in, p)
		line += describe(p)
		if p.Empty() {
			tr.note(line + tr.waits(p))
			return
		}
	}
	tr.t.Fatalf("the plan does not come to rest after %q", step)
}

func describe(p plan.Plan) string {
	var crds []string
	for _, r := range p.EnsureCRDs {
		crds = append(crds, r.Name)
	}
	out := ""
	for _, part := range []struct {
		what  string
		names []string
	}{{"send", crds}, {"start", p.Approve}, {"remove", p.Remove}, {"forget", p.Forget}} {
		if len(part.names) > 0 {
			out += fmt.Sprintf(" | %s %s", part.what, strings.Join(part.names, ","))
		}
	}
	return out
}

// waits writes the waits that are new or have changed.
func (tr *tracer) waits(p plan.Plan) string {
	var out []string
	now := map[string]string{}
	for _, name := range sorted(p.Waits) {
		now[name] = fmt.Sprintf("%s %s(%s)", name, p.Waits[name].Reason, strings.Join(p.Waits[name].On, ","))
		if tr.waiting[name] != now[name] {
			out = append(out, now[name])
		}
	}
	tr.waiting = now
	if len(out) == 0 {
		return ""
	}
	return " | waits: " + strings.Join(out, " ")
}
