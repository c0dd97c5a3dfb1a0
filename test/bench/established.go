// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/test/bench/inputs"
)

// askAgain is how often a definition that is not established is read again.
const askAgain = 50 * time.Millisecond

// established waits until all definitions are, and says whether any was late. They
// are read when all else is over: a watch of them would cost the API server tens of
// megabytes while it is measured.
func established(ctx context.Context, w *world, names []string) (late bool, err error) {
	if len(names) == 0 {
		return false, nil
	}
	var list apiextensionsv1.CustomResourceDefinitionList
	if err := w.client.List(ctx, &list); err != nil {
		return false, fmt.Errorf("read the definitions: %w", err)
	}
	missing := unestablished(names, list.Items)
	late = len(missing) > 0
	tick := time.NewTicker(askAgain)
	defer tick.Stop()
	for len(missing) > 0 {
		var definition apiextensionsv1.CustomResourceDefinition
		if err := w.client.Get(ctx, client.ObjectKey{Name: missing[0]}, &definition); client.IgnoreNotFound(err) != nil {
			return late, errors.New(describe(err, missing))
		}
		if len(unestablished(missing[:1], []apiextensionsv1.CustomResourceDefinition{definition})) == 0 {
			missing = missing[1:]
			continue
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return late, errors.New(describe(ctx.Err(), missing))
		}
	}
	return late, nil
}

// unestablished are the names of which no established definition is among those that
// there are.
func unestablished(names []string, there []apiextensionsv1.CustomResourceDefinition) []string {
	known := map[string]bool{}
	for _, definition := range there {
		for _, c := range definition.Status.Conditions {
			if c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue {
				known[definition.Name] = true
			}
		}
	}
	var out []string
	for _, name := range names {
		if !known[name] {
			out = append(out, name)
		}
	}
	return out
}

// definitions are those of all releases of a set.
func definitions(set *inputs.Set) []string {
	var out []string
	for _, r := range set.Releases {
		out = append(out, r.Definitions()...)
	}
	return out
}
