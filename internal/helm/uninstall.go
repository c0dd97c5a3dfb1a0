// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/kube"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
)

// UninstallRequest is everything an uninstall needs.
type UninstallRequest struct {
	Release
	// Owner is the ComponentRelease.
	Owner string
	// Timeout of the hooks, and of the wait until the objects are gone.
	Timeout time.Duration
	// AllowDelete are kinds that count as data and are deleted with the release;
	// without it PersistentVolumeClaims and Namespaces stay.
	AllowDelete []string
}

// Uninstall removes the objects of the newest revision, and what is left of
// earlier ones that it did not replace, waits until they are gone, and only then
// removes the records: Helm's own order forgets the inventory first. A release
// without records is gone already.
func (e *Engine) Uninstall(ctx context.Context, request UninstallRequest) error {
	s := e.operation(ctx, request.Release, request.Owner)
	s.kube.allowDelete = request.AllowDelete
	last, err := s.config.Releases.Last(request.Name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.kube.spared, err = e.neverMade(ctx, request.Release, s.records.known, last.Manifest); err != nil {
		return err
	}
	if last.Info.Status != helmrelease.StatusUninstalled {
		if err := s.uninstall(request.Timeout); err != nil {
			return s.kube.told(translate(err))
		}
	}
	others, err := s.removeOthers(last)
	if err != nil {
		return err
	}
	if err := s.waitRemoved(last, others, request.Timeout); err != nil {
		return err
	}
	return s.purge()
}

// neverMade are the objects in the manifest of a release which exist and are not marked
// as its own, where no record says that it was deployed: its installation failed because
// they were there. A removal that was cut short hides that a release was deployed, unless
// it was Ready once; then what bears no mark of it stays, too.
func (e *Engine) neverMade(ctx context.Context, release Release, known []Revision, manifest string) ([]Object, error) {
	stood := func(r Revision) bool { return r.Ready || r.Status == StatusDeployed || r.Status == StatusSuperseded }
	if slices.ContainsFunc(known, stood) {
		return nil, nil
	}
	objects, err := objectsOf(manifest, release.Namespace, e.options.Kinds)
	if err != nil {
		return nil, err
	}
	live, err := e.lookAt(ctx, objects, nil)
	if err != nil {
		return nil, err
	}
	var out []Object
	for i, object := range objects {
		if live[i] != nil && !ownedBy(live[i], release) {
			out = append(out, object)
		}
	}
	return out, nil
}

func (s *operation) uninstall(timeout time.Duration) error {
	uninstall := action.NewUninstall(s.config)
	uninstall.KeepHistory = true
	uninstall.Timeout = timeout
	_, err := uninstall.Run(s.release.Name)
	if s.kube.interrupted != nil {
		return s.kube.interrupted
	}
	if err != nil && len(s.kube.deleteErrors) > 0 {
		return fmt.Errorf("%w: %w", err, errors.Join(s.kube.deleteErrors...))
	}
	return err
}

// removeOthers deletes what the newest revision would have replaced or deleted,
// had it not failed.
func (s *operation) removeOthers(last *helmrelease.Release) (kube.ResourceList, error) {
	revisions := overlookedByRemoval(s.records.known)
	if len(revisions) == 0 {
		return nil, nil
	}
	others, err := s.leftovers(revisions, last.Manifest, "")
	if err != nil || len(others) == 0 {
		return nil, err
	}
	_, errs := s.kube.Delete(others)
	return others, errors.Join(errs...)
}

// waitRemoved waits for what was deleted; what Helm keeps by annotation stays.
func (s *operation) waitRemoved(last *helmrelease.Release, others kube.ResourceList, timeout time.Duration) error {
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
	return s.kube.WaitForDelete(append(list, others...), timeout)
}

func (s *operation) purge() error {
	s.records.items = nil // minutes may have passed; nothing is to be left
	history, err := s.config.Releases.History(s.release.Name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	s.records.purging = true
	for _, revision := range history {
		if _, err := s.config.Releases.Delete(s.release.Name, revision.Version); err != nil {
			return fmt.Errorf("remove the record of revision %d: %w", revision.Version, err)
		}
	}
	return nil
}
