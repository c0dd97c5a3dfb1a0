// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/groundwork-dev/groundwork/hack/realnode/internal/host"
)

var errNotUp = errors.New("no node runs there: `realnode up` starts one")

// Load imports archives into the node of opts.Dir.
func Load(ctx context.Context, opts Options, archives []string) error {
	l, _, err := running(opts)
	if err != nil {
		return err
	}
	for _, archive := range archives {
		began := time.Now()
		if err := importImage(ctx, host.Program("ctr"), l, archive); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(opts.Log, stepLine(filepath.Base(archive), time.Since(began)))
	}
	return nil
}

// importImage hands the archive to containerd, under the names it carries.
func importImage(ctx context.Context, ctr string, l layout, archive string) error {
	out, err := exec.CommandContext(ctx, ctr, "--address="+l.socket(), "--namespace=k8s.io", "images", "import", archive).CombinedOutput()
	if err != nil {
		return fmt.Errorf("import %s: %w: %s", archive, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// Exec replaces this process by command, a program of the host, in the
// namespaces of the node and in the same folder, if that is to be seen there.
// Its KUBECONFIG is the administrator's.
func Exec(opts Options, command []string) error {
	l, s, err := running(opts)
	if err != nil {
		return err
	}
	nsenter := host.Program("nsenter")
	here, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find the current folder: %w", err)
	}
	args := []string{
		nsenter, "--target=" + strconv.Itoa(s.Init.PID), "--mount", "--net", "--pid", "--ipc", "--uts", "--cgroup", "--",
		// nsenter itself ends up in the root folder.
		"/bin/sh", "-c", `cd "$0" 2>/dev/null; exec "$@"`, here,
	}
	env := append(os.Environ(), "KUBECONFIG="+l.userConfig(admin))
	if err := unix.Exec(nsenter, append(args, command...), env); err != nil {
		return fmt.Errorf("run nsenter: %w", err)
	}
	return nil
}

func running(opts Options) (layout, state, error) {
	l, err := newLayout(opts.Dir)
	if err != nil {
		return layout{}, state{}, err
	}
	s, err := readState(l.state())
	if err != nil {
		return l, s, err
	}
	if !s.running() {
		return l, s, fmt.Errorf("%s: %w", l.dir, errNotUp)
	}
	return l, s, nil
}
