// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"

	"helm.sh/helm/v3/pkg/action"
	helmchart "helm.sh/helm/v3/pkg/chart"
)

// deployment is an operation with the pinned chart, and with the answers that the
// chart was checked with.
func (e *Engine) deployment(ctx context.Context, request Request) (*operation, *helmchart.Chart, error) {
	loaded, err := e.options.Charts.Load(ctx, request.Chart, request.Source)
	if err != nil {
		return nil, nil, err
	}
	dropCRDTemplates(loaded)
	s := e.operation(ctx, request.Release, request.Owner)
	s.kube.allowDelete, s.kube.patience = request.AllowDelete, request.HookPatience
	s.config.Capabilities = capabilitiesFor(e.options.Kinds, request.Capabilities)
	return s, loaded, nil
}

// Install makes the first deployed revision. A release whose earlier attempts
// all failed is installed over them, with its install hooks, and nothing is
// deleted for that but what only they brought.
//
// On failure the result still tells the revision, if one was recorded, and what
// was written.
func (e *Engine) Install(ctx context.Context, request Request) (Result, error) {
	s, loaded, err := e.deployment(ctx, request)
	if err != nil {
		return Result{}, err
	}
	s.makes(e.stamp(request.Digest, nil), noRevision)
	s.kube.installs = !request.Adopt // who takes over wants to know what there is now
	s.config.Releases.MaxHistory = request.HistoryLimit
	install := action.NewInstall(s.config)
	install.ReleaseName = request.Name
	install.Namespace = request.Namespace
	install.Replace = true
	install.SkipCRDs = true
	install.Timeout = request.Timeout
	install.Wait = request.HooksNeedWorkloads
	install.TakeOwnership = request.Adopt
	install.PostRenderer = e.postRenderer(ctx, request)
	_, err = install.RunWithContext(context.WithoutCancel(ctx), loaded, plainNumbers(request.Values))
	return e.finish(s, err)
}

// Upgrade makes the next revision from the given inputs alone: values of earlier
// revisions are never reused. On failure the result still tells the revision, if
// one was recorded, and what was written.
func (e *Engine) Upgrade(ctx context.Context, request Request) (Result, error) {
	s, loaded, err := e.deployment(ctx, request)
	if err != nil {
		return Result{}, err
	}
	s.makes(e.stamp(request.Digest, nil), deployedOrLast)
	upgrade := action.NewUpgrade(s.config)
	upgrade.Namespace = request.Namespace
	upgrade.SkipCRDs = true
	upgrade.ResetValues = true
	upgrade.Timeout = request.Timeout
	upgrade.MaxHistory = request.HistoryLimit
	upgrade.Wait = request.HooksNeedWorkloads
	upgrade.TakeOwnership = request.Adopt
	upgrade.PostRenderer = e.postRenderer(ctx, request)
	_, err = upgrade.RunWithContext(context.WithoutCancel(ctx), request.Name, loaded, plainNumbers(request.Values))
	return e.finish(s, err)
}
