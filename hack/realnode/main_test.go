// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/groundwork-dev/groundwork/hack/realnode/internal/host"
)

func TestUsage(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"nothing":             {nil, ""},
		"unknown":             {[]string{"start"}, "start"},
		"a stray argument":    {[]string{"down", "./other"}, "./other"},
		"load without files":  {[]string{"load"}, "image archive"},
		"exec without a word": {[]string{"exec", "--dir=x", "--"}, "command"},
		"half an image":       {[]string{"image", "--name=a:b"}, "--out"},
		"init by hand":        {[]string{"init"}, "only up"},
	} {
		t.Run(name, func(t *testing.T) {
			err := run(t.Context(), tt.args, io.Discard)
			if !errors.Is(err, errUsage) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want wrong usage that names %q", err, tt.want)
			}
		})
	}
}

func TestExitCode(t *testing.T) {
	tests := map[string]struct {
		err         error
		want        int
		out, errOut string
	}{
		"success": {},
		"not up":  {err: errNotUp, want: 1},
		"skipped": {
			err:  fmt.Errorf("here: %w", skippedError("this is plan9; needs Linux")),
			want: exitSkipped, out: "realnode: here: skipped: this is plan9; needs Linux\n",
		},
		"an accident": {err: errors.New("broken"), want: 1, errOut: "realnode: broken\n"},
		"usage":       {err: errUsage, want: exitUsage, errOut: "realnode: wrong usage\n" + usage},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out, errOut bytes.Buffer
			got := exitCode(tt.err, &out, &errOut)
			if got != tt.want || out.String() != tt.out || errOut.String() != tt.errOut {
				t.Errorf("got %d, %q and %q", got, out.String(), errOut.String())
			}
		})
	}
}

// TestSetupError: what the machine cannot do is an answer, an interrupt is none.
func TestSetupError(t *testing.T) {
	failed := fmt.Errorf("%w: apt-get install: E: Unable to locate package runc", host.ErrNotInstalled)
	var skipped skippedError
	if err := setupError(failed); !errors.As(err, &skipped) || !strings.Contains(err.Error(), "Unable to locate") {
		t.Errorf("got %v, want that the node is skipped, and why", err)
	}
	for _, err := range []error{errors.Join(context.Canceled, failed), errors.New("broken")} {
		if got := setupError(err); errors.As(got, &skipped) || !errors.Is(got, err) {
			t.Errorf("%v became %v", err, got)
		}
	}
}

// TestOwnDockerfile reads the Dockerfile that ships: a change of it must not
// first fail where a node runs.
func TestOwnDockerfile(t *testing.T) {
	stage, err := readStage(filepath.Join("..", "..", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	if stage.Target != "/manager" || stage.User != "65532:65532" || stage.Entrypoint[0] != "/manager" {
		t.Errorf("got %+v", stage)
	}
}
