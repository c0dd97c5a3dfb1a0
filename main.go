// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Command manager is the Groundwork operator: flags become options, and
// internal/operator does the rest.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/groundwork-dev/groundwork/internal/budget"
	"github.com/groundwork-dev/groundwork/internal/operator"
)

// version is set by the linker.
var version = "dev"

func main() {
	if err := run(os.Args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "manager:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags, err := parseFlags(args)
	if err != nil {
		return err
	}
	if flags.printVersion {
		fmt.Println("groundwork", version)
		return nil
	}
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&flags.logging)))
	// Before anything takes memory: the garbage collector works towards the limit.
	if limit, err := budget.AdoptLimit(os.DirFS("/"), os.LookupEnv); err != nil {
		ctrl.Log.Error(err, "The container's memory limit is not known; set GOMEMLIMIT")
	} else if limit > 0 {
		ctrl.Log.Info("Memory is limited", "bytes", limit)
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	return operator.Run(ctrl.SetupSignalHandler(), config, flags.operator)
}
