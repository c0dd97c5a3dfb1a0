// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

// pointTimeout is how long a scenario may take in spite of a disturbance. The
// longest delays are the operator's own, between attempts that failed.
const pointTimeout = 60 * time.Second

// reference is an undisturbed run.
type reference struct {
	state  state
	writes []string
}

// undisturbed makes the reference of a scenario.
func (w *world) undisturbed(t *testing.T, s scenario) reference {
	t.Helper()
	id := w.begin(t, s, nil)
	defer w.clear(t, id)
	if err := eventually(t.Context(), pointTimeout, func(ctx context.Context) error { return w.over(ctx, s, id) }); err != nil {
		t.Fatalf("the undisturbed run of %s does not end: %v\n%s", s.Name, err, w.explain(t, id))
	}
	r := reference{writes: w.process.gate.counted()}
	var err error
	if r.state, err = w.dump(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	for key, text := range r.state {
		if strings.Contains(text, "stuck:") || strings.HasPrefix(key, "Helm release") && strings.Count(text, "deployed with WANTED") != 1 && s.Name != "rollback" {
			t.Fatalf("the undisturbed run of %s is no reference: %s: %s", s.Name, key, text)
		}
	}
	return r
}

// begin brings a scenario to its start and makes its change under a rule.
func (w *world) begin(t *testing.T, s scenario, r rule) (id string) {
	t.Helper()
	id = w.name()
	process := w.operator(t)
	err := eventually(t.Context(), pointTimeout, func(context.Context) error {
		if !process.rests() {
			return errors.New("the operator does not come to rest")
		}
		return nil
	})
	if err == nil && s.Start != nil {
		err = s.Start(t.Context(), w, id)
	}
	if err == nil {
		process.gate.arm(r)
		err = s.Change(t.Context(), w, id)
	}
	if err != nil {
		t.Fatalf("begin %s: %v\n%s", s.Name, err, w.explain(t, id))
	}
	return id
}

// over says that a scenario is done and that its operator has nothing left to do.
func (w *world) over(ctx context.Context, s scenario, id string) error {
	if err := s.Done(ctx, w, id); err != nil {
		return err
	}
	if !w.process.rests() {
		return errors.New("the operator still writes")
	}
	return nil
}

// expectEnd requires the end of the undisturbed run.
func (w *world) expectEnd(t *testing.T, s scenario, id string, want state) {
	t.Helper()
	var difference string
	err := eventually(t.Context(), pointTimeout, func(ctx context.Context) error {
		if err := w.over(ctx, s, id); err != nil {
			return err
		}
		got, err := w.dump(ctx, id)
		if err != nil {
			return err
		}
		if difference = cmp.Diff(want, got); difference != "" {
			return errors.New("the end differs from that of the undisturbed run")
		}
		return nil
	})
	if err == nil {
		return
	}
	if difference != "" {
		difference = "\n(-undisturbed +now)\n" + difference
	}
	t.Errorf("%v%s\n%s", err, difference, w.explain(t, id))
}

// clear takes a point out of the cluster: the operator forgets the bundle, which
// keeps its objects, and these are deleted. A point that failed costs the operator.
func (w *world) clear(t *testing.T, id string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	w.process.disarm()
	if t.Failed() {
		if err := w.drop(); err != nil {
			t.Error(err)
		}
	}
	if err := gone(ctx, w, id); err != nil {
		if err := w.orphan(ctx, id); err != nil {
			t.Errorf("an orphaned bundle does not go: %v\n%s", err, w.explain(t, id))
		}
	}
	if err := w.sweep(ctx, id); err != nil {
		t.Errorf("clean up: %v", err)
	}
}

// orphan deletes the bundle alone; without an operator nobody else takes its finalizer off.
func (w *world) orphan(ctx context.Context, id string) error {
	err := edit(func(spec *v1alpha1.PlatformBundleSpec, _ string) { spec.DeletionPolicy = v1alpha1.DeletionPolicyOrphan })(ctx, w, id)
	if err != nil {
		return err
	}
	b := &v1alpha1.PlatformBundle{ObjectMeta: metav1.ObjectMeta{Name: id}}
	if w.process == nil {
		free := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
		if err := w.k8s.Patch(ctx, b, free); err != nil {
			return err
		}
	}
	if err := w.k8s.Delete(ctx, b); client.IgnoreNotFound(err) != nil {
		return err
	}
	return eventually(ctx, 15*time.Second, func(ctx context.Context) error { return gone(ctx, w, id) })
}

// sweep deletes what a bundle left. The namespace stays: nobody here would end it.
func (w *world) sweep(ctx context.Context, id string) error {
	var errs []error
	errs = append(errs, w.k8s.DeleteAllOf(ctx, &v1alpha1.ComponentRelease{}, client.MatchingLabels{v1alpha1.BundleLabel: id}))
	objects, err := w.objects(ctx, id)
	errs = append(errs, err)
	for i := range objects {
		errs = append(errs, client.IgnoreNotFound(w.k8s.Delete(ctx, &objects[i])))
	}
	errs = append(errs, w.k8s.DeleteAllOf(ctx, &corev1.Secret{}, client.InNamespace(id)))
	crd := &unstructured.Unstructured{}
	crd.SetAPIVersion("apiextensions.k8s.io/v1")
	crd.SetKind("CustomResourceDefinition")
	crd.SetName("widgets." + groupOf(id))
	errs = append(errs, client.IgnoreNotFound(w.k8s.Delete(ctx, crd)))
	return errors.Join(errs...)
}

// explain shows what there is of a point, for a failure's message.
func (w *world) explain(t *testing.T, id string) string {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	var out strings.Builder
	b := &v1alpha1.PlatformBundle{}
	if err := w.k8s.Get(ctx, client.ObjectKey{Name: id}, b); !apierrors.IsNotFound(err) {
		describe(&out, "bundle", b.Status, err)
	}
	var releases v1alpha1.ComponentReleaseList
	err := w.k8s.List(ctx, &releases, client.MatchingLabels{v1alpha1.BundleLabel: id})
	for _, r := range releases.Items {
		describe(&out, r.Name+" (digest "+r.Spec.InputsDigest+", removal "+string(r.Spec.Removal)+")", r.Status, err)
	}
	history, err := w.history(ctx, id)
	describe(&out, "history", fmt.Sprintf("%+v", history), err)
	fmt.Fprintf(&out, "--- log\n%s\n", w.log.about(id, 40))
	if w.process != nil {
		fmt.Fprintf(&out, "--- writes\n%s\n", strings.Join(w.process.gate.counted(), "\n"))
	}
	return out.String()
}

func describe(out *strings.Builder, title string, value any, err error) {
	text, yamlErr := yaml.Marshal(value)
	if err := errors.Join(err, yamlErr); err != nil {
		text = []byte(err.Error() + "\n")
	}
	fmt.Fprintf(out, "--- %s\n%s", title, text)
}
