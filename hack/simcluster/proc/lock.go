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
// returns ErrLocked together with the process id of the holder (0 when unknown).
func TryAcquire(path string) (*Lock, int, error) {
	// Each time anew: a holder may remove the folder before it lets go.
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, 0, fmt.Errorf("create the lock's folder: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, ErrLocked // the folder went in between
	}
	if err != nil {
		return nil, 0, fmt.Errorf("open the lock file: %w", err)
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
		return nil, 0, fmt.Errorf("lock %s: %w", path, err)
	}
	_ = file.Truncate(0)
	if _, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0); err != nil {
		_ = file.Close()
		return nil, 0, fmt.Errorf("write the lock file: %w", err)
	}
	return &Lock{file: file}, 0, nil
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
			return nil, fmt.Errorf("%s is held by process %d: %w", path, holder, ctx.Err())
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

func readHolder(path string) int {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return 0
	}
	return pid
}
