// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package proc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrLocked is returned by TryAcquire while another process holds the lock.
var ErrLocked = errors.New("held by another process")

// Lock is an exclusive lock on a file, freed by the system when its holder ends.
type Lock struct{ file *os.File }

// TryAcquire takes the lock at path, creating the file and its folder, or
// returns ErrLocked together with its holder (zero when unknown).
func TryAcquire(path string) (*Lock, Identity, error) {
	// Each time anew: a holder may remove the folder before it lets go.
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, Identity{}, fmt.Errorf("create the lock's folder: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Identity{}, ErrLocked // the folder went in between
	}
	if err != nil {
		return nil, Identity{}, fmt.Errorf("open the lock file: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || (err == nil && !sameFile(file, path)) {
		// The second case: a former holder removed the file while this
		// process opened it, so the lock taken is on a file nobody sees.
		holder := readHolder(path)
		_ = file.Close()
		return nil, holder, ErrLocked
	}
	if err != nil {
		_ = file.Close()
		return nil, Identity{}, fmt.Errorf("lock %s: %w", path, err)
	}
	_ = file.Truncate(0)
	start, _ := startOf(os.Getpid())
	if _, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+" "+start), 0); err != nil {
		_ = file.Close()
		return nil, Identity{}, fmt.Errorf("write the lock file: %w", err)
	}
	return &Lock{file: file}, Identity{}, nil
}

// Acquire waits for the lock at path until ctx ends.
func Acquire(ctx context.Context, path string) (*Lock, error) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		lock, holder, err := TryAcquire(path)
		if !errors.Is(err, ErrLocked) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s is held by process %d: %w", path, holder.PID, ctx.Err())
		case <-tick.C:
		}
	}
}

// Release frees the lock. The file stays, without a holder's name; its owner
// removes it, if at all, while holding the lock.
func (l *Lock) Release() {
	_ = l.file.Truncate(0)
	_ = l.file.Close()
}

func sameFile(file *os.File, path string) bool {
	opened, err := file.Stat()
	if err != nil {
		return false
	}
	current, err := os.Stat(path)
	return err == nil && os.SameFile(opened, current)
}

// readHolder returns whom the lock file names. That may be a former holder, as
// one that was killed does not erase its name: its start time tells.
func readHolder(path string) Identity {
	data, err := os.ReadFile(path)
	if err != nil {
		return Identity{}
	}
	number, start, _ := strings.Cut(string(data), " ")
	pid, err := strconv.Atoi(number)
	if err != nil {
		return Identity{}
	}
	return Identity{Name: "the lock's holder", PID: pid, Start: start}
}
