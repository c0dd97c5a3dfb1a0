// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package helm is the Helm v3 SDK behind one narrow engine that speaks in this
// project's words: render, install, upgrade, roll back, uninstall, observe. Its
// types never leave this package and internal/chart, so that moving to Helm v4
// touches these two alone. It contains the SDK's traps in two places: a
// decorator of kube.Interface (kube.go) and a wrapper of the storage driver
// (storage.go). It imports Helm, client-go, internal/chart, internal/failure,
// internal/jobs (whose interrupt ends its waits) and the API; it knows neither
// order nor catalog.
package helm

import (
	"context"
	"sync"
	"time"

	"github.com/go-logr/logr"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/chart"
)

// Release names a Helm release.
type Release struct {
	// Namespace of the release and of its records.
	Namespace string
	// Name of the release.
	Name string
}

// String is namespace/name.
func (r Release) String() string { return r.Namespace + "/" + r.Name }

// Object names one object of a release.
type Object struct {
	schema.GroupVersionKind
	// Namespace is empty for cluster-scoped kinds.
	Namespace string
	// Name of the object.
	Name string
}

// ChartLoader loads a pinned chart; internal/chart.Fetcher is one. Every call
// returns a chart of its own, because Helm changes what it processes.
type ChartLoader interface {
	Load(ctx context.Context, resolved chart.Resolved, source chart.Source) (*helmchart.Chart, error)
}

// Kinds answers what the API server serves; internal/cluster.Kinds is one.
type Kinds interface {
	meta.RESTMapper
	Has(apiVersion string) bool
	APIVersions() []string
	ServerVersion() version.Info
}

// Applied is an object as the API server returned it after a write, so that an
// older state in a watch is not taken for the verdict about the new one.
type Applied struct {
	Object
	// UID of the object.
	UID string
	// Generation after the write; 0 for kinds without one.
	Generation int64
	// ResourceVersion after the write.
	ResourceVersion string
}

// Waiter waits by watch until the workloads among the objects of a release run.
// It returns an error that names what does not.
type Waiter func(ctx context.Context, owner string, objects []Applied) error

// Explainer says why the pods of a workload do not do what is waited for; empty
// when there is nothing to say. The context may have ended.
type Explainer func(ctx context.Context, workload Object) string

// Options of an Engine. All fields but Explain and Log are required.
type Options struct {
	// Config of the API server; client-side rate limits should be off.
	Config *rest.Config
	// Kinds shared by the whole operator.
	Kinds Kinds
	// Charts resolves and loads charts.
	Charts ChartFetcher
	// Identity of this process, put on records that it is working on.
	Identity string
	// Wait is used before hooks of releases whose hooks need running workloads.
	Wait Waiter
	// Explain is asked about the workload of a hook that failed. Default: nothing is said.
	Explain Explainer
	// Log receives Helm's own debug lines at level 2.
	Log logr.Logger
}

// Engine runs Helm actions. It is safe for concurrent use by different releases;
// one release must have one action at a time, which is what Jobs is for.
type Engine struct {
	options  Options
	factory  *factory
	client   kubernetes.Interface
	metadata metadata.Interface
	dynamic  dynamic.Interface
	absences *absences
}

// nameManager makes Helm write as this operator whatever the binary is called. It
// is a variable of Helm's, and part of what is stored with every object. Fields
// that an earlier binary wrote keep its name beside ours; Helm merges on its own
// side and does not mind.
var nameManager = sync.OnceFunc(func() { kube.ManagedFieldsManager = v1alpha1.FieldManager })

// New builds an Engine. The error is that of a bad client configuration.
func New(options Options) (*Engine, error) {
	nameManager()
	client, err := kubernetes.NewForConfig(options.Config)
	if err != nil {
		return nil, err
	}
	meta, err := metadata.NewForConfig(options.Config)
	if err != nil {
		return nil, err
	}
	objects, err := dynamic.NewForConfig(options.Config)
	if err != nil {
		return nil, err
	}
	return &Engine{
		dynamic:  objects,
		options:  options,
		factory:  newFactory(options.Config, options.Kinds),
		client:   client,
		metadata: meta,
		absences: newAbsences(),
	}, nil
}

// Request is everything an install or an upgrade needs.
type Request struct {
	Release
	// Owner is the ComponentRelease; it labels every object.
	Owner string
	// Chart is the pinned chart.
	Chart chart.Resolved
	// Source with credentials, in case the cache has lost the chart.
	Source chart.Source
	// Values are merged and final.
	Values map[string]any
	// Capabilities are the answers that the release was checked with.
	Capabilities []v1alpha1.CapabilityAnswer
	// Digest of the inputs, kept as a label of the record.
	Digest string
	// Timeout of the action and of each hook.
	Timeout time.Duration
	// HistoryLimit is the number of revisions kept.
	HistoryLimit int
	// HooksNeedWorkloads makes post hooks wait for running workloads.
	HooksNeedWorkloads bool
	// HookPatience is how long a post hook waits for running workloads before it is
	// run all the same: for charts of which nobody knows what their hooks need. 0: it
	// is run at once.
	HookPatience time.Duration
	// Adopt takes over objects that exist already and belong to nobody; those of
	// another release are an error that names them, before anything is written.
	Adopt bool
	// AllowDelete are kinds that count as data and may be deleted nevertheless when
	// they leave the manifest, for example "PersistentVolumeClaim".
	AllowDelete []string
}

// Result of an action that makes a revision.
type Result struct {
	// Revision that was made, 0 if it came to none.
	Revision int
	// Inventory of the revision: its objects without hooks and CRDs. Only of one
	// that Helm recorded as deployed.
	Inventory []Object
	// Applied are the objects that were written.
	Applied []Applied
	// Hooks is how long hooks were waited for.
	Hooks time.Duration
	// Pruned are objects that only failed revisions had brought, deleted now.
	Pruned []Object
}
