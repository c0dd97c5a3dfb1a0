// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
	"github.com/groundwork-dev/groundwork/hack/simcluster/statedir"
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
func readState(path string) (state, error) { return statedir.Read[state](path) }

func (s state) write(path string) error { return statedir.Write(path, s) }

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
