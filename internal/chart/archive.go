// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"path"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

// errUnpackedTooLarge ends the unpacking of an archive over the limit.
var errUnpackedTooLarge = errors.New("larger than the limit when unpacked")

// tarOverhead is what headers and padding may take beyond the limit for files.
const tarOverhead = 4 << 20

// maxNesting is how deep archives of dependencies may lie in one another.
const maxNesting = 8

// budget counts down what one chart, with all the archives inside it, may still unpack to: bytes out of gzip, and bytes of files. They
// differ: an archive of nothing but headers has no files, and a sparse file is larger than its bytes.
type budget struct{ stream, files int64 }

func take(left *int64, n int64) error {
	if *left -= n; *left < 0 {
		return errUnpackedTooLarge
	}
	return nil
}

// meter is a reader whose bytes come off the budget's stream. Over the budget it gives an error and no bytes: with bytes, io.ReadFull
// would pass over the error.
type meter struct {
	r io.Reader
	b *budget
}

func (m meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if over := take(&m.b.stream, int64(n)); over != nil {
		return 0, over
	}
	return n, err
}

// loadArchive loads a chart from its archive. The chart shares no memory with data's other readers.
func loadArchive(data []byte, where string, limit int64) (*helmchart.Chart, error) {
	files, err := unpack(data, &budget{stream: limit + tarOverhead, files: limit}, maxNesting)
	if errors.Is(err, errUnpackedTooLarge) {
		return nil, failure.Terminal(ReasonChartTooLarge, "the archive %s unpacks to more than the limit of %s", where, byteSize(limit))
	}
	if err != nil {
		return nil, failure.Terminal(ReasonChartArchiveInvalid, "%s is not a chart archive: %w", where, err)
	}
	c, err := loader.LoadFiles(files)
	if err != nil {
		return nil, failure.Terminal(ReasonChartArchiveInvalid, "%s is not a chart: %w", where, err)
	}
	return c, nil
}

// unpack reads the files of an archive into memory, without the directory at its top. The archives of dependencies inside are read too,
// only to hold them to the budget: Helm unpacks them later with limits of its own, one by one.
func unpack(data []byte, b *budget, depth int) ([]*loader.BufferedFile, error) {
	if depth == 0 {
		return nil, errors.New("its dependencies are nested too deep")
	}
	zipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, errors.New("it is not compressed with gzip")
	}
	var files []*loader.BufferedFile
	archive := tar.NewReader(meter{zipped, b})
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, unpackError(err)
		}
		if header.Typeflag != tar.TypeReg {
			continue // directories, links and devices are never followed: a chart is files only
		}
		name, err := fileName(header.Name)
		if err != nil {
			return nil, err
		}
		file, err := readFile(archive, header.Size, b)
		if err != nil {
			return nil, unpackError(err)
		}
		if strings.HasPrefix(name, "charts/") && path.Ext(name) == ".tgz" {
			if _, err := unpack(file, b, depth-1); err != nil {
				return nil, err
			}
		}
		files = append(files, &loader.BufferedFile{Name: name, Data: bytes.TrimPrefix(file, []byte("\xEF\xBB\xBF"))})
	}
	if len(files) == 0 {
		return nil, errors.New("it holds no files")
	}
	return files, nil
}

// unpackError keeps what is ours and says the rest in one way.
func unpackError(err error) error {
	if errors.Is(err, errUnpackedTooLarge) {
		return errUnpackedTooLarge
	}
	return errors.New("it is damaged")
}

// readFile reads one file, whose size comes off the budget before any memory is taken for it.
func readFile(r io.Reader, size int64, b *budget) ([]byte, error) {
	if err := take(&b.files, size); err != nil {
		return nil, err
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, err
	}
	return data, nil
}

// fileName returns a file's path below the archive's top directory. Paths that lead elsewhere are refused, though nothing is ever
// written to disk under these names: charts that hold them are an attack on somebody.
func fileName(raw string) (string, error) {
	clean := strings.ReplaceAll(raw, `\`, "/")
	if strings.HasPrefix(clean, "/") || len(clean) > 1 && clean[1] == ':' || strings.ContainsRune(clean, 0) {
		return "", errors.New("it holds a file with an absolute path")
	}
	for part := range strings.SplitSeq(clean, "/") {
		if part == ".." {
			return "", errors.New("it holds a file outside its directory")
		}
	}
	_, name, found := strings.Cut(path.Clean(clean), "/")
	if !found {
		return "", errors.New("its files are not in a directory named after the chart")
	}
	return name, nil
}

// checkIdentity refuses a chart that is not the one asked for.
func checkIdentity(c *helmchart.Chart, name, version, where string) error {
	if c.Name() != name {
		return failure.Terminal(ReasonChartArchiveInvalid, "%s holds the chart %s, not %s", where, c.Name(), name)
	}
	if !sameVersion(c.Metadata.Version, version) {
		return failure.Terminal(ReasonChartArchiveInvalid, "%s holds version %s of chart %s, not %s", where, c.Metadata.Version, name, version)
	}
	return nil
}
