// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/groundwork-dev/groundwork/test/bench/inputs"
)

// helm is a script of helm upgrade --install --wait, one release after the other, in
// the order of the edges.
type helm struct{ commands }

func (h *helm) apply(ctx context.Context, m *meter, set *inputs.Set) error {
	m.start()
	if err := h.definitionsFirst(ctx, set); err != nil {
		return err
	}
	for _, r := range set.Releases {
		err := h.run(ctx, h.bin("helm"), "upgrade", "--install", r.Name, r.Archive, "--namespace", r.Namespace, "--create-namespace",
			"--values", r.ValuesFile, "--wait", "--wait-for-jobs", "--timeout", h.duration(r.Timeout), "--history-max", fmt.Sprint(r.HistoryLimit))
		if err != nil {
			return err
		}
		if r.ManifestsFile == "" {
			continue
		}
		if err := h.run(ctx, h.kubectl(), "apply", "--server-side", "--namespace", r.Namespace, "-f", r.ManifestsFile); err != nil {
			return err
		}
	}
	return nil
}

// remove leaves the follow-up manifests, as helmfile destroy does. Without --wait,
// which can wait for ever (seen with the stand-in of kyverno): the bench itself sees
// when the workloads are gone.
func (h *helm) remove(ctx context.Context, set *inputs.Set) error {
	for _, r := range slices.Backward(set.Releases) {
		if err := h.run(ctx, h.bin("helm"), "uninstall", r.Name, "--namespace", r.Namespace); err != nil {
			return err
		}
	}
	return nil
}

// helmfile is helmfile sync: everything at once, but for needs.
type helmfile struct{ commands }

func (h *helmfile) apply(ctx context.Context, m *meter, set *inputs.Set) error {
	m.start()
	if err := h.definitionsFirst(ctx, set); err != nil {
		return err
	}
	return h.run(ctx, h.bin("helmfile"), "--file", set.Helmfile, "--helm-binary", h.bin("helm"), "sync", "--skip-deps")
}

func (h *helmfile) remove(ctx context.Context, set *inputs.Set) error {
	return h.run(ctx, h.bin("helmfile"), "--file", set.Helmfile, "--helm-binary", h.bin("helm"), "destroy", "--skip-charts")
}
