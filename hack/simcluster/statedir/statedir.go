// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package statedir handles the folder that a simulated cluster or a real node
// keeps its state in: one spelling of its path, the state file, and the lock
// that a command takes over from the one it interrupts. It imports package
// proc and the standard library.
package statedir

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/groundwork-dev/groundwork/hack/simcluster/proc"
)

// lockTimeout is how long TakeOver waits for an interrupted holder to clean up.
const lockTimeout = time.Minute

// Resolve returns the absolute path of dir, symbolic links included: the path
// is an identity (it marks the processes), so one folder must have one
// spelling. The folder need not exist. An empty dir is an error: it would be
// the current folder, which nobody means.
func Resolve(dir string) (string, error) {
	if dir == "" {
		return "", errors.New("--dir: the state folder has no name")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("resolve the state folder: %w", err)
	}
	if resolved, err := filepath.EvalSymlinks(abs); err == nil {
		return resolved, nil
	}
	// The folder does not exist (any more); its parent mostly does.
	if parent, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		abs = filepath.Join(parent, filepath.Base(abs))
	}
	return abs, nil
}

// Read returns the state written to path, the zero value when there is none.
// An error names the file.
func Read[S any](path string) (S, error) {
	var state, none S
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, fmt.Errorf("read the state: %w", err)
	}
	if err := json.Unmarshal(data, &state); err != nil {
		return none, fmt.Errorf("read the state in %s: %w", path, err)
	}
	return state, nil
}

// Write replaces the file at path in one step: a reader never sees half a state.
func Write(path string, state any) error {
	data, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the state: %w", err)
	}
	if err := os.WriteFile(unfinished(path), append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	if err := os.Rename(unfinished(path), path); err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	return nil
}

// Files returns what Write makes at path, a file left half-written included.
func Files(path string) []string { return []string{path, unfinished(path)} }

func unfinished(path string) string { return path + ".new" }

// TakeOver takes the lock of dir; it interrupts the process that holds it, and
// waits a minute for that to clean up. It returns nil when there is no folder:
// processes may still run, whoever removed the folder.
func TakeOver(ctx context.Context, dir, lock string) (*proc.Lock, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // no folder, no lock: said above
	}
	taken, holder, err := proc.TryAcquire(lock)
	if !errors.Is(err, proc.ErrLocked) {
		return taken, err
	}
	if err := holder.Terminate(); err != nil {
		return nil, fmt.Errorf("interrupt the command that works on %s: %w", dir, err)
	}
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	return proc.Acquire(ctx, lock)
}
