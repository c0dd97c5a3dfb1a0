// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package timelines

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/timeline"
)

// Stage is a part of the way of a component.
type Stage string

// The stages, in their order.
const (
	// StagePreparing: its chart is fetched, rendered and checked.
	StagePreparing Stage = "preparing"
	// StageGated: it is checked, and its turn has not come.
	StageGated Stage = "gated"
	// StageIdle: its turn has come, and Helm has not begun.
	StageIdle Stage = "idle"
	// StageApplying: Helm writes its objects.
	StageApplying Stage = "applying"
	// StageHooks: Helm waits for hooks. When they ran is not known, only how long that
	// took; they are drawn at the end of applying.
	StageHooks Stage = "hooks"
	// StageWaiting: Helm is done; objects are not ready yet.
	StageWaiting Stage = "waiting"
)

// Stages lists all of them.
func Stages() []Stage {
	return []Stage{StagePreparing, StageGated, StageIdle, StageApplying, StageHooks, StageWaiting}
}

// Span is a stage of one component, counted from the beginning of the change.
type Span struct {
	// Stage it is.
	Stage Stage `json:"stage"`
	// From and To count from the beginning of the change.
	From metav1.Duration `json:"from"`
	To   metav1.Duration `json:"to"`
}

// Row is one component of the newest change.
type Row struct {
	// Component of the bundle.
	Component string `json:"component"`
	// Spans that are known, one after the other.
	Spans []Span `json:"spans"`
	// GatedBy is what it waited for last before its turn: components, or CRDs.
	GatedBy []string `json:"gatedBy,omitempty"`
	// Ready says that it has come to its end.
	Ready bool `json:"ready"`
	// Took counts from Helm's beginning until it was Ready; zero before that.
	Took metav1.Duration `json:"took"`
	// Critical says that the end of the change waited for it.
	Critical bool `json:"critical,omitempty"`
}

// Chart is the newest change of a bundle.
type Chart struct {
	// Bundle it is about.
	Bundle string `json:"bundle"`
	// Generation of the bundle that asked for the change.
	Generation int64 `json:"generation"`
	// Began is when the first component was asked for.
	Began metav1.MicroTime `json:"began"`
	// Took is how long it took; up to now while it is under way.
	Took metav1.Duration `json:"took"`
	// Done says that every component of the change is Ready.
	Done bool `json:"done"`
	// Idle is how much of Took passed on the critical path although the next component
	// could have begun.
	Idle metav1.Duration `json:"idle"`
	// CriticalPath are the components that the end waited for; empty while it is under
	// way.
	CriticalPath []v1alpha1.PathStep `json:"criticalPath,omitempty"`
	// Rows in the order in which they began.
	Rows []Row `json:"rows"`
	// Pending are components that wait for their turn and have no release yet.
	Pending []string `json:"pending,omitempty"`
	// Others are components that the change did not touch.
	Others []string `json:"others,omitempty"`
}

// Of makes the chart of a bundle from its releases; false when no change was seen.
func Of(bundle *v1alpha1.PlatformBundle, releases []v1alpha1.ComponentRelease, now time.Time) (Chart, bool) {
	out := Chart{Bundle: bundle.Name, Pending: pending(bundle, releases)}
	var components, changed []timeline.Component
	for i := range releases {
		spec, t := releases[i].Spec, releases[i].Status.Timeline
		components = append(components, timeline.Component{
			Name: spec.Component, DependsOn: slices.Concat(spec.DependsOn, spec.GuardedBy), Timeline: t,
		})
		if t != nil {
			out.Generation = max(out.Generation, t.Generation)
		}
	}
	for _, c := range components {
		if c.Timeline == nil || c.Timeline.Generation != out.Generation || first(c.Timeline).IsZero() {
			out.Others = append(out.Others, c.Name)
			continue
		}
		changed = append(changed, c)
	}
	if len(changed) == 0 {
		return out, false
	}
	began, ended, done := extent(changed)
	out.Done = done && len(out.Pending) == 0
	if !out.Done {
		ended = now
	} else if sum := timeline.Sum(components); sum != nil {
		out.Idle, out.CriticalPath = sum.Idle, sum.CriticalPath
	}
	out.Began, out.Took = metav1.MicroTime{Time: began}, metav1.Duration{Duration: ended.Sub(began)}
	for _, c := range changed {
		out.Rows = append(out.Rows, out.row(c, began, ended))
	}
	slices.SortFunc(out.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.helm(), b.helm()), cmp.Compare(a.Component, b.Component))
	})
	return out, true
}

// extent is from the first stage of components until the last one was Ready; done says
// that all of them are.
func extent(components []timeline.Component) (began, ended time.Time, done bool) {
	began, done = first(components[0].Timeline), true
	for _, c := range components {
		if start := first(c.Timeline); start.Before(began) {
			began = start
		}
		if c.Timeline.Ready == nil {
			done = false
		} else if c.Timeline.Ready.After(ended) {
			ended = c.Timeline.Ready.Time
		}
	}
	return began, ended, done
}

// pending are the components of a bundle whose turn has never come.
func pending(bundle *v1alpha1.PlatformBundle, releases []v1alpha1.ComponentRelease) []string {
	var out []string
	for _, c := range bundle.Status.Components {
		waits := c.State == v1alpha1.StateWaiting || c.State == v1alpha1.StatePreparing
		if waits && !slices.ContainsFunc(releases, func(r v1alpha1.ComponentRelease) bool { return r.Spec.Component == c.Name }) {
			out = append(out, c.Name)
		}
	}
	return out
}

// first is the earliest stage that was seen.
func first(t *v1alpha1.Timeline) time.Time {
	if t == nil {
		return time.Time{}
	}
	for _, at := range []*metav1.MicroTime{t.Queued, t.Prepared, t.Approved, t.Began, t.Released, t.Ready} {
		if at != nil {
			return at.Time
		}
	}
	return time.Time{}
}

// row reads the stages of a component. A stage that was not seen takes no time.
func (c Chart) row(component timeline.Component, began, ended time.Time) Row {
	t := component.Timeline
	out := Row{Component: component.Name, GatedBy: t.GatedBy, Ready: t.Ready != nil}
	out.Critical = slices.ContainsFunc(c.CriticalPath, func(s v1alpha1.PathStep) bool { return s.Component == component.Name })
	at := first(t)
	add := func(stage Stage, to *metav1.MicroTime) bool {
		end := ended
		if to != nil {
			end = to.Time
		}
		if end.After(at) {
			out.Spans = append(out.Spans, Span{Stage: stage, From: metav1.Duration{Duration: at.Sub(began)}, To: metav1.Duration{Duration: end.Sub(began)}})
			at = end
		}
		return to != nil
	}
	ends := []*metav1.MicroTime{t.Prepared, t.Approved, t.Began, t.Released, t.Ready}
	for i, stage := range []Stage{StagePreparing, StageGated, StageIdle, StageApplying, StageWaiting} {
		if ends[i] == nil && slices.ContainsFunc(ends[i:], func(later *metav1.MicroTime) bool { return later != nil }) {
			continue // it was not seen, or there was none
		}
		if !add(stage, ends[i]) {
			break
		}
	}
	if t.Hooks != nil {
		out.splitHooks(t.Hooks.Duration)
	}
	if t.Ready != nil && t.Began != nil {
		out.Took = metav1.Duration{Duration: t.Ready.Sub(t.Began.Time)}
	}
	return out
}

// splitHooks takes the time for hooks out of that for applying.
func (r *Row) splitHooks(hooks time.Duration) {
	for i := range r.Spans {
		span := &r.Spans[i]
		if span.Stage != StageApplying || hooks <= 0 {
			continue
		}
		split := max(span.To.Duration-hooks, span.From.Duration)
		after := Span{Stage: StageHooks, From: metav1.Duration{Duration: split}, To: span.To}
		span.To.Duration = split
		r.Spans = slices.Insert(r.Spans, i+1, after)
		if span := r.Spans[i]; span.From == span.To {
			r.Spans = slices.Delete(r.Spans, i, i+1)
		}
		return
	}
}

// helm is when Helm began with the component, or else when its last stage did.
func (r Row) helm() time.Duration {
	for _, span := range r.Spans {
		if slices.Index(Stages(), span.Stage) >= slices.Index(Stages(), StageApplying) {
			return span.From.Duration
		}
	}
	if len(r.Spans) == 0 {
		return 0
	}
	return r.Spans[len(r.Spans)-1].To.Duration
}

// In is how long the component was in a stage.
func (r Row) In(stage Stage) time.Duration {
	var out time.Duration
	for _, span := range r.Spans {
		if span.Stage == stage {
			out += span.To.Duration - span.From.Duration
		}
	}
	return out
}
