// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Command docgen writes the pages of docs that repeat what the code says: api.md
// from the generated CRDs, components.md and the pages in docs/components from the
// embedded catalogs. It imports the apiextensions types, the catalog with what it
// is made of, and its data only.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/groundwork-dev/groundwork/bundles"
)

const usage = `usage: docgen api | components FOLDER

  go run ./hack/docgen api > docs/api.md
  go run ./hack/docgen components docs   # docs/components.md, docs/components/*.md
`

var errUsage = errors.New("name what to write")

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
	switch {
	case len(args) == 1 && args[0] == "api":
		return api("config/crd/bases", out)
	case len(args) == 2 && args[0] == "components":
		pages, err := components(bundles.FS)
		if err != nil {
			return err
		}
		return writePages(args[1], pages)
	}
	return errUsage
}
