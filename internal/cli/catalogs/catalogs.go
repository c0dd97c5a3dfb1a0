// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package catalogs holds the commands that show what the catalogs of this program
// know: catalog list, show and outdated. The catalogs of an operator of another version
// may differ. It imports the frame of the commands, the catalog, the resolver and the
// API.
package catalogs

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/spf13/cobra"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/internal/cli"
)

// Command is catalog with its commands.
func Command(env *cli.Env) *cobra.Command {
	command := &cobra.Command{Use: "catalog", Short: "Show what the catalog knows, and what is newer there"}
	command.AddCommand(list(env), show(env), outdated(env))
	return command
}

// Entry is one component of a catalog.
type Entry struct {
	Name      string `json:"name"`
	Category  string `json:"category"`
	Chart     string `json:"chart"`
	Version   string `json:"version"`
	Lifecycle string `json:"lifecycle"`
	// Profiles that list it.
	Profiles    []string `json:"profiles,omitempty"`
	Description string   `json:"description"`
}

// chosen adds --catalog-version, whose completion and default are the newest.
func chosen(env *cli.Env, command *cobra.Command) func() (*catalog.Catalog, error) {
	version := command.Flags().String("catalog-version", "", "version of the catalog (default: the newest)")
	return func() (*catalog.Catalog, error) {
		return env.Catalogs.Get(cmp.Or(*version, env.Catalogs.Newest()))
	}
}

func list(env *cli.Env) *cobra.Command {
	command := &cobra.Command{Use: "list", Short: "List the components of the catalog", Args: cobra.NoArgs}
	which := chosen(env, command)
	command.RunE = func(*cobra.Command, []string) error {
		from, err := which()
		if err != nil {
			return cli.Failed(err)
		}
		entries := []Entry{}
		rows := [][]string{{"NAME", "CATEGORY", "CHART", "VERSION", "LIFECYCLE", "PROFILES"}}
		for _, name := range from.Names() {
			c, _ := from.Component(name)
			e := Entry{name, c.Category, c.Chart.Name, c.Chart.Version, phase(c), profiles(from, name), c.Description}
			entries = append(entries, e)
			rows = append(rows, []string{e.Name, e.Category, e.Chart, e.Version, e.Lifecycle, strings.Join(e.Profiles, ",")})
		}
		return cli.Failed(env.Print(entries, func(w io.Writer) error { return cli.Table(w, rows) }))
	}
	env.AddOutputFlag(command)
	return command
}

func phase(c catalog.Component) string { return string(cmp.Or(c.Lifecycle.Phase, catalog.PhaseActive)) }

func profiles(from *catalog.Catalog, component string) []string {
	var out []string
	for _, name := range from.Profiles() {
		profile, _ := from.Profile(name)
		if slices.ContainsFunc(profile.Components, func(c v1alpha1.Component) bool { return c.Name == component }) {
			out = append(out, name)
		}
	}
	return out
}

func show(env *cli.Env) *cobra.Command {
	command := &cobra.Command{Use: "show NAME", Short: "Show all that the catalog knows of a component", Args: cobra.ExactArgs(1)}
	which := chosen(env, command)
	command.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		from, err := which()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return from.Names(), cobra.ShellCompDirectiveNoFileComp
	}
	command.RunE = func(_ *cobra.Command, args []string) error {
		from, err := which()
		if err != nil {
			return cli.Failed(err)
		}
		c, known := from.Component(args[0])
		if !known {
			hint := ""
			if nearest, near := from.Nearest(args[0]); near {
				hint = fmt.Sprintf(": did you mean %q?", nearest)
			}
			return cli.Failed(fmt.Errorf("catalog %s has no component %q%s", from.Version, args[0], hint))
		}
		d := details(from, c)
		return cli.Failed(env.Print(d, d.table))
	}
	env.AddOutputFlag(command)
	return command
}

// Outdated is a component that the newest catalog has in another version.
type Outdated struct {
	Component string `json:"component"`
	// Installed is the version that is approved, and Catalog the newest one's.
	Installed string `json:"installed"`
	Catalog   string `json:"catalog"`
	// Change is major, minor, patch, or older where the installed one is newer.
	Change string `json:"change"`
	// By is what holds it: the bundle's version, or the catalog it stays with.
	By string `json:"by"`
	// Through is a version that the upgrade must not skip.
	Through string `json:"through,omitempty"`
}

func outdated(env *cli.Env) *cobra.Command {
	exitCode := false
	command := &cobra.Command{
		Use: "outdated [BUNDLE]", Short: "Show what is installed in another version than the newest catalog's", Args: cobra.MaximumNArgs(1),
		Long: "Compares the approved versions of a bundle of the cluster with the newest catalog of this program.\n" +
			"Exit code 1 with --exit-code when there is anything.",
		RunE: func(command *cobra.Command, args []string) error {
			found, err := find(command.Context(), env, strings.Join(args, ""))
			if err != nil {
				return cli.Failed(err)
			}
			rows := [][]string{{"COMPONENT", "INSTALLED", "CATALOG " + env.Catalogs.Newest(), "CHANGE", "HELD BY", "THROUGH"}}
			for _, o := range found {
				rows = append(rows, []string{o.Component, o.Installed, o.Catalog, o.Change, o.By, o.Through})
			}
			err = env.Print(found, func(w io.Writer) error {
				if len(found) == 0 {
					_, err := fmt.Fprintln(w, "everything has the version of catalog", env.Catalogs.Newest())
					return err
				}
				return cli.Table(w, rows)
			})
			if err == nil && exitCode && len(found) > 0 {
				return cli.No()
			}
			return cli.Failed(err)
		},
	}
	command.Flags().BoolVar(&exitCode, "exit-code", false, "exit with 1 when something is outdated")
	env.AddOutputFlag(command)
	return command
}

func find(ctx context.Context, env *cli.Env, name string) ([]Outdated, error) {
	bundle, err := env.Bundle(ctx, name)
	if err != nil {
		return nil, err
	}
	releases, err := env.Releases(ctx, bundle.Name)
	if err != nil {
		return nil, err
	}
	newest, err := env.Catalogs.Get(env.Catalogs.Newest())
	if err != nil {
		return nil, err
	}
	asked := map[string]string{}
	for _, c := range bundle.Spec.Components {
		asked[c.Name] = c.Version
		if c.Chart != nil {
			asked[c.Name] = cmp.Or(c.Version, c.Chart.Version)
		}
	}
	out := []Outdated{}
	for _, release := range releases {
		known, inCatalog := newest.Component(release.Spec.Component)
		have := release.Spec.Chart
		if !inCatalog || have.Name != known.Chart.Name || have.Version == known.Chart.Version {
			continue
		}
		o := Outdated{
			Component: known.Name, Installed: have.Version, Catalog: known.Chart.Version,
			Change: change(have.Version, known.Chart.Version), By: "catalog " + release.Spec.CatalogVersion, Through: through(known, have.Version),
		}
		if version := asked[known.Name]; version != "" {
			o.By = "version " + version
		}
		out = append(out, o)
	}
	return out, nil
}

// change says which part of a version differs first.
func change(from, to string) string {
	a, errA := semver.NewVersion(from)
	b, errB := semver.NewVersion(to)
	switch {
	case errA != nil || errB != nil:
		return "other"
	case a.GreaterThan(b):
		return "older"
	case a.Major() != b.Major():
		return "major"
	case a.Minor() != b.Minor():
		return "minor"
	default:
		return "patch"
	}
}

// through is the first stop of an upgrade from a version, empty for none.
func through(c catalog.Component, from string) string {
	v, err := semver.NewVersion(from)
	if err != nil {
		return ""
	}
	for _, bridge := range c.Upgrades {
		if leaves, err := semver.NewConstraint(bridge.From); err == nil && leaves.Check(v) {
			return bridge.Via
		}
	}
	return ""
}

// sortedKeys of a map.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
