// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package helm_test

import (
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/helm"
)

// asked counts the questions for single ConfigMaps.
func (b *bench) asked(t *testing.T) *atomic.Int32 {
	t.Helper()
	return b.counts(t, func(r *http.Request) bool {
		return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/configmaps/")
	})
}

// look is what a bundle does before any of its components is installed.
func (b *bench) look(t *testing.T, names ...string) {
	t.Helper()
	var objects []helm.Object
	for _, name := range names {
		objects = append(objects, object("ConfigMap", b.request.Namespace, name))
	}
	found, err := b.Conflicts(t.Context(), b.request.Release, objects, b.request.Owner)
	if err != nil || len(found) != 0 {
		t.Fatalf("%+v, %v", found, err)
	}
}

func TestAnInstallDoesNotAskAgain(t *testing.T) {
	b := newBench(t, extra("one"), extra("two"))
	questions := b.asked(t)
	b.look(t, b.request.Name, "one", "two")
	if questions.Load() != 3 {
		t.Fatalf("the look asked %d times", questions.Load())
	}
	questions.Store(0)
	b.release(t, "d1", extra("one"), extra("two"), extra("three"))
	if got := questions.Load(); got != 1 {
		t.Errorf("the install asked %d times, for one object that was not looked for", got)
	}
	if !b.has(t, "one") || !b.has(t, "two") || !b.has(t, "three") {
		t.Error("not all is there")
	}
}

// What somebody makes between the look and the install is neither overwritten nor, when
// the component is given up, deleted.
func TestSomebodyWasFaster(t *testing.T) {
	b := newBench(t, extra("theirs"))
	questions := b.asked(t)
	b.look(t, b.request.Name, "theirs")
	questions.Store(0)
	theirs := b.put(t, "theirs", nil)
	_, err := b.Install(t.Context(), b.request)
	if err == nil || !strings.Contains(err.Error(), `configmaps "theirs" already exists`) || questions.Load() != 0 {
		t.Errorf("%v, after %d questions", err, questions.Load())
	}
	if _, err := b.Install(t.Context(), b.request); err == nil || !strings.Contains(err.Error(), `"theirs" in namespace`) {
		t.Errorf("the second attempt does not name it: %v", err)
	}
	for range 2 { // the second finds a removal that did not end
		if err := b.Uninstall(t.Context(), b.uninstall(b.request.Timeout)); err != nil {
			t.Fatal(err)
		}
	}
	if b.has(t, b.request.Name) || len(b.revisions(t)) != 0 {
		t.Error("something of the release is left")
	}
	after, err := b.client.CoreV1().ConfigMaps(b.request.Namespace).Get(t.Context(), "theirs", metav1.GetOptions{})
	if err != nil || after.UID != theirs.UID || !maps.Equal(after.Data, theirs.Data) || after.ResourceVersion != theirs.ResourceVersion {
		t.Errorf("%+v, %v", after, err)
	}
}

// A removal that was cut short, of a release that never stood, still spares what it
// never made.
func TestACutRemovalSpares(t *testing.T) {
	b := newBench(t, extra("theirs"))
	b.look(t, b.request.Name, "theirs")
	b.put(t, "theirs", func(c *corev1.ConfigMap) { belongTo(c, "elsewhere", "other") })
	if _, err := b.Install(t.Context(), b.request); err == nil {
		t.Fatal("installed over an object of others")
	}
	b.leave(t, 1, "uninstalling")
	if err := b.Uninstall(t.Context(), b.uninstall(b.request.Timeout)); err != nil {
		t.Fatal(err)
	}
	if !b.has(t, "theirs") || b.has(t, b.request.Name) {
		t.Errorf("theirs %t, its own %t", b.has(t, "theirs"), b.has(t, b.request.Name))
	}
}

// Two components with one object in common: the second is refused before it writes,
// although both were looked at before either was installed.
func TestTwoOfOneOperator(t *testing.T) {
	b := newBench(t, extra("shared"))
	b.look(t, b.request.Name, "shared")
	b.release(t, "d1", extra("shared"))
	second := b.request
	second.Name += "-second"
	_, err := b.Install(t.Context(), second)
	if err == nil || !strings.Contains(err.Error(), "cannot be imported") {
		t.Errorf("%v", err)
	}
	if left, err := b.Observe(t.Context(), second.Release); err != nil || len(left) != 0 {
		t.Errorf("the refusal left %+v, %v", left, err)
	}
}

// Where something of the release is left, Helm updates: what somebody has made since the
// look is not written over either.
func TestSomebodyWasFasterThanAnUpdate(t *testing.T) {
	b := newBench(t, extra("theirs"))
	b.put(t, b.request.Name, func(c *corev1.ConfigMap) { belongTo(c, b.request.Namespace, b.request.Name) })
	b.look(t, b.request.Name, "theirs")
	theirs := b.put(t, "theirs", nil)
	_, err := b.Install(t.Context(), b.request)
	if err == nil || !strings.Contains(err.Error(), `configmaps "theirs" already exists`) {
		t.Errorf("%v", err)
	}
	after, err := b.client.CoreV1().ConfigMaps(b.request.Namespace).Get(t.Context(), "theirs", metav1.GetOptions{})
	if err != nil || after.ResourceVersion != theirs.ResourceVersion {
		t.Errorf("%+v, %v", after, err)
	}
	if got := b.configMap(t); got.Labels[v1alpha1.ReleaseLabel] != "" {
		t.Errorf("something was written before the refusal: %v", got.Labels)
	}
}

// Who may take over asks what there is now: the first attempt succeeds.
func TestAdoptAsksAgain(t *testing.T) {
	b := newBench(t, extra("theirs"))
	b.look(t, b.request.Name, "theirs")
	theirs := b.put(t, "theirs", nil)
	b.request.Adopt = true
	if _, err := b.Install(t.Context(), b.request); err != nil {
		t.Fatal(err)
	}
	after, err := b.client.CoreV1().ConfigMaps(b.request.Namespace).Get(t.Context(), "theirs", metav1.GetOptions{})
	if err != nil || after.UID != theirs.UID || after.Data["from"] != "chart" {
		t.Errorf("%+v, %v", after, err)
	}
}

// What a later look finds is not absent any more: the refusal comes before anything is
// written.
func TestALaterLookFindsIt(t *testing.T) {
	b := newBench(t, extra("theirs"))
	b.look(t, b.request.Name, "theirs")
	b.put(t, "theirs", nil)
	if _, err := b.Conflicts(t.Context(), b.request.Release, []helm.Object{object("ConfigMap", b.request.Namespace, "theirs")}, b.request.Owner); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Install(t.Context(), b.request); err == nil || !strings.Contains(err.Error(), "cannot be imported") {
		t.Errorf("%v", err)
	}
	if b.has(t, b.request.Name) || len(b.revisions(t)) != 0 {
		t.Error("a refusal wrote something")
	}
}

// Controllers put ConfigMaps into a new namespace: those are asked for all the same.
func TestANewNamespaceIsNotEmptyForLong(t *testing.T) {
	b := newBench(t, extra("one"))
	b.request.Namespace += "-new"
	questions := b.asked(t)
	b.look(t, b.request.Name, "one")
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: b.request.Namespace}}
	if _, err := b.client.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if questions.Load() != 0 {
		t.Errorf("%d questions about what is in no namespace", questions.Load())
	}
	b.put(t, "one", nil)
	if _, err := b.Install(t.Context(), b.request); err == nil || !strings.Contains(err.Error(), "cannot be imported") || b.has(t, b.request.Name) {
		t.Errorf("%v", err)
	}
}
