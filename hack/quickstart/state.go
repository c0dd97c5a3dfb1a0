// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// state is what a running quickstart was started with, for a second up and for down.
type state struct {
	// Context is the kubeconfig context; empty for the simulated cluster.
	Context string `json:"context,omitempty"`
	// Mirror is the operator's --chart-mirror; empty for the real repositories.
	Mirror string `json:"mirror,omitempty"`
	// Charts says in words where charts come from.
	Charts string `json:"charts"`
	// BundleFile was applied; Bundle is the name of the PlatformBundle in it.
	BundleFile string `json:"bundleFile"`
	Bundle     string `json:"bundle"`
	// Metrics, Probes and Dashboard are addresses of the operator. A state of an older
	// quickstart has no Dashboard.
	Metrics   string `json:"metrics"`
	Probes    string `json:"probes"`
	Dashboard string `json:"dashboard,omitempty"`
}

// layout names the files of the quickstart's folder. The simulated cluster
// lives in the same one and puts its own beside them.
type layout struct{ dir string }

func (l layout) state() string      { return filepath.Join(l.dir, "quickstart.json") }
func (l layout) kubeconfig() string { return filepath.Join(l.dir, "kubeconfig") }
func (l layout) pid() string        { return filepath.Join(l.dir, "operator.pid") }
func (l layout) log() string        { return filepath.Join(l.dir, "operator.log") }
func (l layout) standIns() string   { return filepath.Join(l.dir, "charts") }
func (l layout) cache() string      { return filepath.Join(l.dir, "chart-cache") }

// read returns the zero state when there is none.
func (l layout) read() (state, error) {
	var s state
	data, err := os.ReadFile(l.state())
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		return s, fmt.Errorf("read %s: %w; `make quickstart-down` removes it", l.state(), err)
	}
	return s, nil
}

func (l layout) write(s state) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(l.state(), append(data, '\n'), 0o600)
}
