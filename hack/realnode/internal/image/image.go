// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package image makes image archives of one static binary each, without a
// container builder, a registry or a base image to fetch: the little that
// distroless/static holds is made here, but for certificates and time zones.
// It imports go-containerregistry and the standard library.
package image

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"strings"

	"github.com/google/go-containerregistry/pkg/compression"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// NonRoot is the user of images that name none: the "nonroot" of distroless.
const NonRoot = "65532:65532"

const nonRootID = 65532

// Spec describes an image.
type Spec struct {
	// Name is its reference, with a tag.
	Name string
	// Binary is the file on this machine; it must be static.
	Binary string
	// Stage says where the binary goes and how it is run.
	Stage Stage
}

// OfBinary returns the stage of an image that runs the binary called base, as
// user, from the root folder.
func OfBinary(base, user string) Stage {
	return Stage{Base: Scratch, Target: "/" + base, User: user, Entrypoint: []string{"/" + base}}
}

// Scratch is the base that holds nothing.
const Scratch = "scratch"

// Write writes the archive of spec to out, in the format of docker save. The
// same input gives the same image, byte for byte.
func Write(out string, spec Spec) error {
	tag, err := name.NewTag(spec.Name, name.WithDefaultTag("latest"))
	if err != nil {
		return fmt.Errorf("the image's name: %w", err)
	}
	img, err := build(spec)
	if err != nil {
		return err
	}
	// Under its name only when complete.
	tmp := out + ".new"
	if err := tarball.WriteToFile(tmp, tag, img); err != nil {
		return fmt.Errorf("write the image: %w", errors.Join(err, os.Remove(tmp)))
	}
	if err := os.Rename(tmp, out); err != nil {
		return fmt.Errorf("write the image: %w", err)
	}
	return nil
}

func build(spec Spec) (v1.Image, error) {
	if spec.Stage.Base != Scratch && !strings.Contains(spec.Stage.Base, "distroless/static") {
		return nil, fmt.Errorf("the base image %s cannot be made here: only %s and distroless/static", spec.Stage.Base, Scratch)
	}
	if err := checkStatic(spec.Binary); err != nil {
		return nil, err
	}
	base, err := layerOf(baseEntries())
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(spec.Binary)
	if err != nil {
		return nil, fmt.Errorf("read the binary: %w", err)
	}
	program, err := layerOf(binaryEntries(spec.Stage.Target, content))
	if err != nil {
		return nil, err
	}
	img, err := mutate.AppendLayers(empty.Image, base, program)
	if err != nil {
		return nil, fmt.Errorf("put the image together: %w", err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("put the image together: %w", err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", runtime.GOARCH
	file.Config.Entrypoint = spec.Stage.Entrypoint
	file.Config.User = spec.Stage.User
	file.Config.Env = []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
	}
	file.Config.WorkingDir = "/"
	return mutate.ConfigFile(img, file)
}

// checkStatic refuses a binary that would not start on an image without a
// loader: the message there is only "no such file or directory".
func checkStatic(binary string) error {
	file, err := elf.Open(binary)
	if err != nil {
		return fmt.Errorf("%s is no Linux binary: %w", binary, err)
	}
	defer func() { _ = file.Close() }()
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP {
			return fmt.Errorf("%s is not static: build it with CGO_ENABLED=0", binary)
		}
	}
	return nil
}

type entry struct {
	tar.Header
	content []byte
}

func folder(name string, mode int64, owner int) entry {
	return entry{Header: tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: mode, Uid: owner, Gid: owner}}
}

func file(name string, mode int64, content []byte) entry {
	return entry{
		Header:  tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(content))},
		content: content,
	}
}

// baseEntries are the files programs expect of the poorest of systems.
func baseEntries() []entry {
	const passwd = "root:x:0:0:root:/root:/sbin/nologin\n" +
		"nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n" +
		"nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"
	const group = "root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n"
	return []entry{
		folder("etc", 0o755, 0),
		file("etc/group", 0o644, []byte(group)),
		file("etc/passwd", 0o644, []byte(passwd)),
		folder("home", 0o755, 0),
		folder("home/nonroot", 0o700, nonRootID),
		folder("tmp", 0o1777, 0),
	}
}

// binaryEntries are the binary at target and the folders above it that the
// base does not have.
func binaryEntries(target string, content []byte) []entry {
	target = strings.TrimPrefix(path.Clean(target), "/")
	var entries []entry
	for dir := path.Dir(target); dir != "."; dir = path.Dir(dir) {
		entries = append([]entry{folder(dir, 0o755, 0)}, entries...)
	}
	return append(entries, file(target, 0o755, content))
}

// layerOf leaves the layer as it is: compressing takes longer than all the
// rest, and the archive does not travel.
func layerOf(entries []entry) (v1.Layer, error) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, e := range entries {
		if err := w.WriteHeader(&e.Header); err != nil {
			return nil, fmt.Errorf("write a layer: %w", err)
		}
		if _, err := w.Write(e.content); err != nil {
			return nil, fmt.Errorf("write a layer: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("write a layer: %w", err)
	}
	opener := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil }
	layer, err := tarball.LayerFromOpener(opener, tarball.WithCompression(compression.None))
	if err != nil {
		return nil, fmt.Errorf("write a layer: %w", err)
	}
	return layer, nil
}
