// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package steer holds the commands that ask the operator for something: suspend,
// resume, reconcile and approve. Each writes one field or one annotation of the
// bundle and nothing else. It imports the frame of the commands and the API.
package steer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli"
)

// fieldManager owns what these commands write.
const fieldManager = "kubectl-platform"

// Commands are suspend, resume, reconcile and approve.
func Commands(env *cli.Env) []*cobra.Command {
	return []*cobra.Command{suspend(env), resume(env), reconcile(env), approve(env)}
}

func suspend(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "suspend [NAME]", Short: "Stop every change on behalf of a bundle", Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return change(command.Context(), env, name(args), func(b *v1alpha1.PlatformBundle) (string, error) {
				b.Spec.Suspend = true
				return "is suspended: releases stay as they are", nil
			})
		},
	}
}

func resume(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "resume [NAME]", Short: "Go on with a suspended bundle", Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return change(command.Context(), env, name(args), func(b *v1alpha1.PlatformBundle) (string, error) {
				b.Spec.Suspend = false
				return "goes on", nil
			})
		},
	}
}

func reconcile(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "reconcile [NAME]", Short: "Look at everything again: ranges, repositories, failures, holds, drift", Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return change(command.Context(), env, name(args), func(b *v1alpha1.PlatformBundle) (string, error) {
				annotate(b, v1alpha1.ReconcileRequestAnnotation, env.Now().UTC().Format(time.RFC3339Nano))
				return "is looked at again", nil
			})
		},
	}
}

func approve(env *cli.Env) *cobra.Command {
	digest, now := "", false
	command := &cobra.Command{
		Use: "approve [NAME]", Short: "Let the plan begin that a bundle shows", Args: cobra.MaximumNArgs(1),
		Long: "Approves the plan in status.plan of a bundle with spec.approval: Manual. With --digest only if it is still\n" +
			"that plan; a pipeline should say so. With --now also outside of the maintenance window.",
		RunE: func(command *cobra.Command, args []string) error {
			return change(command.Context(), env, name(args), func(b *v1alpha1.PlatformBundle) (string, error) {
				shown := b.Status.Plan
				switch {
				case b.Status.ObservedGeneration != b.Generation:
					return "", errors.New("the operator has not looked at the newest spec yet: try again in a moment")
				case shown == nil:
					return "", errors.New("there is no plan that waits for anybody")
				case digest != "" && digest != shown.Digest:
					return "", fmt.Errorf("the plan is %s by now, not %s: look at it again", shown.Digest, digest)
				}
				annotate(b, v1alpha1.ApprovedPlanAnnotation, shown.Digest)
				if now {
					annotate(b, v1alpha1.ExemptedPlanAnnotation, shown.Digest)
				}
				return fmt.Sprintf("begins with plan %s: %s", shown.Digest, shown.Summary), nil
			})
		},
	}
	command.Flags().StringVar(&digest, "digest", "", "approve only this plan")
	command.Flags().BoolVar(&now, "now", false, "do not wait for the maintenance window")
	return command
}

func name(args []string) string { return strings.Join(args, "") }

func annotate(b *v1alpha1.PlatformBundle, key, value string) {
	if b.Annotations == nil {
		b.Annotations = map[string]string{}
	}
	b.Annotations[key] = value
}

// change patches what f changes, and says what f says.
func change(ctx context.Context, env *cli.Env, name string, f func(*v1alpha1.PlatformBundle) (string, error)) error {
	bundle, err := env.Bundle(ctx, name)
	if err != nil {
		return err
	}
	before := bundle.DeepCopy()
	said, err := f(bundle)
	if err != nil {
		return cli.Failed(fmt.Errorf("platformbundle %s: %w", bundle.Name, err))
	}
	c, err := env.Client()
	if err != nil {
		return err
	}
	// The lock keeps an approval from meeting another plan than the one it was about.
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := c.Patch(ctx, bundle, patch, client.FieldOwner(fieldManager)); err != nil {
		return cli.Failed(err)
	}
	_, err = fmt.Fprintln(env.Out, strings.Join(slices.Compact([]string{"platformbundle/" + bundle.Name, said}), " "))
	return err
}
