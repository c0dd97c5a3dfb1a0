// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package proc starts long-lived processes that outlive their starter, finds
// them again after any crash, and ends them for certain. It imports the
// standard library only and runs on Unix.
package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// OwnerVariable marks, in its environment, every process a cluster started
// with that cluster's state folder. It is what finds a process whose id was
// never written down because its starter was killed.
const OwnerVariable = "GROUNDWORK_SIMCLUSTER_OWNED_BY"

// Identity names one process. The start time tells it from a later process
// that was given the same id.
type Identity struct {
	Name  string `json:"name"`
	PID   int    `json:"pid"`
	Start string `json:"start"`
}

// Command is a process to start.
type Command struct {
	// Name is used in messages and for the log file.
	Name string
	Path string
	Args []string
	// Log is the file that receives its output; truncated.
	Log string
	// Owner is the absolute state folder it belongs to.
	Owner string
	// Env replaces the environment of this process; nil passes it on.
	Env []string
	// Files are handed on as the descriptors from 3 upwards.
	Files []*os.File
	// Attr adds to how the process is made; it always gets its own session.
	Attr syscall.SysProcAttr
}

// Process is a started child of this process.
type Process struct {
	Identity
	// Log is the file that receives its output.
	Log string
	// Exited is closed once it has ended, and reaped.
	Exited <-chan struct{}
}

// Start runs c in a session of its own, so that neither the end of this
// process nor an interrupt typed at its terminal reaches it.
func Start(c Command) (*Process, error) {
	log, err := os.Create(c.Log)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	defer func() { _ = log.Close() }()

	cmd := exec.Command(c.Path, c.Args...)
	cmd.Stdout, cmd.Stderr = log, log
	env := c.Env
	if env == nil {
		env = os.Environ()
	}
	cmd.Env = append(slices.Clip(env), OwnerVariable+"="+c.Owner)
	cmd.ExtraFiles = c.Files
	attr := c.Attr
	attr.Setsid = true
	cmd.SysProcAttr = &attr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	exited := make(chan struct{})
	// Read before the wait below can free the id for somebody else.
	start, _ := startOf(cmd.Process.Pid)
	go func() {
		defer close(exited)
		_ = cmd.Wait() // how it ended is in its log; that it ended is what counts
	}()
	return &Process{
		Identity: Identity{Name: c.Name, PID: cmd.Process.Pid, Start: start},
		Log:      c.Log,
		Exited:   exited,
	}, nil
}

// Alive reports whether id still runs. A zombie does not.
func (id Identity) Alive() bool {
	start, alive := startOf(id.PID)
	return alive && start == id.Start
}

// Tail returns the last n lines of the file at path, for an error message.
func Tail(path string, n int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// startOf returns an opaque text that is the same for one process all its
// life, and whether pid runs.
func startOf(pid int) (string, bool) {
	if pid <= 0 {
		return "", false
	}
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		return startFromProcfs(pid)
	}
	return startFromPS(pid)
}

func startFromProcfs(pid int) (string, bool) {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return "", false
	}
	return parseStat(data)
}

// parseStat reads /proc/<pid>/stat. The second field, the command in
// parentheses, may itself hold blanks and parentheses.
func parseStat(data []byte) (start string, alive bool) {
	end := bytes.LastIndexByte(data, ')')
	if end < 0 {
		return "", false
	}
	const state, startTime = 0, 19 // fields 3 and 22, counted after the command
	fields := bytes.Fields(data[end+1:])
	if len(fields) <= startTime {
		return "", false
	}
	switch string(fields[state]) {
	case "Z", "X", "x":
		return "", false
	}
	return string(fields[startTime]), true
}

// startFromPS serves systems without procfs.
func startFromPS(pid int) (string, bool) {
	out, err := exec.Command("ps", "-o", "stat=,lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return "", false
	}
	stat, start, found := strings.Cut(strings.TrimSpace(string(out)), " ")
	if !found || strings.HasPrefix(stat, "Z") {
		return "", false
	}
	return strings.TrimSpace(start), true
}

// Terminate asks id to end. It is no error when id ended before, or when its
// number is another process's by now.
func (id Identity) Terminate() error { return id.signal(syscall.SIGTERM) }

// signal sends sig to id if it still runs.
func (id Identity) signal(sig syscall.Signal) error {
	if !id.Alive() {
		return nil
	}
	err := syscall.Kill(id.PID, sig)
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal %s (pid %d): %w", id.Name, id.PID, err)
	}
	return nil
}
