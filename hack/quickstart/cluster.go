// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// command runs a program and returns the last line it printed. Its whole output
// is in the error.
func command(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	// Called from make, it would talk to that one's job server.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool {
		return strings.HasPrefix(e, "MAKEFLAGS=") || strings.HasPrefix(e, "MAKELEVEL=") || strings.HasPrefix(e, "MFLAGS=")
	})
	err := cmd.Run()
	text := strings.TrimSpace(out.String())
	if ctx.Err() != nil {
		return "", errInterrupted
	}
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, text)
	}
	return text[strings.LastIndexByte(text, '\n')+1:], nil
}

// build compiles bin/manager, and with simulated true the simulated cluster, by
// the Makefile's rules. What is up to date costs a second.
func build(ctx context.Context, simulated bool) error {
	targets := []string{"--no-print-directory", "build"}
	if simulated {
		targets = append(targets, "bin/simcluster", "bin/k8s/.stamp")
	}
	_, err := command(ctx, "make", targets...)
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("make is not installed: it builds the operator and the simulated cluster; install it and run `make quickstart`")
	}
	return err
}

// simulate starts the simulated cluster in the layout's folder, or finds it running.
func simulate(ctx context.Context, l layout) (string, error) {
	line, err := command(ctx, filepath.Join("bin", "simcluster"), "up", "--dir", l.dir, "--bin", filepath.Join("bin", "k8s"))
	if err != nil {
		return "", fmt.Errorf("start the simulated cluster: %w", err)
	}
	line, _, _ = strings.Cut(line, ", kubeconfig ")
	line, _, _ = strings.Cut(line, " after ")
	return line, nil
}

// endSimulation ends the simulated cluster; it is no error when there is none.
func endSimulation(ctx context.Context, l layout) error {
	_, err := command(ctx, filepath.Join("bin", "simcluster"), "down", "--dir", l.dir)
	if err != nil {
		return fmt.Errorf("end the simulated cluster: %w", err)
	}
	return nil
}

// useContext writes a kubeconfig that holds this one context and nothing else
// for the operator: it must not follow a later `kubectl config use-context`.
func useContext(l layout, name string) (server string, err error) {
	config, err := clientcmd.NewDefaultClientConfigLoadingRules().Load()
	if err != nil {
		return "", fmt.Errorf("read the kubeconfig: %w", err)
	}
	chosen, ok := config.Contexts[name]
	if !ok {
		known := make([]string, 0, len(config.Contexts))
		for context := range config.Contexts {
			known = append(known, context)
		}
		slices.Sort(known)
		return "", fmt.Errorf("--context %s: the kubeconfig has no such context; it has: %s", name, strings.Join(known, ", "))
	}
	config.CurrentContext = name
	if err := errors.Join(clientcmdapi.MinifyConfig(config), clientcmdapi.FlattenConfig(config)); err != nil {
		return "", fmt.Errorf("--context %s: %w", name, err)
	}
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return "", err
	}
	if err := clientcmd.WriteToFile(*config, l.kubeconfig()); err != nil {
		return "", fmt.Errorf("--context %s: %w", name, err)
	}
	return config.Clusters[chosen.Cluster].Server, nil
}
