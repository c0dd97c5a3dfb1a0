// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
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

// Setup installs the packages that are missing; it only says so when none is.
// The package lists are fetched when the ones there do not do.
func Setup(ctx context.Context, log io.Writer) error {
	missing := Missing()
	if len(missing) == 0 {
		_, _ = fmt.Fprintln(log, "all packages of a node are there")
		return nil
	}
	began := time.Now()
	_, _ = fmt.Fprintf(log, "installing %s ...", strings.Join(missing, ", "))
	install := append([]string{"install", "--yes", "--no-install-recommends"}, missing...)
	err := aptGet(ctx, install)
	if err != nil {
		if err = aptGet(ctx, []string{"update"}); err == nil {
			err = aptGet(ctx, install)
		}
	}
	if err != nil {
		_, _ = fmt.Fprintln(log, " failed")
		return err
	}
	_, _ = fmt.Fprintf(log, " %.0f s\n", time.Since(began).Seconds())
	if left := Missing(); len(left) > 0 {
		return fmt.Errorf("the packages %s are installed but do not hold what a node needs", strings.Join(left, ", "))
	}
	return nil
}

func aptGet(ctx context.Context, args []string) error {
	cmd := exec.CommandContext(ctx, Program("apt-get"), append([]string{"--quiet"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "PATH="+Path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

func programs(names ...string) func() bool {
	return func() bool {
		return !slices.ContainsFunc(names, func(name string) bool { return Program(name) == "" })
	}
}
