// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/groundwork-dev/groundwork/api/v1alpha1"
)

var (
	phone     = view{width: 400, height: 860}
	desk      = view{width: 1280, height: 860}
	projector = view{width: 1920, height: 1080}
)

// views are the three sizes, light and dark.
func views() []view {
	var out []view
	for _, v := range []view{phone, desk, projector} {
		out = append(out, v, view{width: v.width, height: v.height, dark: true})
	}
	return out
}

// furnish fills a world with bundles in every kind of state.
func furnish(w *world) {
	w.bundle("week1", week1[:], nil, func(b *v1alpha1.PlatformBundle) {
		b.Status.NewerCatalogVersion = "2027.02"
		b.Status.Conditions = append(b.Status.Conditions, metav1.Condition{
			Type: "Maintained", Status: "False", Reason: "Retired", Message: "ingress-nginx is retired since 2026-03-24; successors: gateway-api, traefik", LastTransitionTime: metav1.Now(),
		})
	})
	working := map[string]story{
		"prometheus":            {v1alpha1.StateInstalling, "Helm installs revision 1"},
		"velero":                {v1alpha1.StateFailed, "install failed 2 times: admission webhook denied the request: location bucket is missing; next attempt in 20 s"},
		"loki":                  {v1alpha1.StateProgressing, "waits for StatefulSet loki/loki: 1 of 3 replicas are ready"},
		"grafana":               {v1alpha1.StateWaiting, "waits for prometheus and loki"},
		"jaeger":                {v1alpha1.StateWaiting, "waits for prometheus"},
		"external-dns":          {v1alpha1.StateHeld, "values.provider.name is missing: say which DNS provider to use"},
		"vault-secrets-webhook": {v1alpha1.StatePreparing, "its chart is being fetched and rendered"},
	}
	w.bundle("rollout", week1[:], working, func(b *v1alpha1.PlatformBundle) {
		b.Status.Conditions = []metav1.Condition{
			{Type: "Ready", Status: "False", Reason: "Progressing", Message: "velero failed: admission webhook denied the request: location bucket is missing; installing prometheus; grafana waits for prometheus and loki", LastTransitionTime: metav1.Now()},
			{Type: "Reconciling", Status: "True", Reason: "Progressing", LastTransitionTime: metav1.Now()},
		}
	})
	w.bundle("staging", []string{"cert-manager", "prometheus", "grafana"}, map[string]story{
		"grafana": {v1alpha1.StateWaiting, "awaits the approval of plan 3f9c2ab417"},
	}, func(b *v1alpha1.PlatformBundle) {
		b.Spec.Approval = v1alpha1.ApprovalManual
		b.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: "False", Reason: v1alpha1.ReasonAwaitingApproval, Message: "plan 3f9c2ab417 (1 install, 1 upgrade) awaits approval", LastTransitionTime: metav1.Now()}}
		b.Status.Plan = &v1alpha1.PlanStatus{Digest: "3f9c2ab417", Summary: "1 install, 1 upgrade", Changes: []v1alpha1.PlannedChange{
			{Component: "cert-manager", Kind: v1alpha1.ChangeUpgrade, From: "v1.20.0", To: "v1.21.0", What: []string{"version", "values"}},
			{Component: "grafana", Kind: v1alpha1.ChangeInstall, To: "12.3.0"},
		}}
	})
}

func nodes(n int) string { return fmt.Sprintf(`document.querySelectorAll('.node').length === %d`, n) }

func TestLooks(t *testing.T) {
	w := newWorld(t)
	furnish(w)
	all := len(week1) + w.forty()
	w.serve("127.0.0.1:0")
	for _, v := range views() {
		t.Run(v.String(), func(t *testing.T) {
			for _, scene := range []struct {
				name, hash, ready string
				whole             bool
			}{
				{"ready", "#/week1", nodes(len(week1)), true},
				{"working", "#/rollout", nodes(len(week1)), true},
				{"panel", "#/week1/grafana", `document.querySelectorAll('#panel .value').length > 5`, false},
				{"failed", "#/rollout/velero", `document.querySelectorAll('#panel .value').length > 3`, false},
				{"plan", "#/staging", `document.getElementById('plan')?.hidden === false`, true},
				{"everything", "#/everything", nodes(all), true},
			} {
				t.Run(scene.name, func(t *testing.T) {
					p := open(t, w, scene.hash, v)
					p.until(scene.ready)
					p.check()
					p.shoot(scene.name+"-"+v.String(), scene.whole)
				})
			}
		})
	}
}

func TestChangesArriveWithoutReload(t *testing.T) {
	w := newWorld(t)
	furnish(w)
	w.serve("127.0.0.1:0")
	p := open(t, w, "#/rollout", desk)
	p.until(nodes(len(week1)))
	p.do(chromedp.Evaluate[chromedp.Void](`window.still = true`))
	w.setState("rollout", "prometheus", v1alpha1.StateReady, "")
	p.until(`document.querySelector('[data-name=prometheus]').getAttribute('aria-label').startsWith('prometheus, Ready')`)
	p.until(`document.getElementById('say').textContent.includes('prometheus: Ready')`)
	if !eval[bool](p, `window.still === true`) {
		t.Error("the page was loaded again")
	}
	// A bundle that appears while somebody looks is there, too.
	w.bundle("edge", []string{"cert-manager"}, nil, nil)
	w.touch()
	p.until(`[...document.querySelectorAll('.tab')].some((a) => a.textContent.includes('edge'))`)
}

func TestKeyboard(t *testing.T) {
	w := newWorld(t)
	furnish(w)
	w.serve("127.0.0.1:0")
	for _, v := range []view{desk, phone} {
		t.Run(v.String(), func(t *testing.T) {
			p := open(t, w, "#/week1", v)
			p.until(nodes(len(week1)))
			p.until(`document.querySelectorAll('.node[tabindex="0"]').length === 1`)
			for range 20 {
				p.key(kb.Tab)
				if eval[bool](p, `document.activeElement.classList.contains('node')`) {
					break
				}
			}
			if !eval[bool](p, `document.activeElement.matches('.node:focus-visible') && getComputedStyle(document.activeElement.querySelector('.ring')).stroke !== 'none'`) {
				t.Fatal("the focus does not reach a component, or cannot be seen")
			}
			seen := map[string]bool{}
			for _, key := range []string{kb.Home, kb.ArrowRight, kb.ArrowDown, kb.ArrowDown, kb.ArrowLeft, kb.End, kb.ArrowUp} {
				p.key(key)
				seen[eval[string](p, `document.activeElement.dataset.name ?? ''`)] = true
			}
			if len(seen) < 4 || seen[""] {
				t.Errorf("arrow keys reach %v", seen)
			}
			p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('[data-name=grafana]').focus()`))
			p.key(kb.ArrowLeft)
			on := eval[string](p, `document.activeElement.dataset.name`)
			if !eval[bool](p, `document.querySelector('[data-name=grafana]').getAttribute('aria-label').includes(document.activeElement.dataset.name)`) {
				t.Errorf("left of grafana is %s, which it does not wait for", on)
			}
			p.key(kb.Enter)
			p.until(`!document.getElementById('panel').hidden && document.querySelectorAll('#panel .value').length > 0`)
			if !eval[bool](p, `document.getElementById('panel').contains(document.activeElement)`) {
				t.Error("the panel does not get the focus")
			}
			p.key(kb.Escape)
			p.until(`document.getElementById('panel').hidden`)
			if got := eval[string](p, `document.activeElement.dataset.name ?? ''`); got != on {
				t.Errorf("after Escape the focus is at %q, want %q", got, on)
			}
			// The graph is drawn anew, wider, without the panel.
			p.until(`(() => { const was = window.wide; window.wide = document.querySelector('.dag').getAttribute('width'); return was === window.wide; })()`)
			at := eval[[]float64](p, `(() => { const e = document.querySelector('[data-name=loki]'); e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()`)
			p.do(chromedp.MouseClickXY(at[0], at[1]))
			p.until(`/loki/i.test(document.getElementById('panel-title')?.textContent)`)
		})
	}
}

func TestSecretsDoNotReachTheBrowser(t *testing.T) {
	w := newWorld(t)
	furnish(w)
	w.serve("127.0.0.1:0")
	p := open(t, w, "#/week1/external-dns", desk)
	p.until(`document.querySelectorAll('#panel .masked').length > 2`)
	pages := []string{eval[string](p, `document.documentElement.outerHTML`)}
	for _, path := range []string{"component?bundle=week1&component=external-dns", "component?bundle=rollout&component=velero"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err = errors.Join(err, response.Body.Close()); err != nil || !json.Valid(body) {
			t.Fatalf("%s: %v: %s", path, err, body)
		}
		pages = append(pages, string(body))
	}
	for _, text := range pages {
		if !strings.Contains(text, "adminPassword") || !strings.Contains(text, "provider") {
			t.Error("the values are not there at all")
		}
		for _, canary := range []string{canarySecret, canaryWritten} {
			if at := strings.Index(text, canary); at >= 0 {
				t.Errorf("%s is shown: ...%s...", canary, text[max(0, at-80):at+len(canary)])
			}
		}
	}
}

func TestEmpty(t *testing.T) {
	w := newWorld(t)
	w.serve("127.0.0.1:0")
	for _, v := range views() {
		t.Run(v.String(), func(t *testing.T) {
			p := open(t, w, "", v)
			p.until(`document.querySelector('main').textContent.includes('No platform yet')`)
			p.check()
			p.shoot("empty-"+v.String(), false)
		})
	}
	p := open(t, w, "", desk)
	p.until(`document.querySelector('main').textContent.includes('No platform yet')`)
	w.bundle("first", []string{"cert-manager"}, nil, nil)
	w.touch()
	p.until(nodes(1))
}

func TestLostConnectionComesBack(t *testing.T) {
	w := newWorld(t)
	furnish(w)
	w.serve("127.0.0.1:0")
	p := open(t, w, "#/rollout", desk)
	p.expect("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "ERR_NETWORK")
	p.until(nodes(len(week1)))
	address := strings.TrimSuffix(strings.TrimPrefix(w.url, "http://"), "/dashboard/")
	w.stop()
	p.until(`document.querySelector('.banner')?.textContent.includes('Trying again')`)
	p.until(nodes(len(week1))) // what was known stays
	p.check()
	p.shoot("lost-"+desk.String(), false)
	w.setState("rollout", "prometheus", v1alpha1.StateReady, "")
	w.serve(address)
	p.until(`!document.querySelector('.banner')`)
	p.until(`document.querySelector('[data-name=prometheus]').getAttribute('aria-label').startsWith('prometheus, Ready')`)
}

func TestTroubleIsShownAndMended(t *testing.T) {
	w := newWorld(t)
	furnish(w)
	w.serve("127.0.0.1:0")
	p := open(t, w, "#/week1", phone)
	p.until(nodes(len(week1)))
	w.breakReads(errors.New("the cache has not synced"))
	p.until(`document.querySelector('.banner')?.textContent.includes('the cache has not synced')`)
	p.check()
	p.shoot("trouble-"+phone.String(), false)
	w.breakReads(nil)
	p.until(`!document.querySelector('.banner')`)
}

func TestLoading(t *testing.T) {
	w := newWorld(t)
	w.broken = errors.New("the cache has not synced")
	w.serve("127.0.0.1:0")
	p := open(t, w, "", view{width: 1280, height: 860, dark: true})
	p.until(`document.querySelector('.ghost') && document.querySelector('.banner')`)
	p.check()
	p.shoot("loading-1280-dark", false)
}

func TestSignIn(t *testing.T) {
	w := newWorld(t)
	furnish(w)
	w.serveProtected()
	p := open(t, w, "#/week1/grafana", phone, "401", "403") // the browser notes that it was refused
	say := func(token string) {
		p.until(`document.activeElement.id === 'token'`)
		p.do(chromedp.KeyEvent(token + "\r"))
	}
	p.until(`document.querySelector('h1')?.textContent === 'Who are you?'`)
	p.check()
	p.shoot("signin-"+phone.String(), false)
	say("typo")
	p.until(`document.querySelector('.note.failed')?.textContent.includes('did not take that token')`)
	p.check()
	say("known")
	p.until(`document.querySelector('h1')?.textContent === 'You may not look at this'`)
	p.check()
	p.shoot("denied-"+phone.String(), false)
	say("good-token-1")
	p.until(nodes(len(week1)))
	p.until(`document.querySelectorAll('#panel .value').length > 5`)
	if text := eval[string](p, `document.documentElement.outerHTML + JSON.stringify({...localStorage, ...sessionStorage}) + document.cookie`); strings.Contains(text, "good-token-1") {
		t.Error("the token is left in the page")
	}
}

func TestReducedMotion(t *testing.T) {
	w := newWorld(t)
	furnish(w)
	w.serve("127.0.0.1:0")
	moving := open(t, w, "#/rollout", desk)
	moving.until(nodes(len(week1)))
	if eval[int](moving, `document.getAnimations().length`) == 0 {
		t.Error("nothing moves while something is installed")
	}
	still := open(t, w, "#/rollout", view{width: 1280, height: 860, still: true})
	still.until(nodes(len(week1)))
	if n := eval[int](still, `document.getAnimations().length`); n != 0 {
		t.Errorf("%d things move although nothing shall", n)
	}
}
