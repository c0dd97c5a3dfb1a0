// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// StampFile records, in the output folder, what each binary was built from.
// It is written last, so make can use it as the target of the whole build.
const StampFile = ".stamp"

// stamp maps the name of a binary to the digest of all that decides its content.
type stamp map[string]string

// readStamp returns an empty stamp when there is none, or none that can be
// read: the worst that follows is a build that the compiler's cache shortens.
func readStamp(dir string) stamp {
	data, err := os.ReadFile(filepath.Join(dir, StampFile))
	if err != nil {
		return stamp{}
	}
	s := stamp{}
	if json.Unmarshal(data, &s) != nil {
		return stamp{}
	}
	return s
}

func (s stamp) write(dir string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the stamp: %w", err)
	}
	return writeAtomically(filepath.Join(dir, StampFile), append(data, '\n'), 0o644)
}

// fresh reports whether the file name exists in dir and was built from digest.
func (s stamp) fresh(dir, name, digest string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil && s[name] == digest
}

// mainFile is the whole of a main package of our own.
const mainFile = "main.go"

// digestOf covers the module that pins b (go.mod and go.sum), the package, the
// tags and the linker flags, which carry the version. A package of our own (its
// path is relative) is a single file, and is covered too.
func digestOf(source string, b Binary, flags string) (string, error) {
	h := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(source, b.Module, name))
		if errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%s is not the folder of the pinned modules (set --source): %w", source, err)
		}
		if err != nil {
			return "", fmt.Errorf("read the pinned versions: %w", err)
		}
		fmt.Fprintf(h, "%s %d\n", name, len(data))
		h.Write(data)
	}
	fmt.Fprintf(h, "%s\n%s\n", b.Package, flags)
	if b.Tags != "" {
		fmt.Fprintf(h, "tags %s\n", b.Tags)
	}
	if strings.HasPrefix(b.Package, ".") {
		data, err := os.ReadFile(filepath.Join(source, b.Module, b.Package, mainFile))
		if err != nil {
			return "", fmt.Errorf("read the program %s: %w", b.Name, err)
		}
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// writeAtomically never leaves half a file under its final name.
func writeAtomically(path string, data []byte, mode fs.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(mode), tmp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
