// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	helmchart "helm.sh/helm/v3/pkg/chart"
	helmrelease "helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

func TestSlimKeepsWhatRollbackReadsAndLeavesTheReleaseAlone(t *testing.T) {
	loaded := &helmchart.Chart{
		Metadata:  &helmchart.Metadata{Name: "c"},
		Values:    map[string]any{"a": 1},
		Templates: []*helmchart.File{{Name: "t"}},
		Files:     []*helmchart.File{{Name: "crds/x.yaml"}},
		Raw:       []*helmchart.File{{Name: "r"}},
	}
	rls := &helmrelease.Release{Name: "r", Chart: loaded}
	stored := slim(rls)
	if stored.Chart.Metadata.Name != "c" || stored.Chart.Values["a"] != 1 {
		t.Error("metadata or values are lost")
	}
	if len(stored.Chart.Templates)+len(stored.Chart.Files)+len(stored.Chart.Raw) != 0 {
		t.Error("templates or files are stored")
	}
	if len(rls.Chart.Templates) != 1 {
		t.Error("the running action lost its templates")
	}
}

func TestRevisionsFrom(t *testing.T) {
	item := func(version, status string, extra map[string]string) metav1.PartialObjectMetadata {
		labels := map[string]string{"version": version, "status": status, "createdAt": "1700000000"}
		maps.Copy(labels, extra)
		return metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Labels: labels}}
	}
	got := RevisionsFrom([]metav1.PartialObjectMetadata{
		item("10", "deployed", map[string]string{
			v1alpha1.InputsDigestLabel: "d", v1alpha1.HolderLabel: "h", v1alpha1.RevisionLabel: "10", "modifiedAt": "1700000100",
		}),
		// Helm copied our labels to a revision that a person is making.
		item("9", "pending-upgrade", map[string]string{
			v1alpha1.InputsDigestLabel: "d", v1alpha1.HolderLabel: "h", v1alpha1.RevisionLabel: "8",
		}),
	})
	want := []Revision{
		{Number: 9, Status: "pending-upgrade", Changed: time.Unix(1700000000, 0)},
		{Number: 10, Status: StatusDeployed, Digest: "d", Holder: "h", Changed: time.Unix(1700000100, 0)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !got[0].Status.Pending() || got[1].Status.Pending() {
		t.Error("Pending is wrong")
	}
}

func TestRecordOf(t *testing.T) {
	record := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		Namespace: "ns", Labels: map[string]string{"owner": "helm", "name": "r"},
	}}
	if got, ok := RecordOf(record); !ok || got != (Release{Namespace: "ns", Name: "r"}) {
		t.Errorf("RecordOf = %v, %v", got, ok)
	}
	record.Labels["owner"] = "somebody"
	if _, ok := RecordOf(record); ok {
		t.Error("a Secret that is no record passes for one")
	}
}

func TestTranslateKeepsTheCause(t *testing.T) {
	cause := errors.New("failed to install: warning: Hook pre-install a.yaml failed:\n\n  another operation (install/upgrade/rollback) is in progress")
	err := translate(cause)
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "warning: ") {
		t.Errorf("not one readable sentence: %q", err)
	}
}

func TestRecorderAnswersAndRemembers(t *testing.T) {
	r := &recorder{has: func(apiVersion string) bool { return apiVersion == "b/v1" }, asked: map[string]bool{}}
	for _, question := range []string{"b/v1", "a/v1", "b/v1"} {
		r.Has(question)
	}
	want := []v1alpha1.CapabilityAnswer{{APIVersion: "a/v1"}, {APIVersion: "b/v1", Available: true}}
	if diff := cmp.Diff(want, r.answers()); diff != "" {
		t.Error(diff)
	}
}

type listedKinds struct{ Kinds }

func (listedKinds) APIVersions() []string { return []string{"v1", "apps/v1", "a/v1/Kind"} }

// TestVersionsCanBeSearched: external-secrets says has "..." .Capabilities.APIVersions,
// which sees a list and calls nothing.
func TestVersionsCanBeSearched(t *testing.T) {
	file := func(text string) []*helmchart.File {
		return []*helmchart.File{{Name: "templates/a.yaml", Data: []byte(text)}}
	}
	sub := &helmchart.Chart{Templates: file(`{{- if not (has "b/v1/Kind" .Capabilities.APIVersions) -}}{{ end }}`)}
	for name, tc := range map[string]struct {
		template string
		want     []string
		asked    []v1alpha1.CapabilityAnswer
	}{
		"asks": {`{{ if .Capabilities.APIVersions.Has "b/v1" }}{{ end }}`, nil, nil},
		"searches": {
			`{{ if has "a/v1/Kind" .Capabilities.APIVersions }}{{ end }}{{ if $.Capabilities.APIVersions | has "b/v1" }}{{ end }} "app.io/name"`,
			[]string{"b/v1", "v1", "apps/v1"}, []v1alpha1.CapabilityAnswer{{APIVersion: "a/v1/Kind"}, {APIVersion: "b/v1", Available: true}},
		},
		"by a variable": {
			"{{ $c := .Capabilities }}\n{{ if has `b/v1` $c.APIVersions }}{{ end }}",
			[]string{"b/v1", "v1", "apps/v1", "a/v1/Kind"}, []v1alpha1.CapabilityAnswer{{APIVersion: "b/v1", Available: true}},
		},
		"in another action": {
			`{{ with .Capabilities }}{{ $v := .APIVersions }}{{ end }}{{ has "v1/Pod" $v }}`,
			[]string{"v1", "apps/v1", "a/v1/Kind"}, []v1alpha1.CapabilityAnswer{{APIVersion: "v1/Pod"}},
		},
		"walks": {`{{ range .Capabilities.APIVersions }}{{ end }}`, []string{"v1", "apps/v1", "a/v1/Kind"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			asked := &recorder{has: func(apiVersion string) bool { return apiVersion == "b/v1" }, asked: map[string]bool{}}
			got := versionsFor(&helmchart.Chart{Templates: file(tc.template)}, asked, listedKinds{})
			var listed []string
			for _, version := range got {
				listed = append(listed, version.(string))
			}
			if diff := cmp.Diff(tc.want, listed); diff != "" {
				t.Errorf("listed: %s", diff)
			}
			if diff := cmp.Diff(tc.asked, asked.answers(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("asked: %s", diff)
			}
			if !got.Has("b/v1") || got.Has("z/v1") {
				t.Error("the list does not answer any more")
			}
		})
	}
	parent := &helmchart.Chart{}
	parent.AddDependency(sub)
	if found, literals := searches(parent); !found || len(literals) != 1 || literals[0] != "b/v1/Kind" {
		t.Errorf("a subchart's search is not seen: %v", literals)
	}
}

func TestGuardedGroups(t *testing.T) {
	var r Rendered
	r.guard("webhooks:\n- failurePolicy: Ignore\n  rules: [{apiGroups: [ignored.example.com]}]\n" +
		"- rules: [{apiGroups: [a.example.com, b.example.com]}]\n- failurePolicy: Fail\n  rules: [{apiGroups: [a.example.com]}]\n")
	if diff := cmp.Diff([]string{"a.example.com", "b.example.com"}, r.Guarded); diff != "" {
		t.Error(diff)
	}
}
