// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package host asks the machine whether a node can run on it, installs the
// programs that it lacks, and keeps the cgroups of a node. It imports the
// standard library and golang.org/x/sys only; what needs Linux is in files of
// its own.
package host

import (
	"fmt"
	"runtime"
	"strings"
)

// Probes are the questions Check asks, in the order of its answers: the first
// thing missing is the one to tell about.
type Probes struct {
	// OS is the operating system, as runtime.GOOS names it.
	OS string
	// Root says whether the process has all rights.
	Root bool
	// Namespaces tries to make a process with namespaces of its own.
	Namespaces func() error
	// Cgroups tries to make a child cgroup in every hierarchy needed.
	Cgroups func() error
	// Missing returns the Debian packages that are not there.
	Missing func() []string
	// AptGet says whether packages can be installed.
	AptGet bool
}

// Check returns why no node can run here and what would be needed, in one
// line, or "". Missing packages are no reason where Setup can install them.
func Check(p Probes) string {
	switch {
	case p.OS != "linux":
		return fmt.Sprintf("this is %s; a node needs Linux (a virtual machine will do)", p.OS)
	case !p.Root:
		return "not root; a node makes namespaces, mounts and cgroups: run as root (sudo)"
	}
	if err := p.Namespaces(); err != nil {
		return oneLine("namespaces are refused: %v; needs CAP_SYS_ADMIN (for a container: --privileged)", err)
	}
	if err := p.Cgroups(); err != nil {
		return oneLine("no usable cgroup v1 hierarchies: %v; needs %s mounted and writable "+
			"(kernel parameter systemd.unified_cgroup_hierarchy=0)", err, strings.Join(required(), ", "))
	}
	if missing := p.Missing(); len(missing) > 0 && !p.AptGet {
		return oneLine("no apt-get to install %s with; install what they hold by other means", strings.Join(missing, ", "))
	}
	return ""
}

// oneLine formats: the output of a program, inside an error, has line breaks.
func oneLine(format string, args ...any) string {
	return strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
}

// Machine returns the probes of this machine. self is this program: it is
// started again, as "self probe", to try the namespaces.
func Machine(self string) Probes {
	return Probes{
		OS:         runtime.GOOS,
		Root:       isRoot(),
		Namespaces: func() error { return tryNamespaces(self) },
		Cgroups:    tryCgroups,
		Missing:    func() []string { return Missing() },
		AptGet:     Program("apt-get") != "",
	}
}
