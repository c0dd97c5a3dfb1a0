// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
)

// Archive packs a chart that was loaded or built, and not yet processed by Helm. The same files give the same bytes.
func Archive(c *helmchart.Chart) ([]byte, error) {
	var buffer bytes.Buffer
	zipped := gzip.NewWriter(&buffer)
	archive := tar.NewWriter(zipped)
	files := slices.SortedFunc(slices.Values(c.Raw), func(a, b *helmchart.File) int { return strings.Compare(a.Name, b.Name) })
	for _, file := range files {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: c.Name() + "/" + file.Name, Mode: 0o644, Size: int64(len(file.Data))}
		if err := archive.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("pack chart %s: %w", c.Name(), err)
		}
		if _, err := archive.Write(file.Data); err != nil {
			return nil, fmt.Errorf("pack chart %s: %w", c.Name(), err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("pack chart %s: %w", c.Name(), err)
	}
	if err := zipped.Close(); err != nil {
		return nil, fmt.Errorf("pack chart %s: %w", c.Name(), err)
	}
	return buffer.Bytes(), nil
}

// Save writes charts to a folder as <name>-<version>.tgz, and makes the folder if need be. Archives are replaced whole: somebody who
// reads the folder at the same time sees the old one or the new one.
func Save(dir string, charts ...*helmchart.Chart) error {
	for _, c := range charts {
		data, err := Archive(c)
		if err != nil {
			return err
		}
		if err := SaveArchive(dir, c.Name(), c.Metadata.Version, data); err != nil {
			return err
		}
	}
	return nil
}

// SaveArchive writes bytes to a folder as if they were the archive of that chart: see NotAChart.
func SaveArchive(dir, name, version string, data []byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("folder for charts: %w", err)
	}
	temporary, err := os.CreateTemp(dir, ".chart-*")
	if err != nil {
		return fmt.Errorf("write chart %s: %w", name, err)
	}
	_, err = temporary.Write(data)
	if closeErr := temporary.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Chmod(temporary.Name(), 0o644) // a mirror may be served by somebody else
	}
	if err == nil {
		err = os.Rename(temporary.Name(), filepath.Join(dir, name+"-"+version+".tgz"))
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
		return fmt.Errorf("write chart %s: %w", name, err)
	}
	return nil
}

// WriteDir writes the stand-in of every chart of the catalog to a folder, as <name>-<version>.tgz: the layout of a chart mirror.
func WriteDir(dir string, opts ...Option) error {
	o := newOptions(opts)
	for _, shape := range Charts() {
		if !o.wants(shape.Name) {
			continue
		}
		c, err := Build(shape, opts...)
		if err != nil {
			return err
		}
		if err := Save(dir, c); err != nil {
			return err
		}
	}
	return nil
}
