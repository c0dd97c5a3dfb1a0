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

const (
	// StampFile appears in the output folder when everything that a simulated
	// cluster needs is there and up to date, and never earlier: it is make's
	// target of the whole build.
	StampFile = ".stamp"
	// digestsFile records, in the output folder, what each binary was built from.
	digestsFile = ".digests"
)

// digests maps the name of a binary to the digest of all that decides its content.
type digests map[string]string

// readDigests returns none when there is no file of them, or none that can be
// read: the worst that follows is a build that the compiler's cache shortens.
func readDigests(dir string) digests {
	data, err := os.ReadFile(filepath.Join(dir, digestsFile))
	if err != nil {
		return digests{}
	}
	d := digests{}
	if json.Unmarshal(data, &d) != nil {
		return digests{}
	}
	return d
}

func (d digests) write(dir string) error {
	data, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the digests: %w", err)
	}
	return writeAtomically(filepath.Join(dir, digestsFile), append(data, '\n'), 0o644)
}

// fresh reports whether the file name exists in dir and was built from digest.
func (d digests) fresh(dir, name, digest string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil && d[name] == digest
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
