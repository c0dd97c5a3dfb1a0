// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLDFlags(t *testing.T) {
	tests := map[string]struct {
		reason string
		binary Binary
		want   []string
		not    string
	}{
		"kubernetes": {
			reason: "a server that is not told its version calls itself v0.0.0",
			binary: Binary{VersionOf: "k8s.io/kubernetes"},
			want: []string{
				"-X k8s.io/component-base/version.gitVersion=v1.36.3",
				"-X k8s.io/component-base/version.gitMajor=1",
				"-X k8s.io/component-base/version.gitMinor=36",
				"-X k8s.io/client-go/pkg/version.gitVersion=v1.36.3",
			},
		},
		"other": {
			reason: "other programs carry their version in their source",
			binary: Binary{VersionOf: "sigs.k8s.io/kwok"},
			want:   []string{"-s -w"},
			not:    "-X",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := ldflags(tt.binary, "v1.36.3")
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("%s: %q lacks %q", tt.reason, got, want)
				}
			}
			if tt.not != "" && strings.Contains(got, tt.not) {
				t.Errorf("%s: %q holds %q", tt.reason, got, tt.not)
			}
		})
	}
}

func TestMajorMinor(t *testing.T) {
	for version, want := range map[string][2]string{
		"v1.36.3":        {"1", "36"},
		"v1.37.0-beta.1": {"1", "37"},
		"v1":             {"", ""},
		"":               {"", ""},
	} {
		major, minor := majorMinor(version)
		if diff := cmp.Diff(want, [2]string{major, minor}); diff != "" {
			t.Errorf("majorMinor(%q): %s", version, diff)
		}
	}
}

// TestPins checks the modules against the list: each program has its module,
// and that module's tool directives name exactly the programs listed.
func TestPins(t *testing.T) {
	source := "."
	for _, b := range slices.Concat(All(), Node()) {
		data, err := os.ReadFile(filepath.Join(source, b.Module, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		mod := string(data)
		ours := strings.HasPrefix(b.Package, ".") // pinned by what its source imports
		if !ours && !strings.Contains(mod, "\t"+b.Package+"\n") && !strings.Contains(mod, "tool "+b.Package+"\n") {
			t.Errorf("binaries/%s/go.mod has no tool directive for %s", b.Module, b.Package)
		}
		if strings.Contains(mod, "=> /") || strings.Contains(mod, "=> ..") {
			t.Errorf("binaries/%s/go.mod replaces a module by a folder", b.Module)
		}
	}
}

func TestDigestOf(t *testing.T) {
	source := t.TempDir()
	writePins := func(mod, sum string) {
		t.Helper()
		for name, content := range map[string]string{"go.mod": mod, "go.sum": sum} {
			path := filepath.Join(source, "m", name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	digest := func(b Binary, flags string) string {
		t.Helper()
		d, err := digestOf(source, b, flags)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	b := Binary{Module: "m", Package: "p"}
	writePins("mod", "sum")
	first := digest(b, "flags")
	if again := digest(b, "flags"); again != first {
		t.Errorf("the digest is not stable: %s, then %s", first, again)
	}
	seen := map[string]string{first: "the original"}
	check := func(what, d string) {
		t.Helper()
		if other, dup := seen[d]; dup {
			t.Errorf("%s has the digest of %s", what, other)
		}
		seen[d] = what
	}
	check("other flags", digest(b, "other"))
	check("another package", digest(Binary{Module: "m", Package: "q"}, "flags"))
	writePins("mod2", "sum")
	check("another go.mod", digest(b, "flags"))
	writePins("mods", "um")
	check("a byte moved from go.sum to go.mod", digest(b, "flags"))

	tagged := b
	tagged.Tags = "lean"
	check("other tags", digest(tagged, "flags"))
	own := Binary{Module: "m", Package: "."}
	for _, program := range []string{"package main", "package main // changed"} {
		if err := os.WriteFile(filepath.Join(source, "m", mainFile), []byte(program), 0o600); err != nil {
			t.Fatal(err)
		}
		check(program, digest(own, "flags"))
	}

	_, err := digestOf(source, Binary{Module: "absent"}, "")
	if err == nil || !strings.Contains(err.Error(), "--source") {
		t.Errorf("a wrong source folder: %v, want an error that names --source", err)
	}
}

func TestDigests(t *testing.T) {
	dir := t.TempDir()
	if s := readDigests(dir); s.fresh(dir, "etcd", "d") {
		t.Error("fresh without digests")
	}
	if err := (digests{"etcd": "d"}).write(dir); err != nil {
		t.Fatal(err)
	}
	s := readDigests(dir)
	if s.fresh(dir, "etcd", "d") {
		t.Error("fresh although the binary is missing")
	}
	if err := os.WriteFile(filepath.Join(dir, "etcd"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if !s.fresh(dir, "etcd", "d") {
		t.Error("not fresh although present with the same digest")
	}
	if s.fresh(dir, "etcd", "other") {
		t.Error("fresh although built from something else")
	}
	if err := os.WriteFile(filepath.Join(dir, digestsFile), []byte("{half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(digests{}, readDigests(dir)); diff != "" {
		t.Errorf("damaged digests: %s", diff)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("got %v and %v, want the binary and the digests and no temporary file", entries, err)
	}
}

// TestBuildOfSome: make would take the stamp of some programs for all of them.
func TestBuildOfSome(t *testing.T) {
	source, out := t.TempDir(), t.TempDir()
	for name, content := range map[string]string{
		"go.mod": "module example.test/m\n\ngo 1.26.0\n", "go.sum": "", mainFile: "package main\n\nfunc main() {}\n",
	} {
		if err := os.WriteFile(filepath.Join(source, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program := Binary{Name: "m", Package: ".", VersionOf: "example.test/m"}
	var first, again bytes.Buffer
	for _, log := range []*bytes.Buffer{&first, &again} {
		if err := Build(t.Context(), Options{Programs: []Binary{program}, Source: source, Out: out, Log: log}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(out, StampFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the stamp of a whole build: %v, want none", err)
	}
	if !strings.Contains(first.String(), "building m") || !strings.Contains(again.String(), "up to date") {
		t.Errorf("got %q, then %q; want one build", &first, &again)
	}
}

func TestJoinStages(t *testing.T) {
	dir := t.TempDir()
	for path, content := range map[string]string{
		"node/fast/a.yaml":                         "kind: A\n",
		"node/fast/kustomization.yaml":             "kind: Kustomization\n",
		"node/heartbeat-with-lease/b.yaml":         "kind: B",
		"pod/fast/d.yaml":                          "kind: D\n",
		"pod/fast/c.yaml":                          "\nkind: C\n\n",
		"pod/fast/testdata/pod-pending.input.yaml": "kind: Input\n",
	} {
		file := filepath.Join(dir, "kustomize", "stage", path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := joinStages(dir)
	if err != nil {
		t.Fatal(err)
	}
	const want = "kind: A\n---\nkind: B\n---\nkind: C\n---\nkind: D\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if _, err := joinStages(t.TempDir()); err == nil {
		t.Error("a module without stages is no error")
	}
}

func TestMissing(t *testing.T) {
	dir := t.TempDir()
	for _, b := range All() {
		if err := os.WriteFile(filepath.Join(dir, b.Name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{StagesFile}, Missing(dir)); diff != "" {
		t.Error(diff)
	}
}

func TestProgress(t *testing.T) {
	clock := time.Unix(0, 0)
	var out bytes.Buffer
	p := &progress{out: &out, now: func() time.Time { return clock }, every: time.Hour}

	err := p.run("building a (1/2)", func() error {
		clock = clock.Add(205 * time.Second)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := p.run("building b (2/2)", func() error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of the work", err)
	}
	const want = "building a (1/2) ... 205 s\nbuilding b (2/2) ... failed\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}
