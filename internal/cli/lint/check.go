// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	yamlv3 "go.yaml.in/yaml/v3"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/graph"
	"github.com/groundwork-dev/groundwork/internal/manifests"
	"github.com/groundwork-dev/groundwork/internal/resolve"
	"github.com/groundwork-dev/groundwork/internal/window"
)

const kindBundle = "PlatformBundle"

// linter collects findings.
type linter struct {
	schema   *schema
	catalogs *catalog.Set
	found    []Finding
	bundles  int
}

// checked is a bundle that could be read.
type checked struct {
	document
	bundle   v1alpha1.PlatformBundle
	resolved *resolve.Bundle
	// taken are nodes that something was found at already: one mistake, one finding.
	taken map[*yamlv3.Node]bool
}

// tree checks the files of one tree, each bundle by itself and then all together.
func (l *linter) tree(ctx context.Context, files []file) {
	var all []*checked
	for _, f := range files {
		found, problems := documents(f, isOurs)
		for _, p := range problems {
			l.found = append(l.found, Finding{File: f.name, Line: p.line, Column: 1, Level: LevelError, Rule: p.rule, Message: p.text})
		}
		for _, d := range found {
			if l.foreign(d) {
				continue
			}
			l.bundles++
			all = append(all, l.bundle(ctx, d))
		}
	}
	l.together(all)
}

// isOurs says whether an object is, or was meant to be, one of our group or kind.
func isOurs(node *yamlv3.Node) bool {
	group, _, _ := strings.Cut(text(node, "apiVersion"), "/")
	kind := text(node, "kind")
	return group == v1alpha1.GroupVersion.Group || kind == kindBundle
}

// foreign finds what is of our group and no bundle.
func (l *linter) foreign(d document) bool {
	apiVersion, kind := text(d.node, "apiVersion"), text(d.node, "kind")
	wanted := v1alpha1.GroupVersion.String()
	c := &checked{document: d}
	switch {
	case apiVersion == wanted && kind == kindBundle:
		return false
	case apiVersion != wanted:
		l.report(c, LevelError, issue{path: "apiVersion", rule: ruleUnknownKind, text: fmt.Sprintf("apiVersion %q has no %s: write %s", apiVersion, kind, wanted)})
	case kind == "ComponentRelease":
		l.report(c, LevelError, issue{path: "kind", rule: ruleUnknownKind, text: "a ComponentRelease is written by the operator alone: list the component in a PlatformBundle"})
	default:
		hint := didYouMean(kind, []string{kindBundle})
		if hint == "" {
			hint = ": it has " + kindBundle
		}
		l.report(c, LevelError, issue{path: "kind", rule: ruleUnknownKind, text: fmt.Sprintf("%s has no kind %q%s", wanted, kind, hint)})
	}
	return true
}

// bundle checks one bundle by itself.
func (l *linter) bundle(ctx context.Context, d document) *checked {
	c := &checked{document: d, taken: map[*yamlv3.Node]bool{}}
	c.bundle.Name = text(deref(orEmpty(child(d.node, "metadata"))), "name")
	for _, i := range l.schema.check(ctx, d.content) {
		i.path = c.closer(i)
		l.report(c, LevelError, i)
	}
	raw, err := json.Marshal(d.content)
	if err == nil {
		err = json.Unmarshal(raw, &c.bundle)
	}
	if err != nil {
		if len(c.taken) == 0 { // else it has been said with its line
			l.report(c, LevelError, issue{path: "spec", rule: ruleInvalidField, text: "spec: " + failure.Message(err)})
		}
		return c
	}
	if m := c.bundle.Spec.Maintenance; m != nil {
		if _, err := window.Parse(*m); err != nil {
			l.refuse(c, failure.Terminal(v1alpha1.ReasonMaintenanceInvalid, "spec.maintenance.%w", err))
		}
	}
	for _, component := range c.bundle.Spec.Components {
		if _, err := manifests.Parse(component.Name, component.Manifests); err != nil && component.IsEnabled() {
			l.refuseEach(c, err)
		}
	}
	l.resolve(c)
	return c
}

var word = regexp.MustCompile(`[A-Za-z][A-Za-z.]*[A-Za-z]`)

// closer is the field that a rule about a whole object names last: the rule itself has
// no path below the object.
func (d document) closer(i issue) string {
	out := i.path
	for _, name := range word.FindAllString(i.sentence, -1) {
		if path := strings.TrimPrefix(i.path+"."+name, "."); d.locate(path).whole {
			out = path
		}
	}
	return out
}

func orEmpty(node *yamlv3.Node) *yamlv3.Node {
	if node == nil {
		return &yamlv3.Node{}
	}
	return node
}

// resolve finds what the operator refuses when it resolves the bundle. A mistake in
// the settings or a profile ends that for the whole bundle, so it is done again without
// them: who mends the first should know of the next. What only follows from their
// absence is not said.
func (l *linter) resolve(c *checked) {
	spec := *c.bundle.Spec.DeepCopy()
	excused := map[string]bool{}
	for range len(spec.Profiles) + 3 {
		resolved, err := resolve.Resolve(spec, "", l.catalogs)
		c.resolved = resolved
		if err != nil {
			l.refuse(c, err)
		}
		if resolved != nil || !without(&spec, err, excused) {
			break
		}
	}
	if c.resolved == nil {
		return
	}
	for _, component := range c.resolved.Components {
		if component.Trouble != nil && !excused[component.Trouble.Reason] {
			l.refuse(c, component.Trouble)
		}
		l.advise(c, component)
	}
}

var profileInPath = regexp.MustCompile(`^spec\.profiles\[([^\]]*)\]`)

// without takes out of the spec what the error is about; false when that is not known.
func without(spec *v1alpha1.PlatformBundleSpec, err error, excused map[string]bool) bool {
	switch failure.ReasonOf(err, "") {
	case v1alpha1.ReasonSettingsInvalid:
		excused[v1alpha1.ReasonInputMissing] = true
		had := spec.Settings != nil
		spec.Settings = nil
		return had
	case v1alpha1.ReasonUnknownProfile:
		for _, reason := range []string{v1alpha1.ReasonUnknownDependency, v1alpha1.ReasonMissingRequirement, v1alpha1.ReasonSettingsInvalid} {
			excused[reason] = true
		}
		before := len(spec.Profiles)
		m := profileInPath.FindStringSubmatch(err.Error())
		spec.Profiles = slices.DeleteFunc(spec.Profiles, func(p string) bool { return m != nil && p == m[1] })
		return len(spec.Profiles) < before
	default:
		return false
	}
}

// advise warns of what the operator accepts.
func (l *linter) advise(c *checked, component resolve.Component) {
	path := "spec.components[" + component.Name + "]"
	if component.Retired {
		l.report(c, LevelWarning, issue{path: path, rule: ruleRetired, text: path + ": " + component.Lifecycle})
	}
	if component.Trouble != nil || component.TestedVersion == "" || tested(component) {
		return
	}
	at := path + ".version"
	if !c.locate(at).whole {
		at = path + ".chart.version"
	}
	l.report(c, LevelWarning, issue{path: at, rule: ruleUntested, text: fmt.Sprintf("%s: version %s is not the one that catalog %s was tested with, %s",
		path, component.Constraint, component.CatalogVersion, component.TestedVersion)})
}

// tested says that the version, or the range, allows for the one that was tested.
func tested(c resolve.Component) bool {
	v, err := semver.NewVersion(c.TestedVersion)
	if err != nil {
		return true
	}
	constraint, err := semver.NewConstraint(c.Constraint)
	return err != nil || constraint.Check(v)
}

var (
	// pathInSentence is what the operator's sentences begin with.
	pathInSentence = regexp.MustCompile(`^spec(\.[A-Za-z0-9_-]+|\[[^\]]*\])*`)
	namedDependsOn = regexp.MustCompile(`\.dependsOn names "([^"]*)"`)
)

// refuse reports what the operator says, at the field that it names.
func (l *linter) refuse(c *checked, err error) {
	out := issue{path: pathInSentence.FindString(err.Error()), rule: failure.ReasonOf(err, ruleInvalidField), text: failure.Message(err)}
	if cycle, is := errors.AsType[*graph.CycleError](err); is {
		out.path = "spec.components[" + cycle.Path[0] + "].dependsOn"
	}
	if m := namedDependsOn.FindStringSubmatch(out.text); m != nil {
		out.path += "[" + m[1] + "]"
	}
	l.report(c, LevelError, out)
}

// refuseEach reports an error that names several entries.
func (l *linter) refuseEach(c *checked, err error) {
	const begin = "spec.components["
	for i, text := range strings.Split(err.Error(), "; "+begin) {
		if i > 0 {
			text = begin + text
		}
		l.refuse(c, failure.Terminal(failure.ReasonOf(err, ruleInvalidField), "%s", text))
	}
}

var notListed = regexp.MustCompile(`^spec\.components\[[^\]]*\]`)

// report adds a finding at the line of a path. A component that a profile brings has no
// line of its own: the profiles do.
func (l *linter) report(c *checked, level string, i issue) {
	at := c.locate(i.path)
	if component := notListed.FindString(i.path); component != "" && len(c.bundle.Spec.Profiles) > 0 && !c.locate(component).whole {
		at = c.locate("spec.profiles")
	}
	if c.taken != nil && level == LevelError && at.whole {
		if c.taken[at.node] {
			return
		}
		c.taken[at.node] = true
	}
	l.found = append(l.found, Finding{
		File: c.file, Line: at.line, Column: at.column, Level: level, Rule: i.rule, Bundle: c.bundle.Name, Message: i.text,
	})
}
