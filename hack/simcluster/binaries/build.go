// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
)

// Options says where to build from and to.
type Options struct {
	// Programs are what to build. When empty: those of All, and StampFile.
	Programs []Binary
	// Source is the folder that holds the pinning modules; required.
	Source string
	// Out is the folder the binaries are placed in; created when missing.
	Out string
	// Parallel bounds the compiler's processes; 0 leaves it to the go command.
	Parallel int
	// Log receives one line a binary built. Required.
	Log io.Writer
}

// Build compiles the binaries that are missing from opts.Out or were built
// from other versions, and leaves the rest alone. A binary appears under its
// name only when complete. Two builds into one folder take turns. The error
// carries the go command's output.
func Build(ctx context.Context, opts Options) error {
	if err := os.MkdirAll(opts.Out, 0o755); err != nil {
		return fmt.Errorf("create the output folder: %w", err)
	}
	lock, err := proc.Acquire(ctx, filepath.Join(opts.Out, ".lock"))
	if err != nil {
		return fmt.Errorf("wait for another build into %s: %w", opts.Out, err)
	}
	defer lock.Release()

	b := builder{Options: opts, digests: readDigests(opts.Out), progress: newProgress(opts.Log)}
	all := opts.Programs
	if len(all) == 0 {
		all = All()
	}
	for i, binary := range all {
		if err := b.ensure(ctx, binary, fmt.Sprintf("(%d/%d)", i+1, len(all))); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(all, func(b Binary) bool { return b.Name == kwokName }) {
		if err := b.ensureStages(ctx); err != nil {
			return err
		}
	}
	if b.built == 0 {
		_, _ = fmt.Fprintf(opts.Log, "all %d binaries are up to date in %s\n", len(all), opts.Out)
	}
	if len(opts.Programs) > 0 {
		return nil
	}
	return writeAtomically(filepath.Join(opts.Out, StampFile), nil, 0o644)
}

// Missing returns the names of the files a simulated cluster needs that dir lacks.
func Missing(dir string) []string {
	missing := MissingOf(dir, All())
	if _, err := os.Stat(filepath.Join(dir, StagesFile)); err != nil {
		missing = append([]string{StagesFile}, missing...)
	}
	return missing
}

// MissingOf returns the names of the programs that dir lacks.
func MissingOf(dir string, programs []Binary) []string {
	var missing []string
	for _, b := range programs {
		if _, err := os.Stat(filepath.Join(dir, b.Name)); err != nil {
			missing = append(missing, b.Name)
		}
	}
	return missing
}

type builder struct {
	Options
	digests  digests
	progress *progress
	built    int
}

// ensure builds b unless it is there and up to date. It is written down
// at once: an interrupted build resumes where it stopped.
func (b *builder) ensure(ctx context.Context, binary Binary, position string) error {
	module, err := b.module(ctx, binary)
	if err != nil {
		return err
	}
	flags := ldflags(binary, module.Version)
	digest, err := digestOf(b.Source, binary, flags)
	if err != nil {
		return err
	}
	if b.digests.fresh(b.Out, binary.Name, digest) {
		return nil
	}
	label := strings.Join(strings.Fields("building "+binary.Name+" "+module.Version+" "+position), " ")
	err = b.progress.run(label, func() error { return b.compile(ctx, binary, flags) })
	if err != nil {
		return err
	}
	b.built++
	b.digests[binary.Name] = digest
	return b.digests.write(b.Out)
}

func (b *builder) compile(ctx context.Context, binary Binary, flags string) error {
	out, err := filepath.Abs(b.Out)
	if err != nil {
		return fmt.Errorf("resolve the output folder: %w", err)
	}
	tmp := filepath.Join(out, "."+binary.Name+".new")
	defer func() { _ = os.Remove(tmp) }()
	args := []string{"build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags", flags, "-o", tmp}
	if binary.Tags != "" {
		args = append(args, "-tags", binary.Tags)
	}
	if b.Parallel > 0 {
		args = append(args, "-p", strconv.Itoa(b.Parallel))
	}
	if _, err := b.goCommand(ctx, binary, append(args, binary.Package)...); err != nil {
		return fmt.Errorf("build %s: %w", binary.Name, err)
	}
	if err := os.Rename(tmp, filepath.Join(out, binary.Name)); err != nil {
		return fmt.Errorf("place %s: %w", binary.Name, err)
	}
	return nil
}

// ensureStages places kwok's stages beside kwok, from the same module.
func (b *builder) ensureStages(ctx context.Context) error {
	kwok := Binary{Name: kwokName, Module: "kwok", VersionOf: "sigs.k8s.io/kwok"}
	if b.digests.fresh(b.Out, StagesFile, b.digests[kwokName]) {
		return nil
	}
	// Unlike "go list", this fetches the module when the cache was emptied.
	out, err := b.goCommand(ctx, kwok, "mod", "download", "-json", kwok.VersionOf)
	if err != nil {
		return fmt.Errorf("fetch kwok's stages: %w", err)
	}
	var module goModule
	if err := json.Unmarshal(out, &module); err != nil {
		return fmt.Errorf("find kwok's stages: %w", err)
	}
	stages, err := joinStages(module.Dir)
	if err != nil {
		return err
	}
	if err := writeAtomically(filepath.Join(b.Out, StagesFile), stages, 0o644); err != nil {
		return err
	}
	b.digests[StagesFile] = b.digests[kwokName]
	return b.digests.write(b.Out)
}

type goModule struct{ Version, Dir string }

// module asks the go command, so the version lives in one place: the go.mod.
func (b *builder) module(ctx context.Context, binary Binary) (goModule, error) {
	out, err := b.goCommand(ctx, binary, "list", "-mod=readonly", "-m", "-json", binary.VersionOf)
	if err != nil {
		return goModule{}, fmt.Errorf("find the pinned version of %s: %w", binary.Name, err)
	}
	var m goModule
	if err := json.Unmarshal(out, &m); err != nil {
		return goModule{}, fmt.Errorf("read the pinned version of %s: %w", binary.Name, err)
	}
	return m, nil
}

func (b *builder) goCommand(ctx context.Context, binary Binary, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = filepath.Join(b.Source, binary.Module)
	// Without cgo the binaries are static and need no C compiler to build.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go %s in %s: %w\n%s", args[0], cmd.Dir, err, stderr.Bytes())
	}
	return stdout.Bytes(), nil
}
