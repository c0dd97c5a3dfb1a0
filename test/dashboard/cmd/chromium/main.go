// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Command chromium makes sure that the browser tests find a Chromium: it installs
// Debian's package where that is possible. It exits with 3, and says why in one line,
// where it is not.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/groundwork-dev/groundwork/test/dashboard/internal/chromium"
)

// impossible is the exit code for "no browser can be had here".
const impossible = 3

func main() {
	if path := chromium.Find(); path != "" {
		fmt.Println(path)
		return
	}
	if err := install(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "chromium:", err)
		os.Exit(impossible)
	}
	fmt.Println(chromium.Find())
}

// install asks apt-get, and once more with fresh lists when those here do not do.
func install(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("the browser tests need Chromium: install the package chromium, or name one in %s", chromium.Variable)
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("the browser tests need Chromium, and there is no apt-get to install it: name one in %s", chromium.Variable)
	}
	wanted := append([]string{"install", "--yes", "--no-install-recommends", "--no-remove"}, chromium.Packages()...)
	err := aptGet(ctx, wanted)
	if err != nil {
		if err = aptGet(ctx, []string{"update"}); err == nil {
			err = aptGet(ctx, wanted)
		}
	}
	if err == nil && chromium.Find() == "" {
		err = fmt.Errorf("the packages %s hold no browser", strings.Join(chromium.Packages(), ", "))
	}
	return err
}

func aptGet(ctx context.Context, args []string) error {
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"--quiet", "-o", "DPkg::Lock::Timeout=120"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("apt-get %s: %s (%w)", args[0], lines[len(lines)-1], err)
	}
	return nil
}
