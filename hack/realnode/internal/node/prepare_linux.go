// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/groundwork-dev/groundwork/hack/realnode/internal/host"
	"github.com/groundwork-dev/groundwork/hack/realnode/internal/image"
)

// prepare writes every file that the programs of the node read.
func prepare(l layout, opts Options, server string) ([]host.Hierarchy, error) {
	began := time.Now()
	hierarchies, err := host.Hierarchies()
	if err != nil {
		return nil, err
	}
	coreDNS, err := coreDNSImage(opts.Bin)
	if err != nil {
		return nil, err
	}
	m := machine{
		Dir: l.dir, Bin: opts.Bin, Self: opts.Self, CoreDNS: coreDNS,
		CNI: host.CNI(), Runc: host.Program("runc"), Containerd: host.Program("containerd"),
		Ctr: host.Program("ctr"), IP: host.Program("ip"), Snapshotter: snapshotter(l.dir),
	}
	for _, h := range hierarchies {
		m.Cgroups = append(m.Cgroups, cgroup{Folder: h.Folder(), Options: h.Options()})
	}
	for _, archive := range opts.Images {
		absolute, err := filepath.Abs(archive)
		if err == nil {
			_, err = os.Stat(absolute)
		}
		if err != nil {
			return nil, fmt.Errorf("--image: %w", err)
		}
		m.Images = append(m.Images, absolute)
	}
	if err := writeIdentities(l, server, time.Now()); err != nil {
		return nil, err
	}
	if err := writeConfigs(l, m); err != nil {
		return nil, err
	}
	if err := m.write(l.config()); err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintln(opts.Log, stepLine("certificates and configurations", time.Since(began)))
	return hierarchies, nil
}

// stepLine says what was done, and how long it took.
func stepLine(what string, took time.Duration) string {
	return fmt.Sprintf("%s ... %.1f s", what, took.Seconds())
}

// writeImages makes the node's own images and returns their archives.
func writeImages(l layout, m machine) ([]string, error) {
	own := []struct{ name, binary, user string }{
		{pauseImage, "pause", "65535:65535"},
		{m.CoreDNS, "coredns", image.NonRoot},
	}
	var archives []string
	for _, o := range own {
		archive := l.image(o.binary)
		err := image.Write(archive, image.Spec{
			Name: o.name, Binary: filepath.Join(m.Bin, o.binary), Stage: image.OfBinary(o.binary, o.user),
		})
		if err != nil {
			return nil, fmt.Errorf("make the image %s: %w", o.name, err)
		}
		archives = append(archives, archive)
	}
	return archives, nil
}

// coreDNSImage names the image of cluster DNS after the version in the binary.
func coreDNSImage(bin string) (string, error) {
	const module = "github.com/coredns/coredns"
	info, err := buildinfo.ReadFile(filepath.Join(bin, "coredns"))
	if err != nil {
		return "", fmt.Errorf("ask coredns for its version: %w", err)
	}
	for _, dep := range append(info.Deps, &info.Main) {
		if dep.Path == module && dep.Version != "" {
			return "realnode.local/coredns:" + dep.Version, nil
		}
	}
	return "", fmt.Errorf("%s was not built from %s", filepath.Join(bin, "coredns"), module)
}

// snapshotter chooses how images are unpacked below dir: an overlay cannot be
// the upper part of an overlay, which the file system of a container often is.
func snapshotter(dir string) string {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err == nil && fs.Type == unix.OVERLAYFS_SUPER_MAGIC {
		return "native"
	}
	return "overlayfs"
}
