// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package graph

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/topology"
)

var update = flag.Bool("update", false, "write the golden files anew")

func node(name string, state v1alpha1.ComponentState, dependsOn ...string) topology.Node {
	return topology.Node{Name: name, Version: "1.2.3", State: state, DependsOn: dependsOn}
}

// sample has an edge that passes a layer, one that follows from others, a component
// alone, and characters that each format has to quote.
func sample() topology.Picture {
	nodes := []topology.Node{
		node("cert-manager", v1alpha1.StateReady),
		node("end", v1alpha1.StateFailed),
		node("grafana", v1alpha1.StateWaiting, "cert-manager", "loki", "prometheus"),
		node("ingress-nginx", v1alpha1.StateReady, "cert-manager"),
		node("loki", v1alpha1.StateInstalling),
		node("prometheus", v1alpha1.StateProgressing, "cert-manager"),
		node("velero", v1alpha1.StateHeld, "cert-manager", "prometheus"),
	}
	nodes[1].Version = `1 <"&\#>`
	nodes[1].Message = "a \x1b[31m message & \"more\" \x00"
	return topology.Picture{Name: "week1", Nodes: nodes}
}

func TestGolden(t *testing.T) {
	for name, got := range map[string]string{
		"sample.mermaid": Mermaid(sample(), false), "sample-all.mermaid": Mermaid(sample(), true),
		"sample.dot": DOT(sample(), false), "sample.svg": SVG(sample(), false),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestSVGIsXML(t *testing.T) {
	decoder := xml.NewDecoder(strings.NewReader(SVG(sample(), true)))
	decoder.Strict = true
	elements := map[string]int{}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			elements[start.Name.Local]++
			for _, attribute := range start.Attr {
				if attribute.Name.Local == "href" || attribute.Name.Local == "src" {
					t.Errorf("it refers to %s", attribute.Value)
				}
			}
		}
	}
	// seven components and six edges in two paths each; the title, and one for each box
	want := map[string]int{"svg": 1, "title": 8, "desc": 1, "style": 1, "rect": 15, "text": 16, "g": 8, "path": 14}
	if diff := cmp.Diff(want, elements); diff != "" {
		t.Errorf("elements (-want +got)\n%s", diff)
	}
}

// random is an acyclic picture.
func random(r *rand.Rand, size int) topology.Picture {
	p := topology.Picture{Name: "random"}
	for i := range size {
		n := node(fmt.Sprintf("component-%02d", i), v1alpha1.StateReady)
		for range r.IntN(4) {
			if i > 0 {
				n.DependsOn = append(n.DependsOn, fmt.Sprintf("component-%02d", r.IntN(i)))
			}
		}
		p.Nodes = append(p.Nodes, n)
	}
	return p
}

// TestLayout: no two boxes overlap, no edge crosses a box, edges point to the right,
// and everything is inside the picture.
func TestLayout(t *testing.T) {
	for seed := range uint64(60) {
		p := random(rand.New(rand.NewPCG(seed, 1)), 1+int(seed)%45)
		l := arrange(p, p.Edges(seed%2 == 0))
		var places []*place
		for _, layer := range append(l.layers, l.loose) {
			places = append(places, layer...)
		}
		for i, a := range places {
			if a.x < 0 || a.y < 0 || a.x+a.width > l.width || a.y+a.height > l.height {
				t.Fatalf("seed %d: %+v is outside of %.0f x %.0f", seed, a.node, l.width, l.height)
			}
			for _, b := range places[i+1:] {
				if a.x < b.x+b.width && b.x < a.x+a.width && a.y < b.y+b.height-0.01 && b.y < a.y+a.height-0.01 {
					t.Fatalf("seed %d: places overlap: %+v and %+v", seed, a, b)
				}
			}
		}
		for _, r := range l.routes {
			for i, to := range r.through[1:] {
				if from := r.through[i]; from.x+from.width+layerGap/2 > to.x || to.layer != from.layer+1 {
					t.Fatalf("seed %d: an edge goes from layer %d to %d, %.0f to %.0f", seed, from.layer, to.layer, from.x, to.x)
				}
			}
		}
	}
}

// TestOrder: where a drawing without crossings is there to be found, it is found.
func TestOrder(t *testing.T) {
	p := topology.Picture{Nodes: []topology.Node{
		node("a", ""), node("b", ""), node("c", ""), node("x", "", "c"), node("y", "", "b"), node("z", "", "a"),
	}}
	l := arrange(p, p.Edges(true))
	for _, r := range l.routes {
		if from, to := r.through[0], r.through[1]; from.middle() != to.middle() {
			t.Errorf("the edge from %s to %s is not straight", from.node.Name, to.node.Name)
		}
	}
}

func TestCommand(t *testing.T) {
	catalogs, err := catalog.Load(bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	const bundle = `apiVersion: platform.groundwork.dev/v1alpha1
kind: PlatformBundle
metadata: {name: offline}
spec:
  components: [{name: grafana}, {name: prometheus}, {name: loki, dependsOn: [prometheus]}, {name: velro}]
`
	for name, tc := range map[string]struct {
		args          []string
		input         string
		code          int
		out, complain string
	}{
		"mermaid": {[]string{"-f", "-"}, bundle, cli.ExitOK, "  c1 --> c0\n", `did you mean "velero"`},
		"dot":     {[]string{"-f", "-", "-o", "dot"}, bundle, cli.ExitOK, `"loki" -> "grafana";`, "warning: "},
		"svg":     {[]string{"-f", "-", "-o", "svg"}, bundle, cli.ExitOK, "</svg>", "warning: "},
		"format":  {[]string{"-f", "-", "-o", "png"}, bundle, cli.ExitFailed, "", `--output "png" is none of mermaid, dot, svg`},
		"cycle":   {[]string{"-f", "-"}, strings.Replace(bundle, "{name: prometheus}", "{name: prometheus, dependsOn: [loki]}", 1), cli.ExitFailed, "", "loki"},
		"nothing": {[]string{"-f", "-"}, "", cli.ExitFailed, "", "no PlatformBundle"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, complaints bytes.Buffer
			env := &cli.Env{In: strings.NewReader(tc.input), Out: &out, Err: &complaints, Catalogs: catalogs}
			command := Command(env)
			command.SilenceErrors, command.SilenceUsage = true, true
			command.SetArgs(tc.args)
			if code := cli.Code(command.ExecuteContext(t.Context()), &complaints); code != tc.code {
				t.Errorf("exit code %d, want %d", code, tc.code)
			}
			if !strings.Contains(out.String(), tc.out) || !strings.Contains(complaints.String(), tc.complain) {
				t.Errorf("it says\n%s\n%s", out.String(), complaints.String())
			}
		})
	}
}
