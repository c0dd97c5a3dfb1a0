// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package explain says of one component why it is in a bundle, what it waits for and
// why, and where each of its values comes from. It imports the frame of the commands,
// the pure rooms, a client, and the API.
package explain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	corev1 "k8s.io/api/core/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/resolve"
)

// Explanation is what --output json and yaml show.
type Explanation struct {
	Component string `json:"component"`
	Bundle    string `json:"bundle"`
	// Chart, Version and Release as namespace/name; Version may be a range.
	Chart   string `json:"chart,omitempty"`
	Version string `json:"version,omitempty"`
	Release string `json:"release,omitempty"`
	// Here are the reasons why it is in the bundle.
	Here []string `json:"here"`
	// State and Now are what it does at the moment; empty for a file.
	State string `json:"state,omitempty"`
	Now   string `json:"now,omitempty"`
	// Trouble is why it cannot be right.
	Trouble string `json:"trouble,omitempty"`
	// After and Before are its edges.
	After  []Edge `json:"after"`
	Before []Edge `json:"before"`
	// Values with their sources, sorted by path.
	Values []Value `json:"values"`
	// Notes are what could not be known.
	Notes []string `json:"notes,omitempty"`
}

// Edge is an edge to another component.
type Edge struct {
	Component string `json:"component"`
	// By says who wants it: catalog, dependsOn, wiring, or webhooks.
	By string `json:"by"`
	// Why is the catalog's sentence.
	Why string `json:"why,omitempty"`
}

// Value is one value of the chart.
type Value struct {
	Path   string `json:"path"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// Command is explain.
func Command(env *cli.Env) *cobra.Command {
	bundle, file := "", ""
	command := &cobra.Command{
		Use: "explain COMPONENT", Short: "Say why a component is here, what it waits for, and where its values come from",
		Long: "Explains a component of a bundle of the cluster (--bundle, or the only one), or of a file (--filename), for\n" +
			"which no cluster is asked. Values that come from a Secret, or whose names speak of one, are not shown.",
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			found, err := explain(command.Context(), env, args[0], bundle, file)
			if err != nil {
				return cli.Failed(err)
			}
			return cli.Failed(env.Print(found, found.table))
		},
	}
	command.Flags().StringVarP(&bundle, "bundle", "b", "", "bundle of the cluster (default: the only one)")
	command.Flags().StringVarP(&file, "filename", "f", "", "file with the bundle; - is standard input")
	command.MarkFlagsMutuallyExclusive("bundle", "filename")
	env.AddOutputFlag(command)
	return command
}

func explain(ctx context.Context, env *cli.Env, name, bundleName, file string) (*Explanation, error) {
	bundle, read, err := open(ctx, env, bundleName, file)
	if err != nil {
		return nil, err
	}
	resolved, err := resolve.Resolve(bundle.Spec, bundle.Status.CatalogVersion, env.Catalogs)
	if resolved == nil {
		return nil, err
	}
	at := slices.IndexFunc(resolved.Components, func(c resolve.Component) bool { return c.Name == name })
	if at < 0 {
		return nil, absent(bundle, resolved, name)
	}
	chosen, err := env.Catalogs.Get(resolved.CatalogVersion)
	if err != nil {
		return nil, err
	}
	c := resolved.Components[at]
	out := &Explanation{
		Component: name, Bundle: bundle.Name, Chart: c.ChartName, Version: c.Constraint, Release: c.Namespace + "/" + c.ReleaseName,
		Here: here(bundle, chosen, resolved, name), After: []Edge{}, Before: []Edge{}, Values: []Value{},
	}
	if c.Trouble != nil {
		out.Trouble = c.Trouble.Error()
	}
	listed, err := resolve.Listed(bundle.Spec, bundle.Status.CatalogVersion, env.Catalogs)
	if err != nil {
		return nil, err
	}
	out.edges(resolved, chosen, listed)
	if file == "" {
		if err := out.now(ctx, env, bundle); err != nil {
			return nil, err
		}
	}
	out.values(c, read)
	return out, nil
}

// reader reads a key of a referenced object; false when it is not there.
type reader func(ref v1alpha1.ValuesReference) (content string, found bool, err error)

// open reads the bundle, and says how to read its references; nil: there is no cluster.
func open(ctx context.Context, env *cli.Env, name, file string) (*v1alpha1.PlatformBundle, reader, error) {
	if file == "" {
		bundle, err := env.Bundle(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		c, err := env.Client()
		return bundle, func(ref v1alpha1.ValuesReference) (string, bool, error) { return reference(ctx, c, ref) }, err
	}
	raw, err := content(env, file)
	if err != nil {
		return nil, nil, err
	}
	var bundle v1alpha1.PlatformBundle
	if err := yaml.UnmarshalStrict(raw, &bundle); err != nil {
		return nil, nil, fmt.Errorf("%s: %w; kubectl platform lint says more", file, err)
	}
	if bundle.Kind != "PlatformBundle" {
		return nil, nil, fmt.Errorf("%s holds no PlatformBundle", file)
	}
	return &bundle, nil, nil
}

func content(env *cli.Env, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(env.In)
	}
	return os.ReadFile(file) //nolint:gosec // the user names what to read
}

func reference(ctx context.Context, c client.Client, ref v1alpha1.ValuesReference) (string, bool, error) {
	key := client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}
	if ref.Kind == "Secret" {
		var secret corev1.Secret
		err := c.Get(ctx, key, &secret)
		text, found := secret.Data[ref.Key]
		return string(text), found && err == nil, client.IgnoreNotFound(err)
	}
	var config corev1.ConfigMap
	err := c.Get(ctx, key, &config)
	text, found := config.Data[ref.Key]
	return text, found && err == nil, client.IgnoreNotFound(err)
}

// absent says why a component is not in the bundle.
func absent(bundle *v1alpha1.PlatformBundle, resolved *resolve.Bundle, name string) error {
	for _, c := range bundle.Spec.Components {
		if c.Name == name {
			return fmt.Errorf("bundle %s lists %s with enabled: false", bundle.Name, name)
		}
	}
	var names []string
	for _, c := range resolved.Components {
		names = append(names, c.Name)
	}
	return errors.New("bundle " + bundle.Name + " has no component " + name + ": it has " + strings.Join(names, ", "))
}

// here are the reasons why a component is in the bundle.
func here(bundle *v1alpha1.PlatformBundle, chosen *catalog.Catalog, resolved *resolve.Bundle, name string) []string {
	var out []string
	if slices.ContainsFunc(bundle.Spec.Components, func(c v1alpha1.Component) bool { return c.Name == name }) {
		out = append(out, "spec.components lists it")
	}
	for _, p := range bundle.Spec.Profiles {
		profile, _ := chosen.Profile(p)
		if slices.ContainsFunc(profile.Components, func(c v1alpha1.Component) bool { return c.Name == name }) {
			out = append(out, "profile "+p+" lists it")
		}
	}
	for _, other := range resolved.Components {
		if known, _ := chosen.Component(other.Name); slices.Contains(known.Requires, name) {
			out = append(out, strings.TrimSuffix(other.Name+" requires it: "+known.Why[name], ": "))
		}
	}
	return out
}

// now is what the component does at the moment.
func (e *Explanation) now(ctx context.Context, env *cli.Env, bundle *v1alpha1.PlatformBundle) error {
	for _, status := range bundle.Status.Components {
		if status.Name == e.Component {
			e.State, e.Now = string(status.State), strings.TrimPrefix(status.Reason+": "+status.Message, ": ")
		}
	}
	releases, err := env.Releases(ctx, bundle.Name)
	if err != nil {
		return err
	}
	for _, release := range releases {
		if release.Spec.Component != e.Component {
			continue
		}
		e.Version = release.Spec.Chart.Version
		for _, guard := range release.Spec.GuardedBy {
			e.After = append(e.After, Edge{guard, "webhooks", "its webhooks stand before kinds that this one uses"})
		}
	}
	return nil
}
