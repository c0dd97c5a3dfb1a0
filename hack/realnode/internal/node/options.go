// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"io"

	"github.com/groundwork-dev/groundwork/hack/simcluster/binaries"
)

// ErrUnsupported is returned by everything on a system other than Linux.
var ErrUnsupported = errors.New("a node needs Linux")

// Options say which node is meant.
type Options struct {
	// Dir is the state folder. Required.
	Dir string
	// Bin is the folder of the binaries; needed by Up.
	Bin string
	// Self is this program's executable, started again inside; needed by Up.
	Self string
	// Images are archives that Up imports.
	Images []string
	// Log receives a line for each thing worth telling. Required.
	Log io.Writer
}

// Pause returns the program of the sandbox image, whose source is in the
// module of this command: ../../realnode as seen from the pinning modules.
func Pause() binaries.Binary {
	return binaries.Binary{
		Name: "pause", Module: "../../realnode", Package: "./pause",
		VersionOf: "github.com/groundwork-dev/groundwork/hack/realnode",
	}
}

// Programs lists all that a node runs. It is less than what binaries.Node
// lists: that holds what the node's tests run, too.
func Programs() []binaries.Binary {
	programs := append(binaries.ControlPlane(), Pause())
	for _, b := range binaries.Node() {
		switch b.Name {
		case "kubelet", "kube-proxy", "coredns":
			programs = append(programs, b)
		}
	}
	return programs
}
