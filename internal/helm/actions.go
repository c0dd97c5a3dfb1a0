// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/action"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/kube"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// operation is what one action works with.
type operation struct {
	config  *action.Configuration
	records *records
	kube    *decorator
}

// operation builds the action's own configuration. The context is not given to
// Helm, because cancelling it there does not cancel the work; it ends further
// writes in the decorator instead.
func (e *Engine) operation(ctx context.Context, release Release, owner string) *operation {
	log := e.options.Log.WithValues("release", release.String())
	debug := func(format string, args ...any) { log.V(2).Info(fmt.Sprintf(format, args...)) }
	store := newRecords(driver.NewSecrets(e.client.CoreV1().Secrets(release.Namespace)), e.metadata, release.Namespace)
	client := &decorator{
		Client: &kube.Client{Factory: e.factory, Namespace: release.Namespace, Log: debug},
		ctx:    ctx,
		owner:  owner,
		mapper: e.options.Kinds,
		wait:   e.options.Wait,
		log:    log,
	}
	return &operation{
		config: &action.Configuration{
			RESTClientGetter: e.factory,
			Releases:         storage.Init(store),
			KubeClient:       client,
			Log:              debug,
		},
		records: store,
		kube:    client,
	}
}

// deployment is an operation with the pinned chart, and with the answers that the
// chart was checked with.
func (e *Engine) deployment(ctx context.Context, request Request) (*operation, *helmchart.Chart, error) {
	loaded, err := e.options.Charts.Load(ctx, request.Chart, request.Source)
	if err != nil {
		return nil, nil, err
	}
	dropCRDTemplates(loaded)
	s := e.operation(ctx, request.Release, request.Owner)
	s.config.Capabilities = capabilitiesFor(e.options.Kinds, request.Capabilities)
	return s, loaded, nil
}

// Install makes the first deployed revision. A release whose earlier attempts
// all failed is installed over them, with its install hooks, and nothing is
// deleted for that.
func (e *Engine) Install(ctx context.Context, request Request) (Result, error) {
	s, loaded, err := e.deployment(ctx, request)
	if err != nil {
		return Result{}, err
	}
	s.config.Releases.MaxHistory = request.HistoryLimit
	install := action.NewInstall(s.config)
	install.ReleaseName = request.Name
	install.Namespace = request.Namespace
	install.Replace = true
	install.SkipCRDs = true
	install.Timeout = request.Timeout
	install.Wait = request.HooksNeedWorkloads
	install.PostRenderer = withoutCRDs{}
	install.Labels = e.labels(request)
	rls, err := install.RunWithContext(context.WithoutCancel(ctx), loaded, request.Values)
	return e.finish(s, rls, err)
}

// Upgrade makes the next revision from the given inputs alone: values of earlier
// revisions are never reused.
func (e *Engine) Upgrade(ctx context.Context, request Request) (Result, error) {
	s, loaded, err := e.deployment(ctx, request)
	if err != nil {
		return Result{}, err
	}
	upgrade := action.NewUpgrade(s.config)
	upgrade.Namespace = request.Namespace
	upgrade.SkipCRDs = true
	upgrade.ResetValues = true
	upgrade.Timeout = request.Timeout
	upgrade.MaxHistory = request.HistoryLimit
	upgrade.Wait = request.HooksNeedWorkloads
	upgrade.PostRenderer = withoutCRDs{}
	upgrade.Labels = e.labels(request)
	rls, err := upgrade.RunWithContext(context.WithoutCancel(ctx), request.Name, loaded, request.Values)
	return e.finish(s, rls, err)
}

func (e *Engine) labels(request Request) map[string]string {
	return map[string]string{
		v1alpha1.InputsDigestLabel: request.Digest,
		v1alpha1.HolderLabel:       e.options.Identity,
	}
}

func (e *Engine) finish(s *operation, rls *helmrelease.Release, err error) (Result, error) {
	if err != nil {
		return Result{}, translate(err)
	}
	if err := s.records.LastError(); err != nil {
		return Result{}, fmt.Errorf("Helm could not record the revision: %w", err)
	}
	inventory, err := inventoryOf(rls, e.options.Kinds)
	return Result{Revision: rls.Version, Inventory: inventory, Applied: s.kube.releaseObjects}, err
}

// Uninstall removes the objects of the newest revision, waits until they are
// gone, and only then removes the records: Helm's own order forgets the
// inventory first. A release without records is gone already.
func (e *Engine) Uninstall(ctx context.Context, release Release, owner string, timeout time.Duration) error {
	s := e.operation(ctx, release, owner)
	last, err := s.config.Releases.Last(release.Name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if last.Info.Status != helmrelease.StatusUninstalled {
		if err := e.uninstall(s, release, timeout); err != nil {
			return translate(err)
		}
	}
	if err := e.waitRemoved(s, last, timeout); err != nil {
		return err
	}
	return purge(s, release)
}

func (e *Engine) uninstall(s *operation, release Release, timeout time.Duration) error {
	uninstall := action.NewUninstall(s.config)
	uninstall.KeepHistory = true
	uninstall.Timeout = timeout
	_, err := uninstall.Run(release.Name)
	if err != nil && len(s.kube.deleteErrors) > 0 {
		return fmt.Errorf("%w: %w", err, errors.Join(s.kube.deleteErrors...))
	}
	return err
}

// waitRemoved waits for what Helm deleted; what it keeps by annotation stays.
func (e *Engine) waitRemoved(s *operation, last *helmrelease.Release, timeout time.Duration) error {
	var removed strings.Builder
	for _, document := range documents(last.Manifest) {
		if !isCRD(document) && !strings.Contains(document, kube.ResourcePolicyAnno) {
			removed.WriteString("---\n" + document + "\n")
		}
	}
	list, err := s.kube.Build(strings.NewReader(removed.String()), false)
	if err != nil {
		return err
	}
	return s.kube.WaitForDelete(list, timeout)
}

func purge(s *operation, release Release) error {
	history, err := s.config.Releases.History(release.Name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, revision := range history {
		if _, err := s.config.Releases.Delete(release.Name, revision.Version); err != nil {
			return fmt.Errorf("remove the record of revision %d: %w", revision.Version, err)
		}
	}
	return nil
}
