// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package planning says what the operator would do about a bundle, before anything is
// applied: which components it would install, upgrade and remove, in which order, what
// becomes of each object, and what people would notice. It renders with the operator's
// own rooms and writes nothing to any cluster. It imports the frame of the commands,
// the operator's rooms that prepare and plan, clients, and the API.
package planning

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	corev1 "k8s.io/api/core/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/planning/rehearsal"
	"github.com/groundwork-dev/groundwork/internal/cluster"
)

// defaultKubeVersion is assumed where there is no cluster to ask.
const defaultKubeVersion = "1.34.0"

const long = `Shows what the operator would do if the bundle of a file were applied: installs, upgrades and removals in the
order in which they would begin, the objects that change, definitions and what they risk, images, and what people
would notice: restarted pods, fields that cannot be changed, webhooks, data.

It is compared with the cluster that kubectl's flags name, or offline with another file (--against), or with
nothing (--offline). Nothing is ever written. Charts are fetched and rendered here; offline, templates are answered
as a plain Kubernetes of --kube-version with the definitions of the bundle would, and find no objects.

What is secret is not shown: the contents of Secrets, fields whose names speak of a secret, and the values that
valuesFrom reads from a Secret, wherever they end up. That they change is shown.

Exit codes: 0 there is a plan (with --exit-code: and nothing would change), 1 something would change (only with
--exit-code), 2 there is no plan.`

// options are the flags.
type options struct {
	file, against, mirror, cache, kubeVersion string
	offline, exitCode                         bool
}

// Command is plan.
func Command(env *cli.Env) *cobra.Command {
	var o options
	command := &cobra.Command{
		Use: "plan -f FILE", Short: "Show what applying a bundle would do", Long: long, Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			report, err := run(command.Context(), env, o)
			if err != nil {
				return cli.Failed(err)
			}
			if err := env.Print(report, report.table(env)); err != nil {
				return cli.Failed(err)
			}
			if o.exitCode && len(report.Changes) > 0 {
				return cli.No()
			}
			return nil
		},
	}
	flags := command.Flags()
	flags.StringVarP(&o.file, "filename", "f", "", "file with the bundle; - is standard input")
	flags.StringVar(&o.against, "against", "", "compare with the bundle of this file, without a cluster")
	flags.BoolVar(&o.offline, "offline", false, "compare with nothing, without a cluster")
	flags.StringVar(&o.mirror, "chart-mirror", "", "take every chart by name and version from here: a folder, an http(s) repository, or oci://host/path")
	flags.StringVar(&o.cache, "chart-cache", "", "folder of the chart cache (default: groundwork/charts in the user's cache folder)")
	flags.StringVar(&o.kubeVersion, "kube-version", defaultKubeVersion, "version of Kubernetes that charts are told without a cluster")
	flags.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 when something would change")
	if err := command.MarkFlagRequired("filename"); err != nil {
		panic(err) // the flag is there, some lines above
	}
	env.AddOutputFlag(command)
	return command
}

func run(ctx context.Context, env *cli.Env, o options) (*Report, error) {
	bundle, err := readBundle(env, o.file)
	if err != nil {
		return nil, err
	}
	charts, err := fetcher(o)
	if err != nil {
		return nil, err
	}
	var notes []string
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	s := &side{bundle: bundle, mask: &mask{}, note: note}
	var b *base
	against := "the cluster"
	switch {
	case o.against != "" || o.offline:
		b, against, err = offline(ctx, env, o, s, charts)
	default:
		b, err = online(ctx, env, s, charts)
	}
	if err != nil {
		return nil, err
	}
	report, err := build(ctx, s, b, env.Now())
	if err != nil {
		return nil, err
	}
	slices.Sort(notes)
	report.Against, report.Notes = against, slices.Compact(notes)
	return report, nil
}

// offline renders both files, each as if it were alone.
func offline(ctx context.Context, env *cli.Env, o options, s *side, charts *chart.Fetcher) (*base, string, error) {
	other := &side{bundle: &v1alpha1.PlatformBundle{}, mask: s.mask, note: s.note}
	against := "nothing"
	if o.against != "" {
		var err error
		if other.bundle, err = readBundle(env, o.against); err != nil {
			return nil, "", err
		}
		against = o.against
	}
	for _, one := range []*side{s, other} {
		kinds, err := rehearsal.Offline(o.kubeVersion)
		if err != nil {
			return nil, "", err
		}
		if one.stage, err = rehearsal.New(nil, kinds, charts); err != nil {
			return nil, "", err
		}
		one.offline = true
		one.references = func(context.Context, v1alpha1.ValuesReference) ([]byte, bool, bool, error) {
			return nil, false, false, nil
		}
		if err := one.resolve(ctx, env.Catalogs); err != nil {
			return nil, "", err
		}
	}
	for _, one := range []*side{s, other} {
		one.render(ctx)
	}
	return baseOf(other), against, nil
}

// online renders as the operator of the cluster would.
func online(ctx context.Context, env *cli.Env, s *side, charts *chart.Fetcher) (*base, error) {
	c, err := env.Client()
	if err != nil {
		return nil, err
	}
	config, err := env.Config.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	asking, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	served, err := cluster.NewKinds(asking)
	if err != nil {
		return nil, err
	}
	if s.stage, err = rehearsal.New(config, rehearsal.Live(served), charts); err != nil {
		return nil, err
	}
	checks, err := newChecker(ctx, config)
	if err != nil {
		return nil, err
	}
	l := live{client: c, checker: checks}
	s.references = l.reference
	s.auth = func(ctx context.Context, ref v1alpha1.SecretReference) (*chart.Auth, []byte, error) {
		var secret corev1.Secret
		if err := c.Get(ctx, client.ObjectKey{Namespace: ref.Namespace, Name: ref.Name}, &secret); err != nil {
			return nil, nil, fmt.Errorf("chart.secretRef: %w", err)
		}
		return chart.AuthFromSecret(secret.Data, string(secret.Type))
	}
	if err := s.approved(ctx, env); err != nil {
		return nil, err
	}
	if err := s.resolve(ctx, env.Catalogs); err != nil {
		return nil, err
	}
	s.render(ctx)
	return l.base(ctx, s)
}

// approved reads what the cluster has of the bundle: the catalog that it stays with, and
// its releases.
func (s *side) approved(ctx context.Context, env *cli.Env) error {
	have, err := env.Bundle(ctx, s.bundle.Name)
	if client.IgnoreNotFound(errors.Unwrap(err)) != nil {
		return err
	}
	if err == nil {
		s.bundle.Status.CatalogVersion = have.Status.CatalogVersion
	}
	releases, err := env.Releases(ctx, s.bundle.Name)
	if err != nil {
		return err
	}
	s.releases = map[string]*v1alpha1.ComponentRelease{}
	for i := range releases {
		s.releases[releases[i].Spec.Component] = &releases[i]
	}
	return nil
}

func fetcher(o options) (*chart.Fetcher, error) {
	if o.cache == "" {
		folder, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("there is no cache folder: %w; set --chart-cache", err)
		}
		o.cache = filepath.Join(folder, "groundwork", "charts")
	}
	return chart.New(chart.Options{CacheDir: o.cache, Mirror: o.mirror, UserAgent: "kubectl-platform"})
}

// readBundle reads the one bundle of a file, strictly: lint says more about mistakes.
func readBundle(env *cli.Env, name string) (*v1alpha1.PlatformBundle, error) {
	read := func() ([]byte, error) { return os.ReadFile(name) } //nolint:gosec // the user names what to read
	if name == "-" {
		read = func() ([]byte, error) { return io.ReadAll(env.In) }
	}
	raw, err := read()
	if err != nil {
		return nil, err
	}
	var bundle v1alpha1.PlatformBundle
	if err := yaml.UnmarshalStrict(raw, &bundle); err != nil {
		return nil, fmt.Errorf("%s: %w; kubectl platform lint says more", name, err)
	}
	if bundle.Kind != "PlatformBundle" || bundle.APIVersion != v1alpha1.GroupVersion.String() {
		return nil, fmt.Errorf("%s holds no PlatformBundle of %s", name, v1alpha1.GroupVersion)
	}
	if bundle.Name == "" {
		return nil, fmt.Errorf("%s: metadata.name is missing", name)
	}
	return &bundle, nil
}
