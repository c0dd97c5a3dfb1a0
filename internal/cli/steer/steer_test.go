// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package steer_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/steer"
)

func bundle(name string, change func(*v1alpha1.PlatformBundle)) *v1alpha1.PlatformBundle {
	out := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: name, Generation: 2}}
	out.Status.ObservedGeneration = 2
	if change != nil {
		change(out)
	}
	return out
}

func planned(b *v1alpha1.PlatformBundle) {
	b.Status.Plan = &v1alpha1.PlanStatus{Digest: "0123456789abcdef", Summary: "1 upgrade"}
}

func TestCommands(t *testing.T) {
	type bundles = []client.Object
	for name, tc := range map[string]struct {
		bundles bundles
		args    []string
		said    string
		wrong   string
		want    func(*v1alpha1.PlatformBundle)
	}{
		"suspend": {
			bundles{bundle("week1", nil)}, []string{"suspend"}, "platformbundle/week1 is suspended: releases stay as they are\n", "",
			func(b *v1alpha1.PlatformBundle) { b.Spec.Suspend = true },
		},
		"resume": {
			bundles{bundle("week1", func(b *v1alpha1.PlatformBundle) { b.Spec.Suspend = true })}, []string{"resume", "week1"}, "platformbundle/week1 goes on\n", "", nil,
		},
		"reconcile": {
			bundles{bundle("week1", nil)}, []string{"reconcile"}, "platformbundle/week1 is looked at again\n", "",
			func(b *v1alpha1.PlatformBundle) {
				b.Annotations = map[string]string{v1alpha1.ReconcileRequestAnnotation: "2026-11-21T12:00:00.5Z"}
			},
		},
		"approve": {
			bundles{bundle("week1", planned)}, []string{"approve"}, "platformbundle/week1 begins with plan 0123456789abcdef: 1 upgrade\n", "",
			func(b *v1alpha1.PlatformBundle) {
				b.Annotations = map[string]string{v1alpha1.ApprovedPlanAnnotation: "0123456789abcdef"}
			},
		},
		"approve outside of the window": {
			bundles{bundle("week1", planned)}, []string{"approve", "--now", "--digest", "0123456789abcdef"},
			"platformbundle/week1 begins with plan 0123456789abcdef: 1 upgrade\n", "",
			func(b *v1alpha1.PlatformBundle) {
				b.Annotations = map[string]string{
					v1alpha1.ApprovedPlanAnnotation: "0123456789abcdef", v1alpha1.ExemptedPlanAnnotation: "0123456789abcdef",
				}
			},
		},
		"approve another plan": {
			bundles{bundle("week1", planned)}, []string{"approve", "--digest", "fedcba9876543210"}, "",
			"platformbundle week1: the plan is 0123456789abcdef by now, not fedcba9876543210: look at it again", nil,
		},
		"approve nothing": {
			bundles{bundle("week1", nil)}, []string{"approve"}, "", "platformbundle week1: there is no plan that waits for anybody", nil,
		},
		"approve what nobody has looked at": {
			bundles{bundle("week1", func(b *v1alpha1.PlatformBundle) { planned(b); b.Generation = 3 })}, []string{"approve"}, "",
			"platformbundle week1: the operator has not looked at the newest spec yet: try again in a moment", nil,
		},
		"several": {
			bundles{bundle("a", nil), bundle("b", nil)}, []string{"suspend"}, "", "the cluster has several bundles, so name one of them: a, b", nil,
		},
		"none": {nil, []string{"suspend"}, "", "the cluster has no PlatformBundle: kubectl apply one first", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var out, complaints bytes.Buffer
			c := fake.NewClientBuilder().WithScheme(cli.Scheme()).WithObjects(tc.bundles...).WithStatusSubresource(tc.bundles...).Build()
			env := &cli.Env{Out: &out, Now: func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 500_000_000, time.UTC) }}
			env.UseClient(c)
			root := &cobra.Command{Use: "x", SilenceErrors: true, SilenceUsage: true}
			root.AddCommand(steer.Commands(env)...)
			root.SetArgs(tc.args)
			code := cli.Code(root.ExecuteContext(t.Context()), &complaints)
			if out.String() != tc.said {
				t.Errorf("it says %q, want %q", out.String(), tc.said)
			}
			wantCode, complaint := cli.ExitOK, ""
			if tc.wrong != "" {
				wantCode, complaint = cli.ExitFailed, "error: "+tc.wrong+"\n"
			}
			if code != wantCode || complaints.String() != complaint {
				t.Errorf("exit code %d and %q, want %d and %q", code, complaints.String(), wantCode, complaint)
			}
			if len(tc.bundles) != 1 {
				return
			}
			got := &v1alpha1.PlatformBundle{}
			if err := c.Get(t.Context(), client.ObjectKey{Name: "week1"}, got); err != nil {
				t.Fatal(err)
			}
			want := bundle("week1", tc.want)
			if diff := cmp.Diff(want.Spec, got.Spec); diff != "" {
				t.Errorf("spec (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(want.Annotations, got.Annotations); diff != "" {
				t.Errorf("annotations (-want +got)\n%s", diff)
			}
		})
	}
}
