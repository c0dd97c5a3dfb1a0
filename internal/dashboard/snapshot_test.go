// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/helm"
)

// canaries may be in no answer. They stand where secrets stand: in Secrets, below
// telling keys, inside of texts and lists, and quoted in messages.
var canaries = [...]string{"canary-secret-merged", "canary-secret-path", "canary-under-key", "canary-in-list", "canary-in-text", "canary-argument", "canary-wired", "47110815"}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func after(seconds float64) *metav1.MicroTime {
	return &metav1.MicroTime{Time: noon.Add(time.Duration(seconds * float64(time.Second)))}
}

func field(text string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(text)} }

func condition(kind string, status metav1.ConditionStatus, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message, LastTransitionTime: metav1.NewTime(noon)}
}

// platform is a bundle in the middle of its work: a is Ready, b fails and quotes a
// secret, prometheus waits and has no release, old is on its way out.
func platform(t *testing.T) World {
	t.Helper()
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	bundle := v1alpha1.PlatformBundle{
		ObjectMeta: metav1.ObjectMeta{Name: "main", Generation: 4},
		Spec: v1alpha1.PlatformBundleSpec{Approval: v1alpha1.ApprovalManual, Components: []v1alpha1.Component{
			{Name: "a", Version: "1.0.0", Chart: &v1alpha1.ChartSource{Repository: "https://example.com"}},
			{Name: "b", Version: "1.0.0", Chart: &v1alpha1.ChartSource{Repository: "https://example.com"}},
			{Name: "prometheus", DependsOn: []string{"a", "b"}, Values: field(`{"grafanaToken":"canary-under-key","retention":"10d"}`)},
		}},
		Status: v1alpha1.PlatformBundleStatus{
			ObservedGeneration: 3, CatalogVersion: catalogs.Newest(), Ready: "1/3",
			Conditions: []metav1.Condition{
				condition("Ready", "False", "Progressing", "b failed: the value canary-under-key is refused"), condition("Reconciling", "True", "Progressing", ""),
				condition("AdmissionAvailable", "False", "WebhookUnavailable", "webhook x calls a Service that is gone"),
			},
			Components: []v1alpha1.ComponentStatus{
				{Name: "a", Version: "1.0.0", State: v1alpha1.StateReady, Reason: "Ready", Lifecycle: "Retired since 2026-03-24: use c"},
				{Name: "b", Version: "1.0.0", State: v1alpha1.StateFailed, Reason: "InstallFailed", Message: "install failed: canary-secret-merged and canary-secret-path are refused, and so is 47110815"},
				{Name: "old", Version: "0.9.0", State: v1alpha1.StateRemoving, Reason: "Uninstalling"},
				{Name: "prometheus", State: v1alpha1.StateWaiting, Reason: "WaitingForDependencies", Message: "waits for b", Warning: "goes through 87.0.0"},
			},
			Plan: &v1alpha1.PlanStatus{Digest: "3f9c2ab417", Summary: "1 install", Changes: []v1alpha1.PlannedChange{{Component: "prometheus", Kind: v1alpha1.ChangeInstall, To: "88.5.3"}}},
			Timeline: &v1alpha1.BundleTimeline{
				Generation: 3, Began: *after(0), Ended: *after(9), Took: metav1.Duration{Duration: 9 * time.Second}, Idle: metav1.Duration{Duration: 120 * time.Millisecond},
				CriticalPath: []v1alpha1.PathStep{{Component: "a", Took: metav1.Duration{Duration: 4 * time.Second}}},
			},
		},
	}
	ready := v1alpha1.ComponentRelease{
		ObjectMeta: metav1.ObjectMeta{Name: "main.a", ResourceVersion: "41"},
		Spec:       v1alpha1.ComponentReleaseSpec{Bundle: "main", Component: "a", Namespace: "a-system", ReleaseName: "a"},
		Status: v1alpha1.ComponentReleaseStatus{Conditions: []metav1.Condition{condition("Ready", "True", "Ready", "")}, Timeline: &v1alpha1.Timeline{
			Generation: 3, Queued: after(0), Prepared: after(1), GatedBy: []string{"z"}, Approved: after(2), Began: after(2.1), Released: after(3), Hooks: &metav1.Duration{Duration: 400 * time.Millisecond}, Ready: after(4),
		}},
	}
	return World{Version: "test", Bundles: []v1alpha1.PlatformBundle{bundle, {ObjectMeta: metav1.ObjectMeta{Name: "empty", Generation: 1}}}, Releases: []v1alpha1.ComponentRelease{
		ready, failing(), {Spec: v1alpha1.ComponentReleaseSpec{Bundle: "main", Component: "old", DependsOn: []string{"a"}}},
		{Spec: v1alpha1.ComponentReleaseSpec{Bundle: "other", Component: "a", DependsOn: []string{"b"}}},
	}, Catalogs: catalogs, Lookup: secretLookup}
}

func secretLookup(ref v1alpha1.ValuesReference) (content []byte, found, known bool) {
	switch ref.Name {
	case "merged":
		return []byte("db: {user: canary-secret-merged, port: 47110815, on: true}\n"), true, true
	case "path":
		return []byte("canary-secret-path"), true, true
	case "plain":
		return []byte("log: {level: debug}\nkeyed: {token: canary-under-key}\n"), true, true
	case "gone":
		return nil, false, true
	case "broken":
		return []byte("canary-secret-merged: ["), true, true
	}
	return nil, false, false
}

func failing() v1alpha1.ComponentRelease {
	return v1alpha1.ComponentRelease{
		ObjectMeta: metav1.ObjectMeta{Name: "main.b", ResourceVersion: "42"},
		Spec: v1alpha1.ComponentReleaseSpec{
			Bundle: "main", Component: "b", Namespace: "b-system", ReleaseName: "b", DependsOn: []string{"a", "gone"}, GuardedBy: []string{"a"}, CatalogVersion: "2026.11",
			Chart:        v1alpha1.PinnedChart{Repository: "https://user:canary-argument@example.com", Name: "b", Constraint: "1.x", Version: "1.0.0", Digest: "sha256:0123456789abcdef"},
			InputsDigest: "fedcba9876543210", Timeout: &metav1.Duration{Duration: 5 * time.Minute}, Drift: v1alpha1.DriftCorrect,
			Defaults: field(`{"replicas":1,"log":{"level":"info","format":"json"},"with.dot":{"x":1},"nothing":null,"list":[{"name":"first"}]}`),
			Wiring:   []v1alpha1.WiredValues{{Rule: "monitors", Values: *field(`{"monitor":{"enabled":true,"bearerToken":"canary-wired"}}`)}},
			ValuesFrom: []v1alpha1.ValuesReference{
				{Kind: "ConfigMap", Name: "plain"}, {Kind: "Secret", Name: "merged"}, {Kind: "Secret", Name: "path", Key: "k", TargetPath: `list[1].with\.dot`},
				{Kind: "Secret", Name: "gone", Optional: true}, {Kind: "Secret", Name: "broken"}, {Kind: "Secret", Name: "unknown"}, {Kind: "Secret", Name: "unknown", TargetPath: "late.value"},
			},
			Values: field(`{"replicas":3,"admin":{"password":"canary-under-key","secretKeys":["canary-in-list"],"createSecret":true},` +
				`"args":["--level=info","--api-token=canary-argument"],"config":"a: 1\npassword: canary-in-text\n","env":[{"name":"DB_PASSWORD","value":"canary-in-list"},{"name":"LOG","value":"x"}],` +
				`"echo":"user canary-secret-merged"}`),
		},
		Status: v1alpha1.ComponentReleaseStatus{
			Revision: 3, Failure: &v1alpha1.ReleaseFailure{Action: "Install", Count: 2, Message: "template: the value canary-in-list of canary-under-key is refused"},
			Conditions: []metav1.Condition{condition("Ready", "False", "InstallFailed", "canary-secret-path is refused, --token=canary-argument too")},
		},
	}
}

// golden compares with a file; UPDATE_GOLDEN=1 writes it anew.
func golden(t *testing.T, name string, got any) {
	t.Helper()
	raw, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for _, canary := range canaries {
		if at := strings.Index(string(raw), canary); at >= 0 {
			t.Errorf("%s is shown: ...%s...", canary, raw[max(0, at-100):at+len(canary)])
		}
	}
	file := filepath.Join("testdata", name+".json")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, append(raw, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(string(want)), string(raw)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	world := platform(t)
	got := Snapshot(world)
	golden(t, "snapshot", got)
	slices.Reverse(world.Bundles)
	slices.Reverse(world.Releases)
	if diff := cmp.Diff(got, Snapshot(world)); diff != "" {
		t.Errorf("the order of the world matters:\n%s", diff)
	}
}

func TestSnapshotOfNothing(t *testing.T) {
	t.Parallel()
	raw, err := encode(Snapshot(World{Version: "test"}))
	if err != nil || string(raw) != `{"version":"test","bundles":[]}` {
		t.Errorf("%s, %v", raw, err)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	world := platform(t)
	revisions := []helm.Revision{
		{Number: 1, Status: helm.StatusSuperseded, Digest: "fedcba9876543210", Ready: true, Changed: noon},
		{Number: 2, Status: helm.StatusSuperseded, Changed: noon.Add(time.Hour)},
		{Number: 3, Status: helm.StatusDeployed, Digest: "fedc", FailedDigest: "0123", Changed: noon.Add(2 * time.Hour)},
	}
	for component, want := range map[string]bool{"a": true, "b": true, "old": true, "prometheus": true, "none": false} {
		got, found := Describe(world, "main", component, revisions)
		if found != want {
			t.Errorf("%s is there: %t", component, found)
		}
		if component == "b" || component == "prometheus" {
			if component == "prometheus" {
				got.Values = slices.DeleteFunc(got.Values, func(v Value) bool { return v.Kind != SourceUser }) // the catalog's have tests of their own
				got.Facts = nil
			}
			golden(t, "detail-"+component, got)
		}
	}
	if _, found := Describe(world, "none", "a", nil); found {
		t.Error("a bundle that is not there has details")
	}
}

func TestBundleState(t *testing.T) {
	t.Parallel()
	with := func(change func(*v1alpha1.PlatformBundle), conditions ...metav1.Condition) *v1alpha1.PlatformBundle {
		b := &v1alpha1.PlatformBundle{Status: v1alpha1.PlatformBundleStatus{Conditions: conditions}}
		if change != nil {
			change(b)
		}
		return b
	}
	deleted := metav1.NewTime(noon)
	for _, tc := range []struct {
		want   string
		bundle *v1alpha1.PlatformBundle
	}{
		{BundleWorking, with(nil)},
		{BundleReady, with(nil, condition("Ready", "True", "Ready", ""))},
		{BundleWorking, with(nil, condition("Ready", "False", "Progressing", ""))},
		{BundleStalled, with(nil, condition("Ready", "False", "ValuesInvalid", ""), condition("Stalled", "True", "ValuesInvalid", ""))},
		{BundleAwaiting, with(nil, condition("Ready", "False", v1alpha1.ReasonAwaitingWindow, ""))},
		{BundleAwaiting, with(nil, condition("Ready", "False", v1alpha1.ReasonAwaitingApproval, ""))},
		{BundleSuspended, with(func(b *v1alpha1.PlatformBundle) { b.Spec.Suspend = true }, condition("Ready", "True", "Ready", ""))},
		{BundleRemoving, with(func(b *v1alpha1.PlatformBundle) { b.DeletionTimestamp = &deleted }, condition("Ready", "True", "Ready", ""))},
	} {
		if got := bundleState(tc.bundle); got != tc.want {
			t.Errorf("%v: %s, want %s", tc.bundle.Status.Conditions, got, tc.want)
		}
	}
}

func TestPlanOf(t *testing.T) {
	t.Parallel()
	window := metav1.NewTime(noon)
	for _, tc := range []struct {
		reason          string
		mode            v1alpha1.ApprovalMode
		approved        bool
		window          *metav1.Time
		waits, contains string
	}{
		{"nobody has approved it", v1alpha1.ApprovalManual, false, nil, "approval", "approved-plan=d1"},
		{"nobody has approved it, and the window is closed", v1alpha1.ApprovalManual, false, &window, "approval", "approved-plan=d1"},
		{"approved, the window is closed", v1alpha1.ApprovalManual, true, &window, "window", "exempted-plan=d1"},
		{"automatic, the window is closed", v1alpha1.ApprovalAutomatic, true, &window, "window", "exempted-plan=d1"},
		{"it is under way", v1alpha1.ApprovalManual, true, nil, "", ""},
	} {
		b := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: "main"}, Spec: v1alpha1.PlatformBundleSpec{Approval: tc.mode}}
		b.Status.Plan, b.Status.NextWindow = &v1alpha1.PlanStatus{Digest: "d1", Approved: tc.approved}, tc.window
		got := planOf(b)
		if got.Waits != tc.waits || !strings.HasSuffix(got.Command, tc.contains) || (tc.contains == "") != (got.Command == "") {
			t.Errorf("%s: waits for %q, %q", tc.reason, got.Waits, got.Command)
		}
	}
}
