// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"context"
	"errors"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/failure"
	"github.com/groundwork-dev/groundwork/internal/helm"
	"github.com/groundwork-dev/groundwork/internal/jobs"
	"github.com/groundwork-dev/groundwork/internal/readiness"
)

// stubMetrics notes what it is told, and how many actions run.
type stubMetrics struct {
	told    []string
	running int
}

func (s *stubMetrics) tell(words ...string) { s.told = append(s.told, strings.Join(words, " ")) }

func (s *stubMetrics) Begun(string) func() {
	s.running++
	return func() { s.running-- }
}
func (s *stubMetrics) Ended(action, reason string) {
	s.tell(strings.TrimSpace("ended " + action + " " + reason))
}
func (s *stubMetrics) Changed(release string, timeline v1alpha1.Timeline) {
	s.tell("changed", release, timeline.Digest)
}
func (s *stubMetrics) Corrected(bundle, component string) { s.tell("corrected", bundle, component) }
func (s *stubMetrics) Forget(release string)              { s.tell("forget", release) }

var _ = Describe("What is counted of a release", func() {
	var (
		f     *releaseFixture
		count *stubMetrics
	)
	BeforeEach(func() {
		f, count = newReleaseFixture(), &stubMetrics{}
		f.reconciler.Metrics = count
	})
	told := func() []string {
		out := count.told
		count.told = nil
		return out
	}

	It("is every action once, and why it failed", func(ctx context.Context) {
		f.create(ctx)
		for _, c := range []struct {
			err  error
			want string
		}{
			{errors.New("a template is wrong"), "ended Install Rejected"},
			{&jobs.PanicError{Value: "nil map"}, "ended Install Panicked"},
			{failure.Retryable(v1alpha1.ReasonRepositoryUnreachable, "no answer"), "ended Install RepositoryUnreachable"},
			{nil, "ended Install"},
		} {
			f.engine.fail = c.err
			f.settle(ctx)
			Expect(told()).To(Equal([]string{c.want}))
			f.step(10 * time.Minute)
		}
		Expect(count.running).To(BeZero())
		f.expectIdle(ctx)
		Expect(told()).To(BeEmpty())
	})

	It("is an action that runs, and not one that was interrupted", func(ctx context.Context) {
		f.create(ctx)
		f.table.hold = true
		_, err := f.pass(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(count.running).To(BeZero(), "it has no turn yet")
		f.engine.fail = jobs.ErrInterrupted
		f.table.hold = false
		f.table.finish(ctx)
		_, err = f.pass(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(told()).To(BeEmpty())
	})

	It("is a rollout that ran out of time, once", func(ctx context.Context) {
		f.install(ctx)
		f.approve(ctx, "sha256:two")
		f.tracker.status = notReady("its pod crashes")
		f.settle(ctx)
		Expect(told()).To(Equal([]string{"ended Install", "ended Upgrade"}))
		f.step(time.Hour)
		f.settle(ctx)
		Expect(told()).To(Equal([]string{"ended Rollout RolloutTimedOut", "ended Rollback"}))
	})

	It("is a change when it becomes Ready, and not again", func(ctx context.Context) {
		at := metav1.NowMicro()
		f.release.Annotations = map[string]string{v1alpha1.TimelineAnnotation: `{"digest":"` + f.release.Spec.InputsDigest + `","queued":"` +
			at.UTC().Format("2006-01-02T15:04:05.000000Z07:00") + `"}`}
		f.install(ctx)
		Expect(told()).To(Equal([]string{"ended Install", "changed spec.alpha " + f.release.Spec.InputsDigest}))
		f.tracker.status = notReady("its pod is gone")
		f.settle(ctx)
		f.tracker.status = allCurrent()
		f.settle(ctx)
		Expect(told()).To(BeEmpty())
	})

	It("is drift that was put back, and nothing of a release that is gone", func(ctx context.Context) {
		f.install(ctx)
		told()
		f.engine.drifted = []helm.Difference{{Object: f.engine.objects[0], Fields: []string{"data.color"}, Corrected: true}}
		f.ledger.Changed(f.release.Name, readiness.Change{
			Object: readiness.Object{GroupVersionKind: configMaps, Namespace: "default", Name: "alpha"}, UID: "1", ResourceVersion: "101",
		})
		f.settle(ctx)
		Expect(told()).To(Equal([]string{"ended Drift", "corrected spec alpha"}))
		Expect(k8s.Delete(ctx, f.release)).To(Succeed())
		_, err := f.pass(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(told()).To(Equal([]string{"forget spec.alpha"}))
	})
})
