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
	"k8s.io/client-go/rest"

	"github.com/groundwork-dev/groundwork/internal/helm"
)

// asking counts the questions for single ConfigMaps.
type asking struct {
	http.RoundTripper
	questions *atomic.Int32
}

func (a asking) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method == http.MethodGet && strings.Contains(request.URL.Path, "/configmaps/") {
		a.questions.Add(1)
	}
	return a.RoundTripper.RoundTrip(request)
}

// asked makes the bench's engine count its questions.
func (b *bench) asked(t *testing.T) *atomic.Int32 {
	t.Helper()
	questions := &atomic.Int32{}
	counted := rest.CopyConfig(config)
	counted.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return asking{RoundTripper: next, questions: questions}
	})
	engine, err := helm.New(helm.Options{Config: counted, Kinds: b.kinds, Charts: b.shelf, Identity: "me"})
	if err != nil {
		t.Fatal(err)
	}
	b.Engine = engine
	return questions
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
