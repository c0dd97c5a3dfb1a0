// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package resolve_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

// TestTrouble: what cannot be right is refused with the field and the fix. The
// messages are what people read; each is spelled out here.
func TestTrouble(t *testing.T) {
	off := false
	disabled := func(name string) v1alpha1.Component { return v1alpha1.Component{Name: name, Enabled: &off} }
	dns := func(values string) v1alpha1.Component {
		return v1alpha1.Component{Name: "dns", Values: raw(values)}
	}
	for name, tc := range map[string]struct {
		components []v1alpha1.Component
		on         string
		reason     string
		message    string
	}{
		"None":    {components: named("certs"), on: "certs"},
		"NoneOwn": {components: []v1alpha1.Component{own("mine", nil)}, on: "mine"},
		"UnknownNearest": {
			components: named("cert"), on: "cert", reason: v1alpha1.ReasonUnknownComponent,
			message: `spec.components[cert]: catalog 2026.11 has no component "cert": did you mean "certs"? To install a chart of your own, set chart.repository and chart.version`,
		},
		"UnknownFar": {
			components: named("something-else"), on: "something-else", reason: v1alpha1.ReasonUnknownComponent,
			message: `spec.components[something-else]: catalog 2026.11 has no component "something-else": the catalog has certs, consul, dns, ingress, vault. To install a chart of your own, set chart.repository and chart.version`,
		},
		"UnknownWithVersion": {
			components: []v1alpha1.Component{{Name: "mine", Version: "1.0.0"}}, on: "mine", reason: v1alpha1.ReasonUnknownComponent,
			message: `spec.components[mine]: catalog 2026.11 has no component "mine": the catalog has certs, consul, dns, ingress, vault. To install a chart of your own, set chart.repository and chart.version`,
		},
		"ChartMissing": {
			components: []v1alpha1.Component{own("mine", func(c *v1alpha1.Component) { c.Chart.Repository = "" })}, on: "mine",
			reason:  v1alpha1.ReasonChartMissing,
			message: `spec.components[mine].chart.repository is missing: "mine" is not in the catalog, so say where its chart is`,
		},
		"VersionMissing": {
			components: []v1alpha1.Component{own("mine", func(c *v1alpha1.Component) { c.Chart.Version = "" })}, on: "mine",
			reason:  v1alpha1.ReasonVersionMissing,
			message: `spec.components[mine].version is missing: set a version or a range, for example 1.4.x`,
		},
		"VersionInvalid": {
			components: []v1alpha1.Component{{Name: "certs", Version: "latest"}}, on: "certs", reason: v1alpha1.ReasonVersionInvalid,
			message: `spec.components[certs].version: "latest" is neither a version nor a semver range such as 1.4.2, 1.4.x or >=1.4 <2`,
		},
		"ValuesInvalid": {
			components: []v1alpha1.Component{{Name: "certs", Values: raw("[1]")}}, on: "certs", reason: v1alpha1.ReasonValuesInvalid,
			message: `spec.components[certs].values: values must be an object with keys, not a list`,
		},
		"UnknownDependency": {
			components: []v1alpha1.Component{own("mine", func(c *v1alpha1.Component) { c.DependsOn = []string{"certs"} })}, on: "mine",
			reason:  v1alpha1.ReasonUnknownDependency,
			message: `spec.components[mine].dependsOn names "certs", which is not in the bundle: add "- name: certs", or remove it from dependsOn`,
		},
		"DisabledDependency": {
			components: []v1alpha1.Component{disabled("certs"), own("mine", func(c *v1alpha1.Component) { c.DependsOn = []string{"certs"} })}, on: "mine",
			reason:  v1alpha1.ReasonUnknownDependency,
			message: `spec.components[mine].dependsOn names "certs", which is not in the bundle: it is listed with enabled: false; enable certs, or remove it from dependsOn`,
		},
		"MissingRequirement": {
			components: named("vault"), on: "vault", reason: v1alpha1.ReasonMissingRequirement,
			message: `spec.components[vault] needs certs in the same bundle: add "- name: certs", or take vault off the list`,
		},
		"DisabledRequirement": {
			components: append(named("vault"), disabled("certs")), on: "vault", reason: v1alpha1.ReasonMissingRequirement,
			message: `spec.components[vault] needs certs in the same bundle: it is listed with enabled: false; enable certs, or take vault off the list`,
		},
		"SoftDependencyMissing": {components: named("ingress"), on: "ingress"},
		"Conflict": {
			components: named("certs", "vault", "consul"), on: "vault", reason: v1alpha1.ReasonConflictingComponents,
			message: `spec.components[vault] and consul exclude each other: disable one of them`,
		},
		"ConflictDisabled": {components: append(named("certs", "vault"), disabled("consul")), on: "vault"},
		"ClaimedTwice": {
			components: []v1alpha1.Component{
				own("mine", func(c *v1alpha1.Component) { c.Namespace, c.ReleaseName = "certs-system", "certs-release" }), {Name: "certs"},
			},
			on: "mine", reason: v1alpha1.ReasonReleaseClaimedTwice,
			message: `spec.components[mine] and certs both want the Helm release certs-system/certs-release: set releaseName or namespace of one of them`,
		},
		"SameNameElsewhere": {
			components: []v1alpha1.Component{own("mine", func(c *v1alpha1.Component) { c.ReleaseName = "certs-release" }), {Name: "certs"}}, on: "mine",
		},
		"InputMissing": {
			components: named("dns"), on: "dns", reason: v1alpha1.ReasonInputMissing,
			message: `spec.components[dns].values.provider.name is missing: say which DNS provider to use`,
		},
		"InputEmpty": {
			components: []v1alpha1.Component{dns(`{"provider":{"name":""}}`)}, on: "dns", reason: v1alpha1.ReasonInputMissing,
			message: `spec.components[dns].values.provider.name is missing: say which DNS provider to use`,
		},
		"InputInScalar": {
			components: []v1alpha1.Component{dns(`{"provider":"x"}`)}, on: "dns", reason: v1alpha1.ReasonInputMissing,
			message: `spec.components[dns].values.provider.name is missing: say which DNS provider to use`,
		},
		"InputThere":         {components: []v1alpha1.Component{dns(`{"provider":{"name":"x"}}`)}, on: "dns"},
		"InputWhenFalse":     {components: []v1alpha1.Component{dns(`{"provider":{"name":"x","remote":false}}`)}, on: "dns"},
		"InputWhenEmpty":     {components: []v1alpha1.Component{dns(`{"provider":{"name":"x","options":{}}}`)}, on: "dns"},
		"InputFalseIsThere":  {components: []v1alpha1.Component{dns(`{"provider":{"name":"x","options":{"a":1}},"dryRun":false}`)}, on: "dns"},
		"InputFromReference": {components: []v1alpha1.Component{{Name: "dns", ValuesFrom: []v1alpha1.ValuesReference{{Kind: "Secret", Name: "dns"}}}}, on: "dns"},
		"InputWhen": {
			components: []v1alpha1.Component{dns(`{"provider":{"name":"x","remote":true}}`)}, on: "dns", reason: v1alpha1.ReasonInputMissing,
			message: `spec.components[dns].values.provider.token is missing: the provider needs a token`,
		},
		"FirstTrouble": {
			components: []v1alpha1.Component{{Name: "vault", Version: "nonsense"}}, on: "vault", reason: v1alpha1.ReasonVersionInvalid,
			message: `spec.components[vault].version: "nonsense" is neither a version nor a semver range such as 1.4.2, 1.4.x or >=1.4 <2`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			checkTrouble(t, one(t, tc.on, tc.components...).Trouble, tc.reason, tc.message)
		})
	}
}

func checkTrouble(t *testing.T, trouble *failure.Error, reason, message string) {
	t.Helper()
	if reason == "" {
		if trouble != nil {
			t.Fatalf("got trouble %s: %v, want none", trouble.Reason, trouble)
		}
		return
	}
	if trouble == nil {
		t.Fatalf("got no trouble, want %s", reason)
	}
	if trouble.Class != failure.ClassTerminal || trouble.Reason != reason {
		t.Errorf("got %s %s, want Terminal %s", trouble.Class, trouble.Reason, reason)
	}
	if diff := cmp.Diff(message, trouble.Error()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestTroubleStaysWithItsOwn: the others of a bundle are resolved all the same.
func TestTroubleStaysWithItsOwn(t *testing.T) {
	for i, c := range []resolve.Component{
		one(t, "certs", named("certs", "nonsense", "dns")...), one(t, "ingress", named("ingress", "dns", "vault")...),
	} {
		if c.Trouble != nil {
			t.Errorf("%d: %s has the trouble of another one: %v", i, c.Name, c.Trouble)
		}
	}
}

func TestCycle(t *testing.T) {
	after := func(names ...string) func(*v1alpha1.Component) {
		return func(c *v1alpha1.Component) { c.DependsOn = names }
	}
	for name, tc := range map[string]struct {
		components []v1alpha1.Component
		message    string
	}{
		"Own": {
			[]v1alpha1.Component{own("c", after("a")), own("a", after("b")), own("b", after("c")), own("d", after("a"))},
			"the dependencies form a cycle: a -> b -> c -> a; remove one of these from dependsOn",
		},
		"WithTheCatalog": {
			[]v1alpha1.Component{{Name: "ingress"}, {Name: "certs", DependsOn: []string{"ingress"}}},
			"the dependencies form a cycle: certs -> ingress -> certs; remove one of these from dependsOn",
		},
		"Itself": {
			[]v1alpha1.Component{own("a", after("a"))},
			"the dependencies form a cycle: a -> a; remove one of these from dependsOn",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := resolveAll(t, tc.components...)
			trouble, ok := err.(*failure.Error) //nolint:errorlint // Resolve promises one
			if !ok {
				t.Fatalf("got %v, want a failure", err)
			}
			checkTrouble(t, trouble, v1alpha1.ReasonDependencyCycle, tc.message)
		})
	}
}

func TestUnknownCatalog(t *testing.T) {
	for _, tc := range []struct{ spec, sticky string }{{"2025.1", ""}, {"", "2025.1"}, {"2025.1", "2026.11"}} {
		_, err := resolve.Resolve(v1alpha1.PlatformBundleSpec{CatalogVersion: tc.spec}, tc.sticky, testCatalogs(t))
		if failure.ReasonOf(err, "") != v1alpha1.ReasonUnknownCatalog || failure.ClassOf(err) != failure.ClassTerminal {
			t.Fatalf("%+v: got %v", tc, err)
		}
		want := `spec.catalogVersion: no catalog version "2025.1": this operator brings 2026.9, 2026.11`
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%+v (-want +got)\n%s", tc, diff)
		}
	}
}

// TestOrderIsTheSame: the result does not depend on the order of the list.
func TestOrderIsTheSame(t *testing.T) {
	list := []v1alpha1.Component{{Name: "vault"}, {Name: "certs"}, own("mine", nil), {Name: "ingress"}, {Name: "dns"}}
	first, err := resolveAll(t, list...)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(list)
	second, err := resolveAll(t, list...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second, cmp.Comparer(func(a, b failure.Error) bool { return a.Message == b.Message })); diff != "" {
		t.Error(diff)
	}
}
