// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package export

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/values"
)

// helmfile writes one helmfile.yaml for Helmfile 1.
func (p Platform) helmfile() ([]byte, error) {
	head := fmt.Sprintf("Platform %s for Helmfile 1, with versions and values %s.\n", p.Name, p.Source) +
		"The file must not end in .gotmpl: braces in values are the charts' own.\n" +
		"CRDs: Helm installs the ones of a chart's crds folder once and never changes them. Before an upgrade of a\n" +
		"chart with CRDs apply them: helm show crds CHART | kubectl apply --server-side -f -"
	var repositories, releases []item
	known := map[string]bool{}
	for _, r := range p.Releases {
		if name := repositoryName(r.Repository); !known[name] && !strings.HasPrefix(r.Repository, "file://") {
			known[name] = true
			repositories = append(repositories, r.helmfileRepository(name))
		}
		release, err := r.helmfile(p)
		if err != nil {
			return nil, err
		}
		releases = append(releases, release)
	}
	return encode([]document{{head, fields{
		{name: "repositories", value: repositories},
		{name: "helmDefaults", value: fields{
			{name: "createNamespace", value: true}, {name: "wait", value: true}, {name: "waitForJobs", value: true},
		}},
		{name: "releases", value: releases},
	}}})
}

func (r Release) helmfileRepository(name string) item {
	out := fields{{name: "name", value: name}, {name: "url", value: strings.TrimPrefix(r.Repository, "oci://")}}
	if isOCI(r.Repository) {
		out = append(out, field{name: "oci", value: true})
	}
	comment := ""
	if r.SecretRef != nil {
		comment = fmt.Sprintf("Its credentials are in the Secret %s/%s: helm registry login or helm repo add with them, or set username and password here.",
			r.SecretRef.Namespace, r.SecretRef.Name)
	}
	return item{value: out, comment: comment}
}

func (r Release) helmfile(p Platform) (item, error) {
	chart := repositoryName(r.Repository) + "/" + r.Chart
	if folder, local := strings.CutPrefix(r.Repository, "file://"); local {
		chart = path.Join(folder, r.Chart)
	}
	var needs []string
	for _, other := range p.Releases {
		if slices.Contains(r.DependsOn, other.Component) {
			needs = append(needs, other.Namespace+"/"+other.Name)
		}
	}
	layers, err := r.helmfileValues()
	if err != nil {
		return item{}, err
	}
	hooks, err := r.helmfileHooks()
	if err != nil {
		return item{}, err
	}
	notes := append([]string{r.Component}, r.notes()...)
	if len(r.NamespaceLabels) > 0 {
		notes = append(notes, "Label its namespace: "+labelText(r.NamespaceLabels))
	}
	out := fields{
		{name: "name", value: r.Name}, {name: "namespace", value: r.Namespace}, {name: "chart", value: chart}, {name: "version", value: r.Version},
		{name: "timeout", value: int(r.Timeout / time.Second)}, {name: "historyMax", value: int(r.HistoryLimit)},
		{name: "disableValidationOnInstall", value: true, comment: "Its kinds may come with what it needs."},
		{name: "needs", value: needs}, {name: "values", value: layers}, {name: "hooks", value: hooks},
	}
	return item{value: out, comment: strings.Join(notes, "\n")}, nil
}

// helmfileValues are layers, the last one on top. A string of a Secret is a reference
// that Helmfile resolves; a whole layer of values in a Secret has to be a file.
func (r Release) helmfileValues() ([]item, error) {
	if len(r.References) == 0 {
		return layer(r.merged(), ""), nil
	}
	below, comment := r.Defaults, "The catalog's."
	var out []item
	for _, ref := range r.References {
		if ref.TargetPath != "" {
			var err error
			address := fmt.Sprintf("ref+k8s://v1/%s/%s/%s/%s", ref.Kind, ref.Namespace, ref.Name, ref.Key)
			if below, err = values.SetPath(values.Merge(below), ref.TargetPath, address); err != nil {
				return nil, fmt.Errorf("%s: valuesFrom: targetPath: %w", r.Component, err)
			}
			continue
		}
		out = append(out, layer(below, comment)...)
		below, comment = nil, ""
		file := fmt.Sprintf("values/%s.%s.%s.yaml", strings.ToLower(ref.Kind), ref.Namespace, ref.Name)
		get := fmt.Sprintf("kubectl -n %s get %s %s -o go-template='{{index .data %q%s}}' > %s",
			ref.Namespace, strings.ToLower(ref.Kind), ref.Name, ref.Key, decoding(ref), file)
		out = append(out, item{value: file, comment: describeReference(ref) + ":\n" + get})
	}
	out = append(out, layer(below, comment)...)
	return append(out, layer(r.Values, "The bundle's own.")...), nil
}

// decoding is what a template does with the content of a Secret.
func decoding(ref v1alpha1.ValuesReference) string {
	if ref.Kind == "Secret" {
		return " | base64decode"
	}
	return ""
}

func describeReference(ref v1alpha1.ValuesReference) string {
	out := fmt.Sprintf("%s %s/%s, key %s", ref.Kind, ref.Namespace, ref.Name, ref.Key)
	if ref.TargetPath != "" {
		out += ", as " + ref.TargetPath
	}
	if ref.Optional {
		out += ", if it is there"
	}
	return out
}

func layer(v values.Values, comment string) []item {
	if len(v) == 0 {
		return nil
	}
	return []item{{value: v, comment: comment}}
}

// helmfileHooks apply the follow-up manifests. Helmfile renders the arguments of hooks
// as templates.
func (r Release) helmfileHooks() ([]item, error) {
	if len(r.Manifests) == 0 {
		return nil, nil
	}
	var script strings.Builder
	fmt.Fprintf(&script, "kubectl apply --server-side --namespace %s -f - <<'MANIFESTS'\n", r.Namespace)
	for _, object := range r.Manifests {
		raw, err := yaml.Marshal(plain(object))
		if err != nil {
			return nil, fmt.Errorf("%s: manifests: %w", r.Component, err)
		}
		script.WriteString("---\n" + string(raw))
	}
	script.WriteString("MANIFESTS\n")
	return []item{{value: fields{
		{name: "events", value: []string{"postsync"}},
		{name: "command", value: "sh"},
		{name: "args", value: []string{"-c", strings.ReplaceAll(script.String(), "{{", "{{`{{`}}")}},
	}, comment: "Its follow-up manifests."}}, nil
}

func labelText(labels map[string]string) string {
	var out []string
	for key, value := range labels {
		out = append(out, key+"="+value)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}
