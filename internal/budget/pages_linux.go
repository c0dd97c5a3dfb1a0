// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package budget

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// dontNeed is MADV_DONTNEED: of a mapping of a file that was never written to, the
// kernel drops the pages from the process and keeps the file (madvise(2)).
const dontNeed = 4

// releaseProgram gives back the mapped pages of the program's code. Data that is read
// only now may have been written while the program was loaded, by a dynamic linker for
// one, and would be lost: only code is never written.
func releaseProgram() error {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return err
	}
	defer func() { _ = maps.Close() }()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		from, to, ok := codeOf(lines.Text(), program)
		if !ok {
			continue
		}
		if _, _, code := syscall.Syscall(syscall.SYS_MADVISE, from, to-from, dontNeed); code != 0 {
			return fmt.Errorf("give back the pages of %s: %w", program, code)
		}
	}
	return nil
}

// codeOf reads a line of /proc/self/maps (proc_pid_maps(5)): the addresses of the code
// of the program's file.
func codeOf(line, program string) (from, to uintptr, ok bool) {
	fields := strings.Fields(line)
	if len(fields) != 6 || fields[5] != program || fields[1] != "r-xp" {
		return 0, 0, false
	}
	_, err := fmt.Sscanf(fields[0], "%x-%x", &from, &to)
	return from, to, err == nil && from < to
}
