// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/kube"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// operation is what one action works with.
type operation struct {
	release Release
	owner   string
	config  *action.Configuration
	records *records
	kube    *decorator
	// pruned are the objects of failed revisions that were deleted.
	pruned []Object
}

// operation builds the action's own configuration. The context is not given to
// Helm, because cancelling it there does not cancel the work; it ends further
// writes in the decorator instead.
func (e *Engine) operation(ctx context.Context, release Release, owner string) *operation {
	log := e.options.Log.WithValues("release", release.String())
	debug := func(format string, args ...any) { log.V(2).Info(fmt.Sprintf(format, args...)) }
	store := e.store(release)
	client := &decorator{
		Client:  &kube.Client{Factory: e.factory, Namespace: release.Namespace, Log: debug},
		ctx:     ctx,
		release: release,
		owner:   owner,
		mapper:  e.options.Kinds,
		wait:    e.options.Wait,
		explain: e.options.Explain,
		log:     log,
		absent:  e.absences,
	}
	return &operation{
		release: release,
		owner:   owner,
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

// store is the storage of a release's records.
func (e *Engine) store(release Release) *records {
	return newRecords(driver.NewSecrets(e.client.CoreV1().Secrets(release.Namespace)), e.metadata, release.Namespace)
}

// makes prepares the operation for an action that makes a revision: its record
// gets these labels of ours and no others. Helm takes the manifest of original
// for what is there; 0 means that it takes what it finds.
func (s *operation) makes(labels map[string]string, original func(known []Revision) int) {
	s.records.stamp = labels
	s.records.beforeDeployed = func(made *helmrelease.Release) {
		s.prune(overlooked(s.records.known, original(s.records.known)), made)
	}
}

func (e *Engine) stamp(digest string, more map[string]string) map[string]string {
	out := map[string]string{v1alpha1.HolderLabel: e.options.Identity}
	if digest != "" {
		out[v1alpha1.InputsDigestLabel] = digest
	}
	maps.Copy(out, more)
	return out
}

// finish settles the record and tells the result, which also a failed action has.
func (e *Engine) finish(s *operation, err error) (Result, error) {
	err = s.settle(err)
	result := Result{Applied: s.kube.releaseObjects, Pruned: s.pruned, Hooks: s.kube.hooks}
	made := s.records.created
	if made != nil {
		result.Revision = made.Version
	}
	if err != nil {
		return result, s.kube.told(translate(err))
	}
	result.Inventory, err = inventoryOf(made, e.options.Kinds)
	return result, err
}

// settle leaves no pending record behind a living process: a revision that did
// not become deployed is recorded as failed, whatever Helm did about it, and a
// record that could not be written is written again. It returns the error of the
// action, nil if the revision is deployed after all.
func (s *operation) settle(err error) error {
	if s.kube.interrupted != nil {
		err = s.kube.interrupted // Helm keeps the text of an error and drops the error
	}
	made := s.records.created
	if made == nil {
		return err
	}
	outstanding := s.records.LastError()
	if made.Info.Status.IsPending() {
		why := "the action ended without a result"
		if err != nil {
			why = translate(err).Error()
		}
		made.SetStatus(helmrelease.StatusFailed, why)
		outstanding = errors.New("not written yet")
	}
	if outstanding != nil {
		outstanding = s.rewrite(made)
	}
	if outstanding == nil {
		s.rewriteOthers()
	}
	switch {
	case outstanding != nil:
		return errors.Join(err, fmt.Errorf("Helm could not record revision %d: %w", made.Version, outstanding))
	case made.Info.Status == helmrelease.StatusDeployed:
		return nil
	case err == nil:
		return fmt.Errorf("revision %d is %s: %s", made.Version, made.Info.Status, made.Info.Description)
	default:
		return err
	}
}

// rewriteOthers keeps the history tidy: one revision is deployed.
func (s *operation) rewriteOthers() {
	others := s.records.unsaved
	s.records.unsaved = nil
	for _, rls := range others {
		if err := s.rewrite(rls); err != nil {
			s.kube.log.Error(err, "An earlier revision is not marked as superseded", "revision", rls.Version)
		}
	}
}

// rewrite tries for some seconds; the API server may be restarting.
func (s *operation) rewrite(rls *helmrelease.Release) error {
	err := s.config.Releases.Update(rls) // once in any case, also when the context has ended
	if err == nil {
		return nil
	}
	backoff := wait.Backoff{Duration: 100 * time.Millisecond, Factor: 3, Steps: 5}
	_ = wait.ExponentialBackoffWithContext(s.kube.ctx, backoff, func(context.Context) (bool, error) {
		err = s.config.Releases.Update(rls)
		return err == nil, nil
	})
	return err
}
