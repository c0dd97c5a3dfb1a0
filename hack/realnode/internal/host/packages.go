// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// packages are the Debian packages of a node, each with what shows that it, or
// its like from another source, is there.
var packages = [...]struct {
	name    string
	present func() bool
}{
	{"conntrack", programs("conntrack")},
	{"containerd", programs("containerd", "containerd-shim-runc-v2", "ctr")},
	{"containernetworking-plugins", func() bool { return CNI() != "" }},
	{"iproute2", programs("ip")},
	{"iptables", programs("iptables")},
	{"nftables", programs("nft")},
	{"runc", programs("runc")},
	{"util-linux", programs("nsenter")},
}

// Path is the search path of a node's programs: an administrator's, whatever
// the caller's is.
const Path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Program returns the absolute path of the program name, or "".
func Program(name string) string {
	for _, dir := range filepath.SplitList(Path) {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
			return path
		}
	}
	return ""
}

// CNI returns the folder of the network plugins, or "".
func CNI() string {
	for _, dir := range []string{"/usr/lib/cni", "/opt/cni/bin"} {
		absent := func(plugin string) bool {
			_, err := os.Stat(filepath.Join(dir, plugin))
			return err != nil
		}
		if !slices.ContainsFunc([]string{"ptp", "host-local", "portmap", "loopback"}, absent) {
			return dir
		}
	}
	return ""
}

// Missing returns the packages whose programs are not there, by name.
func Missing() []string {
	var missing []string
	for _, p := range packages {
		if !p.present() {
			missing = append(missing, p.name)
		}
	}
	return missing
}

// ErrNotInstalled marks an error of Setup's that is the machine's: packages
// cannot be had here.
var ErrNotInstalled = errors.New("packages cannot be installed")

// Setup installs the packages that are missing, and removes none for them. The
// package lists are fetched when the ones there do not do. An installation that
// has begun is finished even when ctx ends, or the machine would be left with
// half-installed packages; then the error is that of ctx.
func Setup(ctx context.Context, log io.Writer) error {
	missing := Missing()
	if len(missing) == 0 {
		return nil
	}
	began := time.Now()
	_, _ = fmt.Fprintf(log, "installing %s ...", strings.Join(missing, ", "))
	install := append([]string{"install", "--yes", "--no-install-recommends", "--no-remove"}, missing...)
	err := aptGet(ctx, install)
	if err != nil && ctx.Err() == nil {
		if err = aptGet(ctx, []string{"update"}); err == nil {
			err = aptGet(ctx, install)
		}
	}
	if err = errors.Join(ctx.Err(), err); err != nil {
		_, _ = fmt.Fprintln(log, " failed")
		return fmt.Errorf("%w: %s: %w", ErrNotInstalled, strings.Join(missing, ", "), err)
	}
	_, _ = fmt.Fprintf(log, " %.0f s\n", time.Since(began).Seconds())
	if left := Missing(); len(left) > 0 {
		return fmt.Errorf("%w: %s do not hold what a node needs", ErrNotInstalled, strings.Join(left, ", "))
	}
	return nil
}

// aptGet runs apt-get to its end, out of reach of an interrupt typed at the
// terminal. It waits two minutes for another program that installs something.
func aptGet(ctx context.Context, args []string) error {
	args = append([]string{"--quiet", "-o", "DPkg::Lock::Timeout=120"}, args...)
	cmd := exec.CommandContext(context.WithoutCancel(ctx), Program("apt-get"), args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_SUSPEND=1", "LC_ALL=C", "PATH="+Path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("apt-get %s: %s (%w)", args[3], complaint(string(out)), err)
	}
	return nil
}

// complaint returns the line of apt-get's output that says what went wrong.
func complaint(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	for _, line := range lines {
		if strings.HasPrefix(line, "E: ") {
			return line
		}
	}
	return lines[len(lines)-1]
}

func programs(names ...string) func() bool {
	return func() bool {
		return !slices.ContainsFunc(names, func(name string) bool { return Program(name) == "" })
	}
}
