// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// abandonedAfter is the age at which a temporary file belongs to a process that is gone.
const abandonedAfter = time.Hour

// store is a directory of archives named by their digest, and of links from a content digest to an archive. Files appear by rename and
// never change, so that goroutines and processes may share it without a lock; each is verified when it is read.
type store struct{ dir string }

func newStore(dir string, now time.Time) (*store, error) {
	s := &store{dir: dir}
	for _, sub := range []string{"archives", "contents", "indexes"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, s.failed(err)
		}
	}
	s.sweep(now)
	return s, nil
}

// sweep removes the temporary files of processes that died while writing.
func (s *store) sweep(now time.Time) {
	temporary, _ := filepath.Glob(filepath.Join(s.dir, "*", temporaryPrefix+"*"))
	for _, name := range temporary {
		if info, err := os.Stat(name); err == nil && now.Sub(info.ModTime()) > abandonedAfter {
			_ = os.Remove(name) // another process may have been quicker
		}
	}
}

// get returns the archive of a digest. A damaged one is removed, and missing from then on.
func (s *store) get(digest string) ([]byte, bool) {
	name, ok := s.path("archives", digest)
	if !ok {
		return nil, false
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, false
	}
	if archiveDigest(data) != digest {
		_ = os.Remove(name)
		return nil, false
	}
	return data, true
}

// size of an archive in bytes, 0 if it is not there.
func (s *store) size(digest string) int64 {
	name, ok := s.path("archives", digest)
	if !ok {
		return 0
	}
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}

// put keeps an archive.
func (s *store) put(data []byte) error {
	name, _ := s.path("archives", archiveDigest(data))
	if info, err := os.Stat(name); err == nil && info.Size() == int64(len(data)) {
		return nil // it is there; should it be damaged, get finds out
	}
	return s.write(name, data)
}

// link remembers which archive holds a content.
func (s *store) link(content, archive string) error {
	name, ok := s.path("contents", content)
	if !ok {
		return nil
	}
	if known, err := os.ReadFile(name); err == nil && string(known) == archive {
		return nil
	}
	return s.write(name, []byte(archive))
}

// linked returns the digest of an archive that holds a content, "" if none is known.
func (s *store) linked(content string) string {
	name, ok := s.path("contents", content)
	if !ok {
		return ""
	}
	archive, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(archive)
}

// path is where a digest's file lies; false for what is no digest, which must never become a path.
func (s *store) path(sub, digest string) (string, bool) {
	digits, found := strings.CutPrefix(digest, digestPrefix)
	if !found || !isHexDigest(digits) {
		return "", false
	}
	return filepath.Join(s.dir, sub, digits), true
}

func isHexDigest(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// temporaryPrefix marks files that are being written.
const temporaryPrefix = ".tmp-"

// create opens a temporary file for a file in sub.
func (s *store) create(sub string) (*os.File, error) {
	f, err := os.CreateTemp(filepath.Join(s.dir, sub), temporaryPrefix+"*")
	if err != nil {
		return nil, s.failed(err)
	}
	return f, nil
}

// write makes a file appear whole or not at all. It is not synced: what a crash leaves is found out when it is read.
func (s *store) write(name string, data []byte) error {
	f, err := s.create(filepath.Base(filepath.Dir(name)))
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return s.failed(err)
	}
	return nil
}

// failed says that the cache directory is no use. The path is left out of the cause, since it holds a random name.
func (s *store) failed(err error) error {
	return failure.Retryable(ReasonChartCacheFailed, "cannot use the chart cache in %s: %w", s.dir, innermost(err))
}
