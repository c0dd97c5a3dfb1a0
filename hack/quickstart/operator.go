// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// operator is the operator's process. Its pid file carries a lock that the
// process inherits, so that the lock, not the number, says whether it runs: a
// number may have been given to somebody else by now.
type operator struct{ layout layout }

// start runs binary detached: neither the end of this program nor an interrupt
// typed at its terminal reaches it. Its output goes to the log.
func (o operator) start(binary string, args, env []string) error {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return err
	}
	pid, err := os.OpenFile(o.layout.pid(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("start the operator: %w", err)
	}
	defer func() { _ = pid.Close() }()
	if err := syscall.Flock(int(pid.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("start the operator: another one holds %s: `make quickstart-down` ends it", o.layout.pid())
	}
	log, err := os.Create(o.layout.log())
	if err != nil {
		return fmt.Errorf("start the operator: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = env
	cmd.ExtraFiles = []*os.File{pid}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the operator: %w", err)
	}
	number := []byte(strconv.Itoa(cmd.Process.Pid) + "\n")
	if err := errors.Join(pid.Truncate(0), writeAt(pid, number)); err != nil {
		_ = cmd.Process.Kill()
		return fmt.Errorf("start the operator: %w", err)
	}
	go func() { _ = cmd.Wait() }() // so that a dead one is not kept as a zombie
	return nil
}

func writeAt(file *os.File, data []byte) error {
	_, err := file.WriteAt(data, 0)
	return err
}

// running returns the process id of a living operator, or 0.
func (o operator) running() int {
	file, err := os.Open(o.layout.pid())
	if err != nil {
		return 0
	}
	defer func() { _ = file.Close() }()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err == nil {
		return 0 // nobody holds the lock: its operator has ended
	}
	var pid int
	if _, err := fmt.Fscan(file, &pid); err != nil {
		return 0
	}
	return pid
}

// stop asks the operator to end, gives it grace, and then kills it. It is no
// error when none runs.
func (o operator) stop(ctx context.Context, grace time.Duration) (stopped bool, err error) {
	pid := o.running()
	if pid == 0 {
		return false, nil
	}
	for _, end := range []struct {
		signal syscall.Signal
		grace  time.Duration
	}{{syscall.SIGTERM, grace}, {syscall.SIGKILL, 5 * time.Second}} {
		if err := syscall.Kill(pid, end.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return false, fmt.Errorf("stop the operator (process %d): %w", pid, err)
		}
		if o.ended(ctx, end.grace) {
			return true, nil
		}
	}
	return false, fmt.Errorf("the operator (process %d) does not end", pid)
}

// ended waits for the lock to be free: the process is not our child.
func (o operator) ended(ctx context.Context, within time.Duration) bool {
	deadline := time.Now().Add(within)
	for o.running() != 0 {
		if ctx.Err() != nil || time.Now().After(deadline) {
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
	return true
}

// lastLines returns the end of the operator's log.
func (o operator) lastLines(n int) string {
	data, err := os.ReadFile(o.layout.log())
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// freeAddress finds a port that nobody listens on.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}
