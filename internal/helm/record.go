// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"time"

	helmchart "helm.sh/helm/v3/pkg/chart"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"helm.sh/helm/v3/pkg/storage/driver"
	helmtime "helm.sh/helm/v3/pkg/time"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
)

const (
	// RecordLimit is how many bytes a release's record may have: what Kubernetes
	// keeps in a Secret.
	RecordLimit = corev1.MaxSecretSize
	// RecordNear is from how many bytes on a record is close to the limit: the chart's
	// next version may be over it.
	RecordNear = (RecordLimit*85 + 99) / 100
	// recordReserve is left for what a failed action writes into its record.
	recordReserve = 4 << 10
	// besideObject and besideHook are what a record notes beside a document: its
	// template's path, and a hook's name, events, policies and times.
	besideObject, besideHook = 256, 768
)

// draft is what the record of a release is made of.
type draft struct {
	release Release
	loaded  *helmchart.Chart
	// values as the templates got them.
	values map[string]any
	// files that were rendered, without notes.
	files map[string]string
	notes string
}

// weigh predicts the size of the record, in the way in which an action makes it
// and with the code that stores it. Rendered text is sorted, marshalled and packed
// for that once more, so it is done only where the limit may be near. The error
// refuses a record that could not be stored; an action would be refused by the API
// server, after namespaces, definitions and other releases have been written.
func (r *Rendered) weigh(d draft) error {
	unusable := func(err error) error {
		return failure.Terminal(v1alpha1.ReasonRenderFailed,
			"chart %s %s with these values gives no record of a release: %w", r.Chart.Name, r.Chart.Version, err)
	}
	most, err := d.most(r.text)
	if err != nil {
		return unusable(err)
	}
	if most < RecordNear || d.roughly() < RecordNear/2 {
		return nil
	}
	rls, err := d.record()
	if err == nil {
		r.RecordBytes, err = recordSize(rls)
	}
	if err != nil {
		return unusable(err)
	}
	if r.RecordBytes <= RecordLimit-recordReserve {
		return nil
	}
	return failure.Terminal(v1alpha1.ReasonReleaseTooLarge,
		"the record of Helm release %s would take %d bytes, and %d fit into a Secret (1 MiB, less a reserve); the largest parts are %s: "+
			"bring large objects as manifests or as objects of your own instead of by the chart, switch off what is not needed, "+
			"such as dashboards, or shorten the values", d.release, r.RecordBytes, RecordLimit-recordReserve, largest(rls))
}

// most is what the record cannot exceed: as much as if nothing could be compressed.
// text is the length of all documents in it, as JSON.
func (d draft) most(text int) (int, error) {
	raw := text + jsonLength(d.notes) + 2<<10 // for what Helm notes of the release itself
	for _, part := range []any{d.values, d.loaded.Values, d.loaded.Metadata, d.loaded.Lock} {
		encoded, err := json.Marshal(part)
		if err != nil {
			return 0, fmt.Errorf("values and metadata as JSON: %w", err)
		}
		raw += len(encoded)
	}
	packed := raw + raw>>12 + 64 // what gzip adds to what it cannot pack
	return packed/3*4 + 4, nil
}

// roughly is the size of a record that is packed quickly and in another order. The
// real one is a little smaller; by how much depends on the text.
func (d draft) roughly() int {
	out := &length{}
	w, _ := gzip.NewWriterLevel(out, gzip.BestSpeed) // the level is one that exists
	write := func(text string) { _, _ = io.WriteString(w, text) }
	for _, name := range slices.Sorted(maps.Keys(d.files)) {
		for _, document := range documents(d.files[name]) {
			if !isCRD(document) {
				write(document)
			}
		}
	}
	write(d.notes)
	write(asJSON(d.values))
	write(asJSON(d.loaded.Values))
	_ = w.Close()
	return out.bytes / 3 * 4
}

// length counts what is written to it.
type length struct{ bytes int }

// Write implements io.Writer.
func (l *length) Write(p []byte) (int, error) {
	l.bytes += len(p)
	return len(p), nil
}

// record is the release as an install that went well records it.
func (d draft) record() (*helmrelease.Release, error) {
	files := d.files
	if dropped := crdTemplates(d.loaded, nil); len(dropped) > 0 {
		files = make(map[string]string, len(d.files))
		for name, text := range d.files {
			if !slices.Contains(dropped, name) {
				files[name] = text
			}
		}
	}
	hooks, sorted, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return nil, err
	}
	manifest, err := joined(sorted)
	if err != nil {
		return nil, err
	}
	// The clock's digits do not pack: these are as long as real ones.
	at := helmtime.Time{Time: time.Unix(1_700_000_000, 123_456_789).UTC()}
	for i, hook := range hooks {
		began := at.Add(time.Duration(i) * 1_357_924_681)
		ran(hook, began, began.Add(1_029_384_756))
	}
	return &helmrelease.Release{
		Name: d.release.Name, Namespace: d.release.Namespace, Version: 1,
		Chart: d.loaded, Config: d.values, Manifest: manifest, Hooks: hooks,
		Info: &helmrelease.Info{
			FirstDeployed: at, LastDeployed: at, Status: helmrelease.StatusDeployed, Description: "Install complete", Notes: d.notes,
		},
	}, nil
}

// ran notes what Helm does when it has run a hook of an install or an upgrade.
func ran(hook *helmrelease.Hook, began, ended helmtime.Time) {
	if !slices.ContainsFunc(hook.Events, func(event helmrelease.HookEvent) bool {
		return slices.Contains([]helmrelease.HookEvent{
			helmrelease.HookPreInstall, helmrelease.HookPostInstall, helmrelease.HookPreUpgrade, helmrelease.HookPostUpgrade,
		}, event)
	}) {
		return
	}
	if len(hook.DeletePolicies) == 0 {
		hook.DeletePolicies = []helmrelease.HookDeletePolicy{helmrelease.HookBeforeHookCreation}
	}
	hook.LastRun = helmrelease.HookExecution{StartedAt: began, CompletedAt: ended, Phase: helmrelease.HookPhaseSucceeded}
}

// crdTemplates are the paths of the templates that dropCRDTemplates drops.
func crdTemplates(loaded *helmchart.Chart, paths []string) []string {
	for _, file := range loaded.Templates {
		if onlyCRDs(file.Data) {
			paths = append(paths, path.Join(loaded.ChartFullPath(), file.Name))
		}
	}
	for _, dependency := range loaded.Dependencies() {
		paths = crdTemplates(dependency, paths)
	}
	return paths
}

// counter stands where Helm's driver writes a record, and counts its bytes as the
// API server's validation does.
type counter struct {
	corev1client.SecretInterface
	bytes int
}

// Create implements what the driver uses of SecretInterface.
func (c *counter) Create(_ context.Context, secret *corev1.Secret, _ metav1.CreateOptions) (*corev1.Secret, error) {
	for _, value := range secret.Data {
		c.bytes += len(value)
	}
	return secret, nil
}

// recordSize is the size of a record as our storage writes it.
func recordSize(rls *helmrelease.Release) (int, error) {
	sink := &counter{}
	store := &records{Secrets: driver.NewSecrets(sink)}
	err := store.Create(recordKey(rls.Name, rls.Version), rls)
	return sink.bytes, err
}

// jsonLength is how long a text is in JSON, at most.
func jsonLength(text string) int {
	length := len(text) + 2
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"', c == '\\', c == '\n', c == '\r', c == '\t':
			length++
		case c < ' ', c == '<', c == '>', c == '&', c == 0xe2: // a line separator begins with the last
			length += 5
		}
	}
	return length
}
