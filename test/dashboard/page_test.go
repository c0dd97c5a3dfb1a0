// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package dashboard

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/groundwork-dev/groundwork/test/dashboard/internal/chromium"
)

// limit is how long anything on the page may take.
const limit = 20 * time.Second

// contrastScript measures what WCAG AA asks of text.
//
//go:embed testdata/contrast.js
var contrastScript string

// tab is one page in the browser.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	troubles []string
	expected []string
}

// view is how a page is looked at.
type view struct {
	width, height int64
	dark, still   bool
}

func (v view) String() string {
	if v.dark {
		return fmt.Sprintf("%d-dark", v.width)
	}
	return fmt.Sprintf("%d-light", v.width)
}

var browser = sync.OnceValues(func() (context.Context, context.CancelFunc) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium.Find()), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("hide-scrollbars", false))
	ctx, endAllocator := chromedp.NewExecAllocator(context.Background(), options...) //nolint:forbidigo // one browser for all tests
	ctx, endBrowser := chromedp.NewContext(ctx)
	return ctx, func() { endBrowser(); endAllocator() }
})

func TestMain(m *testing.M) {
	if chromium.Find() == "" {
		fmt.Println("test/dashboard: skipped: no Chromium; `go -C test/dashboard run ./cmd/chromium` installs it, or says why it cannot")
		return
	}
	ctx, end := browser()
	if err := chromedp.Do(ctx); err != nil {
		fmt.Println("test/dashboard: Chromium does not start:", err)
		os.Exit(1)
	}
	code := m.Run()
	end()
	os.Exit(code)
}

// open opens a page of the world, and fails the test at its end for everything that
// the browser complained about, apart from what is expected.
func open(t *testing.T, w *world, hash string, v view, expected ...string) *tab {
	t.Helper()
	parent, _ := browser()
	ctx, closeTab := chromedp.NewContext(parent)
	p := &tab{t: t, ctx: ctx, expected: expected}
	if err := chromedp.Do(ctx); err != nil { // without a limit: the page lives as long as its first call
		t.Fatal(err)
	}
	t.Cleanup(func() {
		closeTab()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, trouble := range p.troubles {
			t.Errorf("the browser complains: %s", trouble)
		}
	})
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatal(err)
	}
	media := []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: map[bool]string{true: "dark", false: "light"}[v.dark]},
		{Name: "prefers-reduced-motion", Value: map[bool]string{true: "reduce", false: "no-preference"}[v.still]},
	}
	call(p, log.Enable, cdp.Empty{})
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: v.width, Height: v.height, DeviceScaleFactor: 1})
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: media})
	call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `addEventListener('securitypolicyviolation', (e) => console.error('CSP', e.violatedDirective, e.blockedURI))`,
	})
	p.do(chromedp.Navigate(w.url + hash))
	return p
}

func (p *tab) listen(event any) {
	text := ""
	switch e := event.(type) {
	case *cdpruntime.EventConsoleAPICalled:
		if e.Type != "error" && e.Type != "warning" {
			return
		}
		for _, arg := range e.Args {
			text += " " + string(arg.Value)
		}
	case *cdpruntime.EventExceptionThrown:
		text = e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			text += " " + thrown.Description
		}
	case *log.EventEntryAdded:
		if e.Entry.Level != log.EntryLevelError && e.Entry.Level != log.EntryLevelWarning {
			return
		}
		text = e.Entry.Text + " " + e.Entry.URL
	default:
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, known := range p.expected {
		if strings.Contains(text, known) {
			return
		}
	}
	p.troubles = append(p.troubles, text)
}

// expect names complaints that belong to the test.
func (p *tab) expect(texts ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = append(p.expected, texts...)
}

// call sends a command of the protocol.
func call[P, R any](p *tab, command cdp.Command[P, R], params P) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	if _, err := chromedp.Call(ctx, command, params); err != nil {
		p.t.Fatalf("%s: %v", command.Method, err)
	}
}

// run runs an action of the page.
func run[T any](p *tab, action chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	out, err := chromedp.Run(ctx, action)
	if err != nil {
		text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.body.innerText.slice(0, 1500)`))
		p.t.Fatalf("%v; the page says:\n%s", err, text)
	}
	return out
}

func (p *tab) do(action chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	run(p, action)
}

// until waits for an expression in the page to be true.
func (p *tab) until(expression string) {
	p.t.Helper()
	p.do(chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(30*time.Millisecond), chromedp.WithPollingTimeout(limit)))
}

// eval evaluates an expression in the page.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	return run(p, chromedp.Evaluate[T](expression))
}

// key types one key.
func (p *tab) key(key string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(key))
}

// shoot keeps a picture of the whole page where somebody wants to look at it.
func (p *tab) shoot(name string, whole bool) {
	p.t.Helper()
	folder := os.Getenv("DASHBOARD_SHOTS")
	if folder == "" {
		return
	}
	var picture []byte
	if whole {
		picture = run(p, chromedp.FullScreenshot(100))
	} else {
		picture = run(p, chromedp.CaptureScreenshot())
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// check holds for every page: nothing is wider than the screen, and all text can be
// read.
func (p *tab) check() {
	p.t.Helper()
	if wide := eval[int](p, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
		p.t.Errorf("the page is %d pixels wider than the screen", wide)
	}
	for _, text := range eval[[]string](p, contrastScript) {
		p.t.Errorf("too little contrast: %s", text)
	}
}
