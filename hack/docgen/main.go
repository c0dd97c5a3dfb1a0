// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Command docgen writes the pages of docs that repeat what the code says: api.md
// from the generated CRDs and components.md from the embedded catalogs. It imports
// the apiextensions types, the catalog and its data only.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
)

const usage = `usage: docgen api | components

  go run ./hack/docgen api        > docs/api.md
  go run ./hack/docgen components > docs/components.md
`

var errUsage = errors.New("name one page")

func main() {
	err := run(os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) != 1 {
		return errUsage
	}
	switch args[0] {
	case "api":
		return api("config/crd/bases", out)
	case "components":
		catalogs, err := catalog.Load(bundles.FS)
		if err != nil {
			return err
		}
		return components(catalogs, out)
	}
	return errUsage
}
