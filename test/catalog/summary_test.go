// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// recordLimit is how much data the API server takes in one Secret, and recordAlarm
// how much of it a release may use: values of users come on top.
const (
	recordLimit = 1 << 20
	recordAlarm = recordLimit * 9 / 10
)

// sizeStep rounds the size of records in summaries.
const sizeStep = 10 << 10

// runtimeKinds are groups whose kinds a component makes while it runs.
var runtimeKinds = map[string]string{"constraints.gatekeeper.sh": "gatekeeper"}

// providers says which components of a catalog bring a kind, sorted.
type providers map[schema.GroupVersionKind][]string

func (p providers) learn(c component) {
	for _, definition := range c.CRDs {
		for _, gvk := range definition.Kinds() {
			if !slices.Contains(p[gvk], c.Name) {
				p[gvk] = append(p[gvk], c.Name)
				slices.Sort(p[gvk])
			}
		}
	}
}

// of says who provides a kind; ok is false when nobody does.
func (p providers) of(gvk schema.GroupVersionKind) (names []string, ok bool) {
	if maker, known := runtimeKinds[gvk.Group]; known {
		return []string{maker}, true
	}
	names, ok = p[gvk]
	return names, ok
}

// usedKinds are those of objects, hooks and follow-ups, each once, sorted.
func (c component) usedKinds() []schema.GroupVersionKind {
	var out []schema.GroupVersionKind
	for _, object := range slices.Concat(c.record.all(), c.followUps) {
		out = append(out, object.GroupVersionKind())
	}
	slices.SortFunc(out, func(a, b schema.GroupVersionKind) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(out)
}

// judge says what is wrong with one component, the same twice rendered. served tells
// the API server's own kinds.
func judge(once, again component, served func(string) bool, known providers) []string {
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if once.digest != again.digest {
		problem("the inputs are not the same each time: digest %s, then %s", once.digest, again.digest)
	}
	_, names := differences(once.record, again.record)
	if len(names) > 0 {
		problem("the objects are not the same each time: %s", strings.Join(names, ", "))
	} else {
		problems = append(problems, once.unchecked()...)
	}
	if once.record.size > recordAlarm {
		problem("the release record has %d KB, which is over 90 %% of the %d KB that a Secret holds", once.record.size>>10, recordLimit>>10)
	}
	if len(once.record.objects)+len(once.CRDs)+len(once.followUps) == 0 {
		problem("nothing is rendered")
	}
	_, without := imagesOf(once.record.all())
	problems = append(problems, without...)
	for _, gvk := range once.usedKinds() {
		if served(apiVersionKind(gvk)) {
			continue
		}
		if _, ok := known.of(gvk); !ok {
			problem("nobody provides %s: neither Kubernetes nor a component of the catalog", apiVersionKind(gvk))
		}
	}
	return problems
}

// unchecked are objects that Helm would install and the operator's render did not see,
// or the other way round.
func (c component) unchecked() []string {
	installed, checked := map[string]int{}, map[string]int{}
	for _, object := range c.record.objects {
		installed[kindAndName(object.GroupVersionKind(), object.GetName())]++
	}
	for _, object := range c.Objects {
		checked[kindAndName(object.GroupVersionKind, object.Name)]++
	}
	var problems []string
	for _, key := range sortedKeys(installed, checked) {
		if installed[key] != checked[key] {
			problems = append(problems, fmt.Sprintf("%s is checked %d times and installed %d times", key, checked[key], installed[key]))
		}
	}
	return problems
}

func kindAndName(gvk schema.GroupVersionKind, name string) string {
	return gvk.GroupKind().String() + " " + name
}

func apiVersionKind(gvk schema.GroupVersionKind) string {
	return gvk.GroupVersion().String() + "/" + gvk.Kind
}

// summary is the text that is compared with the one in testdata. before is that text:
// it decides how a size between two steps is rounded, so that chance does not.
func summary(c, again component, with []string, served func(string) bool, known providers, before string) string {
	var out strings.Builder
	line := func(key, format string, args ...any) {
		fmt.Fprintf(&out, "%-12s %s\n", key, fmt.Sprintf(format, args...))
	}
	kubernetes := c.record.kubeVersion
	if kubernetes == "" {
		kubernetes = "any version"
	}
	line("chart", "%s %s from %s", c.ChartName, c.Chart.Version, c.Repository)
	line("kubernetes", "%s; rendered for 1.%d to 1.%d", kubernetes, oldestMinor, newestMinor)
	line("with", "%s", orNone(with))
	line("release", "%s/%s, a record of %d KB", c.Namespace, c.ReleaseName, rounded(c.record.size, before)>>10)
	changing, _ := differences(c.record, again.record)
	line("random", "%s", orNone(changing))
	var asked []string
	for _, answer := range c.Capabilities {
		asked = append(asked, fmt.Sprintf("%s=%t", answer.APIVersion, answer.Available))
	}
	line("asks", "%s", orNone(asked))
	line("guards", "%s", orNone(c.Guarded))
	images, _ := imagesOf(c.record.all())
	section(&out, "images", images)
	section(&out, "objects", names(c.record.objects))
	var hooks []string
	for _, h := range c.record.hooks {
		hooks = append(hooks, name(h.Unstructured)+": "+strings.Join(h.events, ", "))
	}
	slices.Sort(hooks)
	section(&out, "hooks", hooks)
	section(&out, "webhooks", webhooks(c.record.all()))
	section(&out, "definitions", c.definitions())
	section(&out, "follow-ups", names(c.followUps))
	var foreign []string
	for _, gvk := range c.usedKinds() {
		if from, ok := known.of(gvk); ok && !served(apiVersionKind(gvk)) && !slices.Contains(from, c.Name) {
			foreign = append(foreign, apiVersionKind(gvk)+": "+strings.Join(from, ", "))
		}
	}
	section(&out, "kinds of others", foreign)
	return out.String()
}

// line of a profile's summary.
func (c component) line() string {
	images, _ := imagesOf(c.record.all())
	return fmt.Sprintf("%s %s: objects %d, hooks %d, definitions %d, follow-ups %d, images %d, after %s",
		c.Name, c.Chart.Version, len(c.record.objects), len(c.record.hooks), len(c.definitions()), len(c.followUps), len(images), orNone(c.DependsOn))
}

func (c component) definitions() []string {
	var out []string
	for _, definition := range c.CRDs {
		var versions []string
		for _, version := range definition.Versions {
			versions = append(versions, version.Name)
		}
		out = append(out, definition.Name+" "+strings.Join(versions, ", "))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// rounded is a size in steps. The step of the text before stays while the size is near.
func rounded(size int, before string) int {
	if _, rest, found := strings.Cut(before, "a record of "); found {
		var kilobytes int
		if _, err := fmt.Sscanf(rest, "%d KB", &kilobytes); err == nil {
			old := kilobytes << 10
			if old%sizeStep == 0 && max(size-old, old-size) <= sizeStep*3/4 {
				return old
			}
		}
	}
	return (size + sizeStep/2) / sizeStep * sizeStep
}

func webhooks(objects []*unstructured.Unstructured) []string {
	var out []string
	for _, object := range objects {
		if !strings.HasSuffix(object.GetKind(), "WebhookConfiguration") {
			continue
		}
		list, _, _ := unstructured.NestedSlice(object.Object, "webhooks") // what is no list has none
		for _, entry := range list {
			if webhook, ok := entry.(map[string]any); ok {
				policy, given := webhook["failurePolicy"].(string)
				if !given {
					policy = "Fail"
				}
				out = append(out, fmt.Sprintf("%s: %v, %s", name(object), webhook["name"], policy))
			}
		}
	}
	slices.Sort(out)
	return out
}

func names(objects []*unstructured.Unstructured) []string {
	var out []string
	for _, object := range objects {
		out = append(out, name(object))
	}
	slices.Sort(out)
	return out
}

func section(out *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s (%d)\n", title, len(lines))
	for _, line := range lines {
		fmt.Fprintf(out, "  %s\n", line)
	}
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, ", ")
}
