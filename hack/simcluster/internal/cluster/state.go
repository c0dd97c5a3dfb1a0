// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
)

// state is what `up` writes down for `down` and for a second `up`.
type state struct {
	// Ready says that `up` finished; a cluster without it was interrupted.
	Ready bool `json:"ready"`
	// Server is the API server's address.
	Server string `json:"server,omitempty"`
	// Nodes is the number of simulated Nodes asked for.
	Nodes int `json:"nodes"`
	// Processes are all that were started, in order.
	Processes []proc.Identity `json:"processes"`
}

// readState returns the zero state when there is none.
func readState(path string) (state, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, nil
	}
	if err != nil {
		return state{}, fmt.Errorf("read the cluster's state: %w", err)
	}
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return state{}, fmt.Errorf("read the cluster's state in %s: %w", path, err)
	}
	return s, nil
}

// write replaces the file at path in one step: a reader never sees half a state.
func (s state) write(path string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the cluster's state: %w", err)
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the cluster's state: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("write the cluster's state: %w", err)
	}
	return nil
}

// dead returns the recorded processes that no longer run.
func (s state) dead() []string {
	var names []string
	for _, p := range s.Processes {
		if !p.Alive() {
			names = append(names, p.Name)
		}
	}
	return names
}
