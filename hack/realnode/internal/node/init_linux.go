// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// The descriptors handed to the first process, and by it to the supervisor.
const (
	doorFD   = 3
	reportFD = 4
)

// Init is the node's first process: it starts the supervisor, reaps whatever
// loses its parent, and ends with the supervisor's exit code. The kernel then
// ends all that is left. It does nothing else, so that nothing else can end it.
func Init(self, config string) (int, error) {
	if os.Getpid() != 1 {
		return 1, errors.New("init is started by up, as the first process of a node")
	}
	files := []*os.File{os.Stdin, os.Stdout, os.Stderr, os.NewFile(doorFD, "door"), os.NewFile(reportFD, "report")}
	child, err := os.StartProcess(self, []string{self, "supervise", config}, &os.ProcAttr{Files: files, Env: os.Environ()})
	if err != nil {
		return 1, fmt.Errorf("start the supervisor: %w", err)
	}
	for _, file := range files[doorFD:] {
		_ = file.Close()
	}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 1, fmt.Errorf("wait for the supervisor: %w", err)
		case pid == child.Pid && status.Exited():
			return status.ExitStatus(), nil
		case pid == child.Pid:
			return 1, fmt.Errorf("the supervisor ended by %s", status.Signal())
		}
	}
}
