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
	// Network tries to make, with the packages' programs, what Pods and
	// Services are connected by.
	Network func() error
}

// Allowed returns why this process cannot have to do with nodes at all, and
// what would be needed, in one line, or "".
func Allowed(p Probes) string {
	switch {
	case p.OS != "linux":
		return fmt.Sprintf("this is %s; a node needs Linux (a virtual machine will do)", p.OS)
	case !p.Root:
		return "not root; a node makes namespaces, mounts and cgroups: run as root (sudo)"
	}
	return ""
}

// Check returns why no node can run here and what would be needed, in one
// line, or "". Missing packages are no reason where Setup can install them.
func Check(p Probes) string {
	if reason := Allowed(p); reason != "" {
		return reason
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

// CheckInstalled returns why no node can run here as the machine is now, and
// what would be needed, in one line, or "". To Check it adds the packages, and
// what only their programs can find out.
func CheckInstalled(p Probes) string {
	if reason := Check(p); reason != "" {
		return reason
	}
	if missing := p.Missing(); len(missing) > 0 {
		return oneLine("packages are missing: %s; `realnode setup` installs them, or says why it cannot", strings.Join(missing, ", "))
	}
	if err := p.Network(); err != nil {
		return oneLine("Pods could not be connected: %v; needs the kernel's bridge, veth and nf_tables with NAT "+
			"(built in, or as modules that can be loaded)", err)
	}
	return ""
}

// oneLine formats: the output of a program, inside an error, has line breaks.
func oneLine(format string, args ...any) string {
	return strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
}

// Machine returns the probes of this machine. self is this program: it is
// started again, as "self probe", to try what only a process in namespaces of
// its own may do.
func Machine(self string) Probes {
	return Probes{
		OS:         runtime.GOOS,
		Root:       isRoot(),
		Namespaces: func() error { return probeInside(self) },
		Cgroups:    tryCgroups,
		Missing:    func() []string { return Missing() },
		AptGet:     Program("apt-get") != "",
		Network:    func() error { return probeInside(self, "--installed") },
	}
}
