// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// sampleEvery is how often memory is looked at; a look costs a millisecond or two.
const sampleEvery = 100 * time.Millisecond

// Command is a program to start.
type Command struct {
	Path string
	Args []string
	// Env is added to the environment of this process.
	Env []string
	// Dir to run in. Empty: the current one.
	Dir string
	// Log receives the output; it is appended to. Required.
	Log string
	// SampleEvery is how often memory is looked at. Default: 100 ms.
	SampleEvery time.Duration
}

// Process is a child in a process group of its own, with all that comes from it.
type Process struct {
	// Started is when it was.
	Started time.Time

	name   string
	log    string
	cmd    *exec.Cmd
	exited chan struct{}
	err    error // after exited

	mu   sync.Mutex
	peak Usage
}

// Usage of a process and its descendants, those that have ended included where
// their parent waited for them.
type Usage struct {
	// CPU time, user and system. While it runs it comes in units of 10 ms.
	CPU time.Duration `json:"cpu"`
	// Memory now; zero when it has ended.
	Memory Memory `json:"memory"`
	// Peak is, for each figure, the highest sum over the tree in any sample.
	Peak Memory `json:"peak"`
	// Highest is the kernel's own record (VmHWM) of the largest single process: no
	// peak between two samples escapes it.
	Highest uint64 `json:"highest"`
}

// Start runs a program. The error names it.
func Start(c Command) (*Process, error) {
	log, err := os.OpenFile(c.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(c.Path, c.Args...) //nolint:noctx // Stop ends it, gently
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, c.Dir
	cmd.Env = append(os.Environ(), c.Env...)
	ownGroup(cmd)
	p := &Process{Started: time.Now(), name: filepath.Base(c.Path), log: c.Log, cmd: cmd, exited: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.exited)
	}()
	go p.watch(cmp.Or(c.SampleEvery, sampleEvery))
	return p, nil
}

// ownGroup keeps an interrupt typed at the terminal from reaching a child: its
// starter decides how it ends.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func (p *Process) watch(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		p.sample()
		select {
		case <-p.exited:
			return
		case <-ticker.C:
		}
	}
}

// sample looks once; a process that has just ended shows nothing, and that is not kept.
func (p *Process) sample() {
	seen, err := readTree(p.PID())
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.peak.CPU = max(p.peak.CPU, seen.cpu)
	p.peak.Memory = seen.memory
	p.peak.Peak.RSS = max(p.peak.Peak.RSS, seen.memory.RSS)
	p.peak.Peak.Anon = max(p.peak.Peak.Anon, seen.memory.Anon)
	p.peak.Peak.File = max(p.peak.Peak.File, seen.memory.File)
	p.peak.Highest = max(p.peak.Highest, seen.highest)
}

// PID of the program itself.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Exited is closed once it has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Err is how it ended; the end of its log is in it. nil while it runs, and after
// an exit with 0.
func (p *Process) Err() error {
	select {
	case <-p.exited:
	default:
		return nil
	}
	if p.err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w; the end of %s:\n%s", p.name, p.err, p.log, Tail(p.log, 20))
}

// Usage up to now, or up to the end.
func (p *Process) Usage() Usage {
	select {
	case <-p.exited:
	default:
		p.sample()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.peak
	select {
	case <-p.exited:
		out.Memory = Memory{}
		state := p.cmd.ProcessState
		out.CPU = max(out.CPU, state.UserTime()+state.SystemTime())
		if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
			out.Highest = max(out.Highest, uint64(usage.Maxrss)<<10)
		}
	default:
	}
	return out
}

// ResetPeak forgets the peaks of the samples, so that Peak speaks of what comes.
// Highest is the kernel's, of the whole life.
func (p *Process) ResetPeak() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.peak.Peak = Memory{}
}

// Signal sends a signal to the program itself. It is no error when it has ended.
func (p *Process) Signal(signal syscall.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %s to %s: %w", signal, p.name, err)
	}
	return nil
}

// Stop sends a signal and waits; after grace the whole group is killed, which is
// an error. How the program ended is none: see Err.
func (p *Process) Stop(signal syscall.Signal, grace time.Duration) error {
	if err := p.Signal(signal); err != nil {
		return err
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.exited:
		_ = syscall.Kill(-p.PID(), syscall.SIGKILL) // what it left behind; mostly nobody
		return nil
	case <-timer.C:
	}
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL)
	<-p.exited
	return fmt.Errorf("%s did not end within %s of %s and was killed; the end of %s:\n%s", p.name, grace, signal, p.log, Tail(p.log, 20))
}

// Tail is the last lines of a file, for a message.
func Tail(path string, lines int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
