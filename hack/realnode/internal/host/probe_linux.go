// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Cloneflags are the namespaces that a node has for itself.
const Cloneflags = unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET |
	unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

func isRoot() bool { return os.Geteuid() == 0 }

// probeInside runs "self probe args" in namespaces like those of a node.
func probeInside(self string, args ...string) error {
	cmd := exec.Command(self, append([]string{"probe"}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: Cloneflags}
	out, err := cmd.CombinedOutput()
	if err != nil {
		if said := strings.TrimSpace(string(out)); said != "" {
			return fmt.Errorf("%w: %s", err, said)
		}
		return err
	}
	return nil
}

// rules is of every kind of rule that kube-proxy writes: each kind may be a
// module that the kernel lacks.
const rules = `table ip realnode-probe {
	map services { type ipv4_addr . inet_proto . inet_service : verdict; }
	chain endpoint { meta l4proto tcp dnat to 10.0.0.1:80; }
	chain prerouting {
		type nat hook prerouting priority -100;
		fib daddr type local ip daddr . meta l4proto . th dport vmap @services
		numgen random mod 2 vmap { 0 : goto endpoint, 1 : goto endpoint }
	}
	chain postrouting { type nat hook postrouting priority 100; masquerade fully-random; }
	chain forward { type filter hook forward priority 0; ct state new reject; }
}
`

// Probe tries, in fresh namespaces, the mounts that a node begins with, and
// with installed true what connects its Pods.
func Probe(installed bool) error {
	if err := probeMounts(); err != nil || !installed {
		return err
	}
	ip := Program("ip")
	for _, attempt := range []struct {
		command []string
		input   string
	}{
		{[]string{ip, "link", "add", "probe0", "type", "bridge"}, ""},
		{[]string{ip, "link", "add", "probe1", "type", "veth", "peer", "name", "probe2"}, ""},
		{[]string{Program("nft"), "--file", "-"}, rules},
	} {
		cmd := exec.Command(attempt.command[0], attempt.command[1:]...)
		cmd.Stdin = strings.NewReader(attempt.input)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(attempt.command, " "), err, out)
		}
	}
	return nil
}

func probeMounts() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	for _, m := range [][2]string{{"proc", "/proc"}, {"sysfs", "/sys"}, {"tmpfs", "/run"}} {
		if err := unix.Mount(m[0], m[1], m[0], 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", m[1], err)
		}
	}
	return nil
}
