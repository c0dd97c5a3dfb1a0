// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package prepare_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/budget"
	"github.com/groundwork-dev/groundwork/internal/chart"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/prepare"
)

const widgets = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {kind: Widget, plural: widgets}
  scope: Namespaced
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
`

// fixture is a Preparer with a renderer and a clock of the test's own. Renders
// are counted and answered by render.
type fixture struct {
	*prepare.Preparer
	t     *testing.T
	clock *clocktesting.FakeClock
	woken chan string

	mu      sync.Mutex
	render  func(helm.RenderRequest) (*helm.Rendered, error)
	renders int
	// revisions and conflicts are what is there already.
	revisions []helm.Revision
	conflicts []helm.Conflict
}

func newFixture(t *testing.T, parallel int) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: clocktesting.NewFakeClock(time.Unix(0, 0)), woken: make(chan string, 100)}
	f.answer(&helm.Rendered{Chart: chart.Resolved{Name: "c"}}, nil)
	f.Preparer = prepare.New(f, prepare.Options{Gate: budget.New(0).Gate(parallel), Clock: f.clock, Wake: func(owner string) { f.woken <- owner }})
	return f
}

func (f *fixture) start() *fixture {
	ctx, cancel := context.WithCancel(f.t.Context())
	done := make(chan error)
	go func() { done <- f.Start(ctx) }()
	f.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			f.t.Errorf("Start: %v", err)
		}
	})
	return f
}

// Render implements prepare.Renderer.
func (f *fixture) Render(_ context.Context, request helm.RenderRequest) (*helm.Rendered, error) {
	f.mu.Lock()
	f.renders++
	render := f.render
	f.mu.Unlock()
	return render(request)
}

// Observe implements prepare.Renderer.
func (f *fixture) Observe(context.Context, helm.Release) ([]helm.Revision, error) {
	return f.revisions, nil
}

// Conflicts implements prepare.Renderer.
func (f *fixture) Conflicts(context.Context, helm.Release, []helm.Object, string) ([]helm.Conflict, error) {
	return f.conflicts, nil
}

func (f *fixture) answer(rendered *helm.Rendered, err error) {
	f.answerWith(func(helm.RenderRequest) (*helm.Rendered, error) { return rendered, err })
}

func (f *fixture) answerWith(render func(helm.RenderRequest) (*helm.Rendered, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.render = render
}

// rendered checks how many renders there have been.
func (f *fixture) rendered(want int) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.renders != want {
		f.t.Fatalf("%d renders, want %d", f.renders, want)
	}
}

func (f *fixture) wake() {
	f.t.Helper()
	if owner := <-f.woken; owner != "owner" {
		f.t.Fatalf("woke %q", owner)
	}
}

func asking(has func(string) bool) prepare.Request {
	return prepare.Request{RenderRequest: helm.RenderRequest{Has: has}}
}

func never(string) bool { return false }

func (f *fixture) ensure(key string) (*prepare.Result, error) {
	return f.Ensure("owner", key, asking(never))
}

// begin asks for something new: it is not there, and nothing is wrong.
func (f *fixture) begin(key string) {
	f.t.Helper()
	if result, err := f.ensure(key); result != nil || err != nil {
		f.t.Fatalf("got %v, %v at once", result, err)
	}
	f.wake()
}

func TestResult(t *testing.T) {
	f := newFixture(t, 1).start()
	rendered := &helm.Rendered{
		Chart: chart.Resolved{Name: "c", Version: "1"}, CRDs: [][]byte{[]byte(widgets)}, Guarded: []string{"example.com"},
		Objects:      []helm.Object{{Name: "x"}},
		Capabilities: []v1alpha1.CapabilityAnswer{{APIVersion: "example.com/v1"}},
	}
	f.answer(rendered, nil)
	f.begin("key")
	got, err := f.ensure("key")
	if err != nil || got == nil {
		t.Fatalf("got %v, %v", got, err)
	}
	if got.Chart != rendered.Chart || len(got.CRDs) != 1 || got.CRDs[0].Name != "widgets.example.com" || len(got.Kinds) != 1 {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff([]any{rendered.Capabilities, rendered.Guarded, rendered.Objects}, []any{got.Capabilities, got.Guarded, got.Objects}); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if again, _ := f.ensure("key"); again != got || f.Peek("owner", "key") != got {
		t.Error("the result is not kept")
	}
	if f.Peek("owner", "other") != nil || f.Peek("other", "key") != nil {
		t.Error("Peek shows what nobody made")
	}
	f.rendered(1)
	f.begin("other key")
	f.rendered(2)
	if !f.NeedLeaderElection() {
		t.Error("only the leader prepares")
	}
}

// TestAnswersChange: a kind that comes or goes makes the result outdated; it can
// still be peeked at while the next one is made.
func TestAnswersChange(t *testing.T) {
	f := newFixture(t, 1).start()
	f.answerWith(func(r helm.RenderRequest) (*helm.Rendered, error) {
		return &helm.Rendered{Capabilities: []v1alpha1.CapabilityAnswer{{APIVersion: "v", Available: r.Has("v")}}}, nil
	})
	f.begin("key")
	first := f.Peek("owner", "key")
	has := func(v string) bool { return v == "v" }
	if result, err := f.Ensure("owner", "key", asking(has)); result != nil || err != nil {
		t.Fatalf("an outdated result is taken: %v, %v", result, err)
	}
	f.wake()
	second, err := f.Ensure("owner", "key", asking(has))
	if err != nil || second == nil || second == first || !second.Capabilities[0].Available || first.Capabilities[0].Available {
		t.Fatalf("got %v, %v", second, err)
	}
	f.rendered(2)
}

// TestRetry: what time may cure is tried again with growing delays, stays visible
// meanwhile, and wakes its owner when it is time.
func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 1).start()
		f.answer(nil, failure.Retryable(v1alpha1.ReasonRepositoryUnreachable, "no answer"))
		f.begin("key")
		for i, seconds := range []int{2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
			f.clock.Step(time.Duration(seconds)*time.Second - 1)
			for range 2 { // asking again and again changes nothing
				if _, err := f.ensure("key"); failure.ReasonOf(err, "") != v1alpha1.ReasonRepositoryUnreachable {
					t.Fatalf("got %v", err)
				}
			}
			if synctest.Wait(); len(f.woken) > 0 {
				t.Fatalf("attempt %d: woken before %d s", i+2, seconds)
			}
			f.rendered(i + 1)
			f.clock.Step(1)
			f.wake()
			if _, err := f.ensure("key"); err == nil {
				t.Fatal("the error is hidden while the next attempt runs")
			}
			f.wake()
			f.rendered(i + 2)
		}
		f.clock.Step(5 * time.Minute)
		f.wake()
		f.answer(&helm.Rendered{}, nil)
		_, _ = f.ensure("key")
		f.wake()
		if result, err := f.ensure("key"); result == nil || err != nil {
			t.Fatalf("got %v, %v after it was cured", result, err)
		}
	})
}

func TestUnknownErrorsAreRetried(t *testing.T) {
	f := newFixture(t, 1).start()
	cause := errors.New("odd")
	f.answer(nil, cause)
	f.begin("key")
	_, err := f.ensure("key")
	if failure.ClassOf(err) != failure.ClassRetryable || failure.ReasonOf(err, "") != v1alpha1.ReasonPrepareFailed || !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}

// TestTerminal: what only the spec can cure is not tried again, whatever time
// passes; another key, or a person who asks for it, begins anew.
func TestTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 1).start()
		f.answer(nil, failure.Terminal(v1alpha1.ReasonValuesInvalid, "no good"))
		f.begin("key")
		f.clock.Step(24 * time.Hour)
		if _, err := f.ensure("key"); failure.ReasonOf(err, "") != v1alpha1.ReasonValuesInvalid {
			t.Fatalf("got %v", err)
		}
		synctest.Wait()
		f.rendered(1)
		f.begin("corrected")
		f.rendered(2)
		f.Retry("other", "now")
		if _, err := f.ensure("key"); err == nil {
			t.Fatal("a request for another owner forgot the error")
		}
		f.Retry("owner", "now")
		f.begin("key")
		f.rendered(3)
		// The same request again is not another one, or a failing chart would be
		// rendered in a loop until somebody takes the annotation away.
		f.Retry("owner", "now")
		if _, err := f.ensure("key"); err == nil {
			t.Fatal("one request was followed twice")
		}
		synctest.Wait()
		f.rendered(3)
	})
}

// TestTerminalByAnswers: a chart that refuses a cluster without a kind is looked
// at again when the kind is there.
func TestTerminalByAnswers(t *testing.T) {
	f := newFixture(t, 1).start()
	f.answerWith(func(r helm.RenderRequest) (*helm.Rendered, error) {
		if !r.Has("certs/v1") {
			return nil, failure.Terminal(v1alpha1.ReasonRenderFailed, "install certs first")
		}
		return &helm.Rendered{}, nil
	})
	f.begin("key")
	_, err := f.ensure("key")
	if failure.ClassOf(err) != failure.ClassTerminal {
		t.Fatalf("got %v", err)
	}
	if _, unsure := errors.AsType[*prepare.UnsureError](err); !unsure {
		t.Errorf("%v is told as if no kind could help", err)
	}
	has := func(v string) bool { return v == "certs/v1" }
	if _, err := f.Ensure("owner", "key", asking(has)); err != nil {
		t.Fatalf("an outdated refusal: %v", err)
	}
	f.wake()
	if result, err := f.Ensure("owner", "key", asking(has)); result == nil || err != nil {
		t.Fatalf("got %v, %v", result, err)
	}
	f.rendered(2)
}

func TestPanicAndBadDefinition(t *testing.T) {
	f := newFixture(t, 1).start()
	f.answerWith(func(helm.RenderRequest) (*helm.Rendered, error) { panic("bad template") })
	f.begin("panics")
	if _, err := f.ensure("panics"); err == nil || err.Error() != "rendering the chart panicked: bad template" {
		t.Errorf("got %v", err)
	}
	f.answer(&helm.Rendered{CRDs: [][]byte{[]byte("kind: CustomResourceDefinition")}}, nil)
	f.begin("bad")
	if _, err := f.ensure("bad"); failure.ClassOf(err) != failure.ClassTerminal {
		t.Errorf("got %v", err)
	}
}

// TestParallelism: no more than allowed at a time, nothing before Start, and
// asking twice while one runs does not run it twice.
func TestParallelism(t *testing.T) {
	f := newFixture(t, 2)
	running, finish := make(chan struct{}, 10), make(chan struct{})
	f.answerWith(func(helm.RenderRequest) (*helm.Rendered, error) {
		running <- struct{}{}
		<-finish
		return &helm.Rendered{}, nil
	})
	for i := range 6 {
		for range 2 {
			_, _ = f.ensure(fmt.Sprint(i))
		}
	}
	f.rendered(0)
	f.start()
	<-running
	<-running
	f.rendered(2)
	for range 4 {
		finish <- struct{}{} // each that ends lets one begin
		<-running
	}
	finish <- struct{}{}
	finish <- struct{}{}
	for range 6 {
		f.wake()
	}
	f.rendered(6)
}

// TestKeep: what is not wanted any more is dropped, also when its render is still
// under way; what is wanted again meanwhile stays.
func TestKeep(t *testing.T) {
	f := newFixture(t, 1).start()
	f.begin("a")
	f.begin("b")
	f.Keep("owner", map[string]bool{"b": true})
	if f.Peek("owner", "a") != nil || f.Peek("owner", "b") == nil {
		t.Error("the wrong one was dropped")
	}
	f.Keep("owner", nil)
	if f.Peek("owner", "b") != nil {
		t.Error("the owner was not dropped")
	}
	finish := make(chan struct{})
	f.answerWith(func(helm.RenderRequest) (*helm.Rendered, error) { <-finish; return &helm.Rendered{}, nil })
	for _, key := range []string{"dropped", "wanted"} {
		_, _ = f.ensure(key)
	}
	f.Keep("owner", nil)
	_, _ = f.ensure("wanted")
	close(finish)
	f.wake()
	f.wake()
	if f.Peek("owner", "dropped") != nil || f.Peek("owner", "wanted") == nil {
		t.Error("a render under way: the wrong one was kept")
	}
}

// TestRecordWarning: whoever is close to the limit of a record is told before the
// next version is refused.
func TestRecordWarning(t *testing.T) {
	for bytes, want := range map[int]string{0: "", helm.RecordNear - 1: "", helm.RecordNear: "takes 85 %", 1_000_000: "takes 95 %"} {
		f := newFixture(t, 1).start()
		f.answer(&helm.Rendered{RecordBytes: bytes}, nil)
		f.begin("key")
		got, err := f.ensure("key")
		if err != nil || got.RecordBytes != bytes {
			t.Fatalf("%d bytes: %+v, %v", bytes, got, err)
		}
		if warning := got.RecordWarning(); want == "" != (warning == "") || !strings.Contains(warning, want) {
			t.Errorf("%d bytes: %q, want %q", bytes, warning, want)
		}
	}
}
