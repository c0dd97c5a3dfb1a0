// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/groundwork-dev/groundwork/internal/failure"
)

const limit = 1 << 20

func TestArchiveRefused(t *testing.T) {
	t.Parallel()
	meta := chartFiles("x", "1.0.0")[0]
	zeros := strings.Repeat("\x00", 600<<10)
	bomb := pack(t, gzip.BestCompression, meta, file{"x/a", zeros}, file{"x/b", zeros})
	if len(bomb) > 10<<10 {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	nested := string(pack(t, gzip.BestCompression, file{"y/Chart.yaml", "apiVersion: v2\nname: y\nversion: 1.0.0\n"}, file{"y/a", zeros}))
	headers := make([]file, 0, 20_000)
	for range cap(headers) {
		headers = append(headers, file{"x/empty", ""})
	}
	tests := map[string]struct {
		data   []byte
		reason string
		want   string
	}{
		"not gzip": {[]byte("<html>"), ReasonChartArchiveInvalid, "U is not a chart archive: it is not compressed with gzip"},
		"empty":    {nil, ReasonChartArchiveInvalid, "U is not a chart archive: it is not compressed with gzip"},
		"no tar":   {gzipped(t, []byte("hello")), ReasonChartArchiveInvalid, "U is not a chart archive: it is damaged"},
		"cut off":  {bomb[:len(bomb)/2], ReasonChartArchiveInvalid, "U is not a chart archive: it is damaged"},
		"no files": {gzipped(t, make([]byte, 1024)), ReasonChartArchiveInvalid, "U is not a chart archive: it holds no files"},
		"no Chart.yaml": {
			pack(t, 1, file{"x/values.yaml", "a: 1"}), ReasonChartArchiveInvalid, "U is not a chart: Chart.yaml file is missing",
		},
		"at the top": {
			pack(t, 1, file{"Chart.yaml", meta.data}), ReasonChartArchiveInvalid,
			"U is not a chart archive: its files are not in a directory named after the chart",
		},
		"parent": {
			pack(t, 1, meta, file{"x/../../etc/passwd", ""}), ReasonChartArchiveInvalid,
			"U is not a chart archive: it holds a file outside its directory",
		},
		"parent, backslashes": {
			pack(t, 1, meta, file{`x\..\..\etc\passwd`, ""}), ReasonChartArchiveInvalid,
			"U is not a chart archive: it holds a file outside its directory",
		},
		"absolute": {
			pack(t, 1, meta, file{"/etc/passwd", ""}), ReasonChartArchiveInvalid,
			"U is not a chart archive: it holds a file with an absolute path",
		},
		"drive": {
			pack(t, 1, meta, file{"c:/x/y", ""}), ReasonChartArchiveInvalid,
			"U is not a chart archive: it holds a file with an absolute path",
		},
		"bomb": {bomb, ReasonChartTooLarge, "the archive U unpacks to more than the limit of 1 MiB"},
		"bomb of dependencies": {
			pack(t, 1, meta, file{"x/charts/y.tgz", nested}, file{"x/charts/z.tgz", nested}), ReasonChartTooLarge,
			"the archive U unpacks to more than the limit of 1 MiB",
		},
		"bomb of headers": {pack(t, 1, headers...), ReasonChartTooLarge, "the archive U unpacks to more than the limit of 1 MiB"},
		"sparse file":     {sparse(t, 1<<30), ReasonChartTooLarge, "the archive U unpacks to more than the limit of 1 MiB"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := loadArchive(tc.data, "U", limit)
			wantFailure(t, err, failure.ClassTerminal, tc.reason, tc.want)
		})
	}
}

func TestNestedArchivesEnd(t *testing.T) {
	t.Parallel()
	data := pack(t, 1, chartFiles("x", "1.0.0")...)
	for range maxNesting {
		data = pack(t, 1, append(chartFiles("x", "1.0.0"), file{"x/charts/x.tgz", string(data)})...)
	}
	_, err := loadArchive(data, "U", limit)
	wantFailure(t, err, failure.ClassTerminal, ReasonChartArchiveInvalid, "U is not a chart archive: its dependencies are nested too deep")
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w := gzip.NewWriter(&buffer)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

// sparse is an archive that claims one file of a size with next to no bytes in it.
func sparse(t testing.TB, size int64) []byte {
	t.Helper()
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "x/big", Size: size, Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	return gzipped(t, buffer.Bytes())
}

func TestArchiveTolerated(t *testing.T) {
	t.Parallel()
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	for _, h := range []*tar.Header{
		{Typeflag: tar.TypeDir, Name: "./x/", Mode: 0o755},
		{Typeflag: tar.TypeSymlink, Name: "./x/values.yaml", Linkname: "/etc/passwd"},
		{Typeflag: tar.TypeReg, Name: "./x/Chart.yaml", Size: 38, Mode: 0o644},
	} {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Write([]byte("apiVersion: v2\nname: x\nversion: 1.0.0\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := loadArchive(gzipped(t, buffer.Bytes()), "U", limit)
	if err != nil || c.Name() != "x" || len(c.Raw) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestContentDigest(t *testing.T) {
	t.Parallel()
	files := chartFiles("x", "1.0.0")
	dependency := chartFiles("y", "2.0.0")
	var asDirectory []file
	for _, f := range dependency {
		asDirectory = append(asDirectory, file{"x/charts/" + f.name, f.data})
	}
	load := func(files ...file) *helmchart.Chart {
		t.Helper()
		c, err := loadArchive(pack(t, 1, files...), "U", limit)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	base := ContentDigest(load(append(asDirectory, files...)...))
	same := map[string][]file{
		"other order":              append(append([]file{}, files...), asDirectory...),
		"dependency as an archive": append([]file{{"x/charts/y-2.0.0.tgz", string(pack(t, 9, dependency...))}}, files...),
	}
	for name, files := range same {
		if got := ContentDigest(load(files...)); got != base {
			t.Errorf("%s: %s, want %s", name, got, base)
		}
	}
	changed := func(i int, data string) []file {
		all := append(append([]file{}, files...), asDirectory...)
		all[i].data = data
		return all
	}
	different := map[string][]file{
		"no dependency":       files,
		"a value":             changed(1, "replicas: 2\n"),
		"a dependency's file": changed(5, "kind: Secret\n"),
		"one more file":       append([]file{{"x/README.md", ""}}, append(asDirectory, files...)...),
		"a file that is no dependency": append([]file{{"x/charts/_notes", "z"}},
			append(asDirectory, files...)...),
	}
	digests := map[string]string{base: "base"}
	for name, files := range different {
		got := ContentDigest(load(files...))
		if other, taken := digests[got]; taken {
			t.Errorf("%s has the digest of %s", name, other)
		}
		digests[got] = name
	}
}
