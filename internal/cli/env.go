// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cli is what the commands of kubectl platform share: the environment they
// run in, how they print, how they find a bundle, and what their exit codes mean.
// Each command is in a package of its own below; main puts them together. It imports
// cobra, kubectl's own flags, a client, the catalog and the API.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/catalog"
)

// Env is what a command runs in.
type Env struct {
	// In, Out and Err are the streams. Out gets the answer and nothing else.
	In       io.Reader
	Out, Err io.Writer
	// Config holds kubectl's own flags: --kubeconfig, --context and the rest.
	Config *genericclioptions.ConfigFlags
	// Output is the flag --output: table, json or yaml.
	Output string
	// Color says that Out is a terminal that shows colours.
	Color bool
	// Width of the terminal in columns; 0 when Out is none.
	Width int
	// Catalogs that this program brings; those of the operator may be others.
	Catalogs *catalog.Set
	// Now is the clock.
	Now func() time.Time

	client client.WithWatch
}

// NewEnv is the environment of a process: colours and width only when standard output
// is a terminal and NO_COLOR is not set (https://no-color.org).
func NewEnv(catalogs *catalog.Set) *Env {
	env := &Env{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Config: genericclioptions.NewConfigFlags(true).WithDeprecatedPasswordFlag(),
		Output: OutputTable, Catalogs: catalogs, Now: time.Now,
	}
	if fd := int(os.Stdout.Fd()); term.IsTerminal(fd) {
		env.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		if width, _, err := term.GetSize(fd); err == nil {
			env.Width = width
		}
	}
	return env
}

// Scheme knows our kinds and Kubernetes' own.
func Scheme() *runtime.Scheme {
	out := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(out))
	utilruntime.Must(v1alpha1.AddToScheme(out))
	return out
}

// Client for the cluster that kubectl's flags name. It is made once.
func (e *Env) Client() (client.WithWatch, error) {
	if e.client != nil {
		return e.client, nil
	}
	config, err := e.Config.ToRESTConfig()
	if err != nil {
		return nil, Failed(err)
	}
	// The API server's own fairness is the limit; a plan reads a record per component.
	config = rest.CopyConfig(config)
	config.QPS = -1
	if e.client, err = client.NewWithWatch(config, client.Options{Scheme: Scheme()}); err != nil {
		return nil, Failed(err)
	}
	return e.client, nil
}

// UseClient replaces the client, for tests and for commands that look at several
// clusters.
func (e *Env) UseClient(c client.WithWatch) { e.client = c }

// Bundle reads a bundle; without a name the only one of the cluster.
func (e *Env) Bundle(ctx context.Context, name string) (*v1alpha1.PlatformBundle, error) {
	c, err := e.Client()
	if err != nil {
		return nil, err
	}
	if name != "" {
		out := &v1alpha1.PlatformBundle{}
		if err := c.Get(ctx, client.ObjectKey{Name: name}, out); err != nil {
			return nil, Failed(err)
		}
		return out, nil
	}
	var list v1alpha1.PlatformBundleList
	if err := c.List(ctx, &list); err != nil {
		return nil, Failed(err)
	}
	switch len(list.Items) {
	case 0:
		return nil, Failed(errors.New("the cluster has no PlatformBundle: kubectl apply one first"))
	case 1:
		return &list.Items[0], nil
	}
	var names []string
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	return nil, Failed(fmt.Errorf("the cluster has several bundles, so name one of them: %s", strings.Join(names, ", ")))
}

// Releases reads the ComponentReleases of a bundle, sorted by component.
func (e *Env) Releases(ctx context.Context, bundle string) ([]v1alpha1.ComponentRelease, error) {
	c, err := e.Client()
	if err != nil {
		return nil, err
	}
	var list v1alpha1.ComponentReleaseList
	if err := c.List(ctx, &list, client.MatchingLabels{v1alpha1.BundleLabel: bundle}); err != nil {
		return nil, Failed(err)
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.ComponentRelease) int { return cmp.Compare(a.Spec.Component, b.Spec.Component) })
	return list.Items, nil
}
