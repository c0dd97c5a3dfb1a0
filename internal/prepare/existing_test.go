// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package prepare_test

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/prepare"
)

func TestExistingObjects(t *testing.T) {
	object := func(kind, name string) helm.Object {
		return helm.Object{GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: kind}, Namespace: "web", Name: name}
	}
	free := helm.Conflict{Object: object("ConfigMap", "a")}
	foreign := helm.Conflict{Object: object("Secret", "b"), OwnedBy: "Helm release other/x"}
	many := make([]helm.Conflict, 0, 12)
	for i := range 12 {
		many = append(many, helm.Conflict{Object: object("ConfigMap", fmt.Sprint(i))})
	}
	for name, tc := range map[string]struct {
		reason    string
		revisions []helm.Revision
		conflicts []helm.Conflict
		request   prepare.Request
		want      string
	}{
		"Free":      {"nothing is there", nil, nil, prepare.Request{New: true}, ""},
		"Exists":    {"somebody made it by hand", nil, []helm.Conflict{free}, prepare.Request{New: true}, "objects of Helm release web/web exist already and belong to no release: ConfigMap web/a; set adopt: true on the component to take them over, or delete them"},
		"Adopt":     {"and gives it to us", nil, []helm.Conflict{free}, prepare.Request{New: true, Adopt: true}, ""},
		"Foreign":   {"another release has it, which nobody can give away", nil, []helm.Conflict{free, foreign}, prepare.Request{New: true, Adopt: true}, "objects of Helm release web/web belong to others: Secret web/b of Helm release other/x; remove them there, or give the component another namespace or other names in its values"},
		"Release":   {"the release exists and owns them", []helm.Revision{{Number: 1}}, []helm.Conflict{free}, prepare.Request{New: true}, ""},
		"Installed": {"what was approved before is not looked at again", nil, []helm.Conflict{free}, prepare.Request{}, ""},
		"Many":      {"a list has an end", nil, many, prepare.Request{New: true}, "objects of Helm release web/web exist already and belong to no release: ConfigMap web/0, ConfigMap web/1, ConfigMap web/2, ConfigMap web/3, ConfigMap web/4, ConfigMap web/5, ConfigMap web/6, ConfigMap web/7, ConfigMap web/8, ConfigMap web/9, and 2 more; set adopt: true on the component to take them over, or delete them"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 1).start()
			f.revisions, f.conflicts = tc.revisions, tc.conflicts
			tc.request.Release, tc.request.Has = helm.Release{Namespace: "web", Name: "web"}, func(string) bool { return true }
			if _, err := f.Ensure("owner", "key", tc.request); err != nil {
				t.Fatal(err)
			}
			f.wake()
			result, err := f.Ensure("owner", "key", tc.request)
			switch {
			case tc.want == "" && (err != nil || result == nil):
				t.Errorf("%s: got %v, %v", tc.reason, result, err)
			case tc.want != "" && (err == nil || failure.Message(err) != tc.want):
				t.Errorf("%s:\n got %v\nwant %s", tc.reason, err, tc.want)
			case tc.want != "" && (failure.ClassOf(err) != failure.ClassBlocked || failure.ReasonOf(err, "") != v1alpha1.ReasonObjectsExist):
				t.Errorf("%s: class %s, reason %s", tc.reason, failure.ClassOf(err), failure.ReasonOf(err, ""))
			}
		})
	}
}
