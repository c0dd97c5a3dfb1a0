// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
)

// state is what `up` writes down for the other commands and a second `up`.
type state struct {
	// Ready says that `up` finished; a node without it was interrupted.
	Ready bool `json:"ready"`
	// Server is the API server's address on the host.
	Server string `json:"server,omitempty"`
	// Init is the node's first process, as the host sees it: all others end with it.
	Init proc.Identity `json:"init"`
}

// running reports whether the node is up, all of it: the first process ends
// when any of its programs does.
func (s state) running() bool { return s.Ready && s.Init.Alive() }

// readState returns the zero state when there is none.
func readState(path string) (state, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, nil
	}
	if err != nil {
		return state{}, fmt.Errorf("read the node's state: %w", err)
	}
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return state{}, fmt.Errorf("read the node's state in %s: %w", path, err)
	}
	return s, nil
}

// write replaces the file at path in one step: a reader never sees half a state.
func (s state) write(path string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the node's state: %w", err)
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the node's state: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("write the node's state: %w", err)
	}
	return nil
}
