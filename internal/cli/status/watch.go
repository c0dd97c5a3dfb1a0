// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
	"github.com/groundwork-dev/groundwork/internal/cli"
	"github.com/groundwork-dev/groundwork/internal/cli/style"
	"github.com/groundwork-dev/groundwork/internal/cli/topology"
)

// watcher follows one bundle.
type watcher struct {
	env   *cli.Env
	o     options
	style style.Style
	began time.Time
	// last is what was seen, and its picture; a nil bundle is nothing yet.
	last    snapshot
	picture topology.Picture
	// entered are components that came into their state before our eyes: that is more
	// exact than what can be read from their releases.
	entered map[string]entry
	phase   string
	// screen is nil without a terminal.
	screen *screen
}

// entry is a state and since when; zero for one that was there from the beginning.
type entry struct {
	state   v1alpha1.ComponentState
	reason  string
	version string
	at      time.Time
}

// follow shows a bundle until it is Ready or Stalled.
func follow(ctx context.Context, env *cli.Env, name string, o options) error {
	if env.Output != cli.OutputTable {
		return cli.Failed(errors.New("--watch draws: for events as data use kubectl get platformbundle -w -o " + env.Output))
	}
	bundle, err := env.Bundle(ctx, name)
	if err != nil {
		return err
	}
	c, err := env.Client()
	if err != nil {
		return err
	}
	w := &watcher{env: env, o: o, style: styleOf(env, o), began: env.Now(), entered: map[string]entry{}}
	if env.Width > 0 && os.Getenv("TERM") != "dumb" {
		w.screen = &screen{out: env.Out}
		defer w.screen.close()
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	return w.run(ctx, feed(inner, c, bundle.Name))
}

// run takes what comes, and draws it; once a second only the times are others.
func (w *watcher) run(ctx context.Context, updates <-chan snapshot) error {
	var late, tick <-chan time.Time
	if w.o.timeout > 0 {
		timer := time.NewTimer(w.o.timeout)
		defer timer.Stop()
		late = timer.C
	}
	if w.screen != nil {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		tick = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return w.end("")
		case <-late:
			return w.end(fmt.Sprintf("not Ready after %s", w.o.timeout))
		case <-tick:
			w.draw()
		case update := <-updates:
			if done := w.take(update); done {
				return w.end("")
			}
		}
	}
}

// take shows an update and says whether there is nothing more to wait for.
func (w *watcher) take(update snapshot) bool {
	if update.err != nil {
		w.last.err = update.err
		if w.screen == nil {
			w.say("no news from the cluster, trying again: " + w.style.Text(update.err.Error()))
		}
		w.draw()
		return false
	}
	w.last = update
	if update.bundle == nil {
		return true
	}
	w.picture = topology.Live(update.bundle, update.releases, w.env.Catalogs)
	w.notice()
	w.draw()
	phase, _ := phaseOf(update.bundle)
	return !w.o.forever && (phase == "Ready" || phase == "Stalled")
}

// notice compares components with what they were before, and says what changed where
// there is no screen.
func (w *watcher) notice() {
	now := w.env.Now()
	first := len(w.entered) == 0
	there := map[string]bool{}
	for _, n := range w.picture.Nodes {
		there[n.Name] = true
		before, known := w.entered[n.Name]
		next := entry{state: n.State, reason: n.Reason, version: n.Version, at: before.at}
		if !first && before.state != n.State {
			next.at = now
		}
		w.entered[n.Name] = next
		if !known || before.state != n.State || before.reason != n.Reason || before.version != n.Version {
			w.changed(n)
		}
	}
	for name := range w.entered {
		if !there[name] {
			delete(w.entered, name)
			w.say(fmt.Sprintf("%-24s is gone", name))
		}
	}
	if phase, _ := phaseOf(w.last.bundle); phase != w.phase {
		w.phase = phase
		w.say(fmt.Sprintf("platform %s: %s, %s", w.last.bundle.Name, phase, w.last.bundle.Status.Ready))
	}
}

// changed is the line of a component.
func (w *watcher) changed(n topology.Node) {
	line := fmt.Sprintf("%-24s %-10s %s", n.Name, n.Version, n.State)
	switch {
	case n.State == v1alpha1.StateReady && n.Took > 0:
		line += " in " + style.Exact(n.Took)
	case n.State != v1alpha1.StateReady && n.Message != "":
		line += ": " + w.style.Text(n.Message)
	}
	w.say(line)
}

// say writes one line where there is no screen.
func (w *watcher) say(line string) {
	if w.screen == nil {
		fmt.Fprintln(w.env.Out, w.env.Now().Format("15:04:05")+"  "+line)
	}
}

// frame is what is to be drawn.
func (w *watcher) frame() Frame {
	out := Frame{Bundle: w.last.bundle, Picture: w.picture, Now: w.env.Now()}
	for i := range out.Picture.Nodes {
		n := &out.Picture.Nodes[i]
		if at := w.entered[n.Name].at; !at.IsZero() {
			n.Since = at
		}
	}
	return out
}

// draw rewrites the screen.
func (w *watcher) draw() {
	if w.screen == nil || w.last.bundle == nil {
		return
	}
	frame := w.frame()
	if file, ok := w.env.Out.(*os.File); ok {
		if columns, rows, err := term.GetSize(int(file.Fd())); err == nil {
			w.style.Width, frame.Rows = columns, rows
		}
	}
	lines := Draw(frame, w.style)
	if w.last.err != nil {
		text := w.style.Fit("no news from the cluster, trying again: "+w.style.Text(w.last.err.Error()), w.style.Width)
		lines = append(lines, "", w.style.Paint(style.Red, text))
	}
	w.screen.show(lines, w.style.Width)
}

// end says how it ended, and returns the exit code.
func (w *watcher) end(why string) error {
	if w.last.bundle == nil {
		if why == "" && w.last.err == nil && len(w.entered) > 0 {
			why = "the bundle was deleted"
		}
		if why != "" {
			return &cli.ExitError{Code: cli.ExitNo, Err: errors.New(why)}
		}
		return cli.No()
	}
	if err := write(w.env.Out, append([]string{""}, Final(w.frame(), w.began, w.style)...)); err != nil {
		return cli.Failed(err)
	}
	switch {
	case why != "":
		return &cli.ExitError{Code: cli.ExitNo, Err: fmt.Errorf("platformbundle %s: %s", w.last.bundle.Name, why)}
	case !isReady(w.last.bundle):
		return cli.No()
	}
	return nil
}
