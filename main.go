// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Command manager is the Groundwork operator. This file is the one place that
// knows everything: flags become options, options become rooms, and rooms are
// wired to each other.
package main

import (
	"fmt"
	"os"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

func main() {
	options, err := parseFlags(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "manager:", err)
		os.Exit(2)
	}
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&options.logging)))
	if err := run(ctrl.SetupSignalHandler(), options); err != nil {
		ctrl.Log.Error(err, "The manager ended")
		os.Exit(1)
	}
}
