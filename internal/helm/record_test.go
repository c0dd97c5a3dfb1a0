// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/test/charts"
)

// noise is text that a record cannot pack: 6 bits a character, which base64 makes
// bytes of again.
func noise(bytes int) string {
	raw := make([]byte, bytes*3/4)
	random := rand.NewChaCha8([32]byte{7})
	_, _ = random.Read(raw)
	return base64.StdEncoding.EncodeToString(raw)
}

// bulk are ConfigMaps of so many bytes together.
func bulk(bytes int) []charts.ChartOption {
	const each = 100_000
	var out []charts.ChartOption
	text := noise(bytes)
	for i := 0; len(text) > 0; i++ {
		n := min(each, len(text))
		out = append(out, charts.WithTemplate(fmt.Sprintf("bulk-%02d.yaml", i),
			fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bulk-%02d}\ndata: {noise: %q}\n", i, text[:n])))
		text = text[n:]
	}
	return out
}

func (b *bench) render(t *testing.T) (*helm.Rendered, error) {
	t.Helper()
	return b.Render(t.Context(), helm.RenderRequest{
		Release: b.request.Release, Values: b.request.Values, Has: func(string) bool { return false },
	})
}

// stored is the size of a record as the API server counts it.
func (b *bench) stored(t *testing.T, revision int) int {
	t.Helper()
	secret, err := b.client.CoreV1().Secrets(b.request.Namespace).Get(t.Context(), b.key(revision), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return len(secret.Data["release"])
}

// TestRecordBytes: what a render predicts is what an install and an upgrade store,
// with hooks, notes, values, and definitions that the record must not hold.
func TestRecordBytes(t *testing.T) {
	opts := append(bulk(900_000),
		charts.WithHook(charts.Hook{Kinds: "ConfigMap", Name: "first", Events: "pre-install,pre-upgrade"}),
		charts.WithHook(charts.Hook{Kinds: "ConfigMap", Name: "last", Events: "post-install,post-upgrade"}),
		charts.WithTemplate("NOTES.txt", "Read me: {{ .Release.Name }}\n"+noise(3000)),
		charts.WithCRD(charts.InTemplates, widgets), charts.WithFile("files/big.bin", noise(50_000)),
		// A definition beside another object, which stays in its file.
		charts.WithTemplate("beside.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: beside}\n---\n"+
			"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: beside}\n# "+noise(20_000)+"\n"))
	b := newBench(t, opts...)
	b.request.Values = map[string]any{"data": map[string]any{"color": noise(10_000)}}
	rendered, err := b.render(t)
	if err != nil {
		t.Fatal(err)
	}
	b.release(t, "d1", opts...)
	b.release(t, "d2", opts...)
	for revision := 1; revision <= 2; revision++ {
		stored := b.stored(t, revision)
		t.Logf("revision %d: predicted %d, stored %d", revision, rendered.RecordBytes, stored)
		if off := rendered.RecordBytes - stored; off < -100 || off > 100 {
			t.Errorf("revision %d: predicted %d bytes, stored are %d", revision, rendered.RecordBytes, stored)
		}
	}
}

// TestRecordBytesOfASmallRelease: what is far from the limit is not counted.
func TestRecordBytesOfASmallRelease(t *testing.T) {
	b := newBench(t, bulk(600_000)...)
	rendered, err := b.render(t)
	if err != nil || rendered.RecordBytes != 0 {
		t.Errorf("%d bytes, %v", rendered.RecordBytes, err)
	}
	b.release(t, "d1", bulk(600_000)...)
	if stored := b.stored(t, 1); stored >= helm.RecordNear {
		t.Errorf("a record of %d bytes was not counted", stored)
	}
}

// TestRenderRefusesWhatNoSecretHolds: what is refused would be refused by the API
// server, and what is let pass just below the limit is stored.
func TestRenderRefusesWhatNoSecretHolds(t *testing.T) {
	b := newBench(t, bulk(1_200_000)...)
	b.request.Values = map[string]any{"data": map[string]any{"color": noise(150_000)}}
	_, err := b.render(t)
	if failure.ReasonOf(err, "") != v1alpha1.ReasonReleaseTooLarge || failure.ClassOf(err) != failure.ClassTerminal {
		t.Fatalf("got %v", err)
	}
	t.Log(err)
	for _, part := range []string{
		b.request.Release.String(), "1044480 fit into a Secret", "ConfigMap " + b.request.Name + " (", "values.data (", "ConfigMap bulk-0", "manifests",
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not name %q", err, part)
		}
	}
	if strings.Contains(err.Error(), noise(30)[:20]) {
		t.Errorf("a value is in the message: %v", err)
	}
	result, err := b.Install(t.Context(), b.request)
	if err == nil || result.Revision != 0 || !strings.Contains(err.Error(), "1 MiB") || b.has(t, "bulk-00") {
		t.Errorf("the install: %+v, %v", result, err)
	}
	t.Log(err)

	b.request.Values = map[string]any{}
	b.stock(bulk(1_000_000)...)
	rendered, err := b.render(t)
	if err != nil || rendered.RecordBytes < helm.RecordNear {
		t.Fatalf("%+v, %v", rendered, err)
	}
	b.release(t, "d1", bulk(1_000_000)...)
	t.Logf("predicted %d, stored %d", rendered.RecordBytes, b.stored(t, 1))
}

// TestJSONLength: the bound that lets small releases pass uncounted is one.
func TestJSONLength(t *testing.T) {
	for _, text := range []string{
		"", "plain", "a: \"b\"\n\t- c\\d\r\n", "<script>&amp;</script>", "\x00\x01\x1f\x7f", "ümläut 漢字 \u2028\u2029", strings.Repeat("\n", 1000),
	} {
		encoded, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := helm.JSONLength(text); got < len(encoded) || got > 2*len(encoded) {
			t.Errorf("%.20q: %d, in JSON it is %d", text, got, len(encoded))
		}
	}
}
