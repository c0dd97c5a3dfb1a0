// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Command cases prints what the tests of the policy presets judge, as JSON: for
// each fixture the manifests that a bundle with the preset gets for an engine, the
// request, and what is expected. The tests of the engines are modules of their own,
// which take nothing but this from Groundwork, so that each engine keeps the
// versions it was released with. It imports the API, the catalog and resolve.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
)

const usage = `usage: cases kyverno | gatekeeper [DIR]

DIR holds <preset>/{pass,fail}-*.yaml; default: test/policies/testdata
`

var errUsage = errors.New("name an engine")

func main() {
	err := run(os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "cases:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	engines := []v1alpha1.PolicyEngine{v1alpha1.PolicyEngineKyverno, v1alpha1.PolicyEngineGatekeeper}
	if len(args) < 1 || len(args) > 2 || !slices.Contains(engines, v1alpha1.PolicyEngine(args[0])) {
		return errUsage
	}
	dir := "test/policies/testdata"
	if len(args) == 2 {
		dir = args[1]
	}
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		return err
	}
	fixtures, err := load(dir)
	if err != nil {
		return err
	}
	var all []Case
	for _, f := range fixtures {
		for _, enforcement := range []v1alpha1.PolicyEnforcement{v1alpha1.PolicyAudit, v1alpha1.PolicyEnforce} {
			one, err := f.resolve(v1alpha1.PolicyEngine(args[0]), enforcement, catalogs)
			if err != nil {
				return fmt.Errorf("%s/%s: %w", f.preset, f.name, err)
			}
			all = append(all, one)
		}
	}
	return json.NewEncoder(out).Encode(all)
}
