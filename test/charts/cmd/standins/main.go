// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Command standins writes the stand-in charts to a folder, which then serves as a chart mirror:
//
//	go run ./test/charts/cmd/standins --out DIR [--full-size]
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/groundwork-dev/groundwork/test/charts"
)

func main() {
	out := flag.String("out", "", "folder for the charts; it is made if need be (required)")
	fullSize := flag.Bool("full-size", false, "give CRDs and ConfigMaps the size of the real ones, not a tenth of it")
	flag.Parse()
	if err := run(*out, *fullSize, flag.NArg()); err != nil {
		fmt.Fprintln(os.Stderr, "standins:", err)
		os.Exit(1)
	}
}

func run(out string, fullSize bool, arguments int) error {
	if out == "" || arguments > 0 {
		return fmt.Errorf("usage: standins --out DIR [--full-size]")
	}
	var opts []charts.Option
	if fullSize {
		opts = append(opts, charts.FullSize())
	}
	if err := charts.WriteDir(out, opts...); err != nil {
		return err
	}
	fmt.Printf("%d stand-in charts in %s\n", len(charts.Charts()), out)
	return nil
}
