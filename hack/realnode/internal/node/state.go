// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
	"github.com/groundwork-dev/groundwork/hack/simcluster/statedir"
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
func readState(path string) (state, error) { return statedir.Read[state](path) }

func (s state) write(path string) error { return statedir.Write(path, s) }
