// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func TestFinalStage(t *testing.T) {
	const dockerfile = `# syntax=x
FROM --platform=$BUILDPLATFORM golang:1 AS build
COPY go.mod \
  # a comment between
  go.sum ./
RUN something \
  FROM here
FROM gcr.io/distroless/static:nonroot AS final

COPY --from=build /out/manager /manager
user 65532:65532
ENTRYPOINT ["/manager", "--flag"]
`
	got, err := FinalStage(strings.NewReader(dockerfile))
	if err != nil {
		t.Fatal(err)
	}
	want := Stage{
		Base: "gcr.io/distroless/static:nonroot", Target: "/manager", User: "65532:65532", Entrypoint: []string{"/manager", "--flag"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFinalStageRefuses(t *testing.T) {
	const copied, entry = "COPY --from=b /x /x\n", "ENTRYPOINT [\"/x\"]\n"
	for name, tt := range map[string]struct{ dockerfile, want string }{
		"no stage":             {"# nothing\n", "no FROM"},
		"another instruction":  {"FROM scratch\n" + copied + "RUN x y\n" + entry, "line 3: RUN x y"},
		"a copy from here":     {"FROM scratch\nCOPY x /x\n" + entry, "line 2: COPY"},
		"a copy with an owner": {"FROM scratch\nCOPY --from=b --chown=1 x /x\n" + entry, "line 2: COPY"},
		"two copies":           {"FROM scratch\n" + copied + copied + entry, "line 3: COPY"},
		"a shell":              {"FROM scratch\n" + copied + "ENTRYPOINT /x\n", "line 3: ENTRYPOINT"},
		"a relative target":    {"FROM scratch\nCOPY --from=b x x\n" + entry, "line 2: COPY"},
		"no entry point":       {"\nFROM scratch\n" + copied, "line 2"},
		"no copy":              {"FROM scratch\n" + entry, "line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := FinalStage(strings.NewReader(tt.dockerfile))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// program compiles a static binary for Linux.
func program(t *testing.T, env ...string) string {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "program")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, source)
	build.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux"), env...)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

func TestWrite(t *testing.T) {
	binary := program(t)
	out := filepath.Join(t.TempDir(), "image.tar")
	stage := Stage{Base: "gcr.io/distroless/static:nonroot", Target: "/opt/bin/x", User: NonRoot, Entrypoint: []string{"/opt/bin/x", "-v"}}
	if err := Write(out, Spec{Name: "example.test/x:1", Binary: binary, Stage: stage}); err != nil {
		t.Fatal(err)
	}
	manifest, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(out) })
	if err != nil || len(manifest) != 1 {
		t.Fatalf("%v, %d images", err, len(manifest))
	}
	if diff := cmp.Diff([]string{"example.test/x:1"}, manifest[0].RepoTags); diff != "" {
		t.Error(diff)
	}
	img, err := tarball.ImageFromPath(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.OS != "linux" || config.Config.User != NonRoot {
		t.Errorf("runs on %s as %q", config.OS, config.Config.User)
	}
	if diff := cmp.Diff(stage.Entrypoint, config.Config.Entrypoint); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"etc/": "0755 0 0", "etc/group": "0644 0 43", "etc/passwd": "0644 0 149",
		"home/": "0755 0 0", "home/nonroot/": "0700 65532 0", "tmp/": "1777 0 0",
		"opt/": "0755 0 0", "opt/bin/": "0755 0 0", "opt/bin/x": fmt.Sprintf("0755 0 %d", info.Size()),
	}
	if diff := cmp.Diff(want, files(t, img)); diff != "" {
		t.Error(diff)
	}
}

// files lists the image's files with mode, owner and size.
func files(t *testing.T, img v1.Image) map[string]string {
	t.Helper()
	content := mutate.Extract(img)
	defer func() { _ = content.Close() }()
	found := map[string]string{}
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		name := header.Name
		if header.Typeflag == tar.TypeDir {
			name = strings.TrimSuffix(name, "/") + "/"
		}
		found[name] = fmt.Sprintf("%04o %d %d", header.Mode, header.Uid, header.Size)
	}
}

func TestWriteIsReproducible(t *testing.T) {
	binary, dir := program(t), t.TempDir()
	var contents []string
	for _, name := range []string{"a", "b"} {
		out := filepath.Join(dir, name)
		if err := Write(out, Spec{Name: "x:1", Binary: binary, Stage: OfBinary("x", NonRoot)}); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		contents = append(contents, string(data))
	}
	if contents[0] != contents[1] {
		t.Error("the same input gave two images")
	}
}

func TestWriteRefuses(t *testing.T) {
	binary := program(t)
	for name, tt := range map[string]struct {
		spec Spec
		want string
	}{
		"another base":   {Spec{Name: "x:1", Binary: binary, Stage: Stage{Base: "debian:12", Target: "/x"}}, "debian:12"},
		"no Linux":       {Spec{Name: "x:1", Binary: program(t, "GOOS=darwin"), Stage: OfBinary("x", "")}, "no Linux binary"},
		"no binary":      {Spec{Name: "x:1", Binary: "/absent", Stage: OfBinary("x", "")}, "/absent"},
		"a loader":       {Spec{Name: "x:1", Binary: "/bin/sh", Stage: OfBinary("x", "")}, "CGO_ENABLED=0"},
		"a strange name": {Spec{Name: "X Y", Binary: binary, Stage: OfBinary("x", "")}, "name"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.spec.Binary == "/bin/sh" && runtime.GOOS != "linux" {
				t.Skip("its programs are no ELF files")
			}
			out := filepath.Join(t.TempDir(), "out")
			if err := Write(out, tt.spec); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if entries, err := os.ReadDir(filepath.Dir(out)); err != nil || len(entries) > 0 {
				t.Errorf("left %v, %v", entries, err)
			}
		})
	}
}
