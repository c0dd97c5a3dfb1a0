// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/groundwork-dev/groundwork/bundles"
	"github.com/groundwork-dev/groundwork/internal/catalog"
	"github.com/groundwork-dev/groundwork/test/charts"
)

// probeTimeout is how long a repository may take to say anything.
const probeTimeout = 3 * time.Second

// chartChoice is where the operator takes charts from.
type chartChoice struct {
	// mirror is the operator's --chart-mirror; empty for the real repositories.
	mirror string
	// words describes it in a sentence's end: "charts come from ...".
	words string
}

// chooseCharts takes the mirror that was given, or the real repositories where
// all of the probed ones answer, or writes stand-ins into folder.
func chooseCharts(ctx context.Context, given, folder string, probes []string) (chartChoice, error) {
	if given != "" {
		return givenMirror(given)
	}
	unreachable := unreachableOf(ctx, probes)
	if unreachable == "" {
		return chartChoice{words: "the real upstream repositories"}, nil
	}
	if err := charts.WriteDir(folder); err != nil {
		return chartChoice{}, fmt.Errorf("write the stand-in charts: %w", err)
	}
	abs, err := filepath.Abs(folder)
	if err != nil {
		return chartChoice{}, err
	}
	return chartChoice{mirror: abs, words: fmt.Sprintf(
		"stand-ins of the same names and shape, because the real repositories cannot be reached (no answer from %s); "+
			"CHARTS=<mirror> takes real ones from elsewhere", unreachable)}, nil
}

func givenMirror(given string) (chartChoice, error) {
	for _, scheme := range []string{"http://", "https://", "oci://"} {
		if strings.HasPrefix(given, scheme) {
			return chartChoice{mirror: given, words: "the mirror " + given}, nil
		}
	}
	found, err := filepath.Glob(filepath.Join(given, "*.tgz"))
	if err != nil || len(found) == 0 {
		return chartChoice{}, fmt.Errorf(
			"--charts %s: no <name>-<version>.tgz in that folder: name a folder of chart archives, an http(s) repository or oci://host/path", given)
	}
	abs, err := filepath.Abs(given)
	if err != nil {
		return chartChoice{}, err
	}
	return chartChoice{mirror: abs, words: fmt.Sprintf("the folder %s (%d archives)", given, len(found))}, nil
}

// unreachableOf asks all addresses at once and returns the first in the list
// that did not answer; empty when all did. An error page is an answer unless
// the server says that it is broken: a registry answers 401.
func unreachableOf(ctx context.Context, addresses []string) string {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	answers := make([]chan bool, len(addresses))
	for i, address := range addresses {
		answers[i] = make(chan bool, 1)
		go func() { answers[i] <- answersAt(ctx, address) }()
	}
	for i, address := range addresses {
		if !<-answers[i] {
			return address
		}
	}
	return ""
}

func answersAt(ctx context.Context, address string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, address, http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode < http.StatusInternalServerError
}

// catalogProbes are addresses in the repositories of the newest catalog, one for
// each provider: every *.github.io is served by the same machines.
func catalogProbes() ([]string, error) {
	set, err := catalog.Load(bundles.FS)
	if err != nil {
		return nil, err
	}
	newest, err := set.Get(set.Newest())
	if err != nil {
		return nil, err
	}
	var out []string
	seen := map[string]bool{}
	for _, name := range newest.Names() {
		component, _ := newest.Component(name)
		address, provider, err := probeOf(component.Chart.Repository)
		if err != nil {
			return nil, err
		}
		if !seen[provider] {
			seen[provider] = true
			out = append(out, address)
		}
	}
	return out[:min(3, len(out))], nil
}

// probeOf turns a repository's URL into the address to ask, and its provider:
// the last two labels of the host.
func probeOf(repository string) (address, provider string, err error) {
	u, err := url.Parse(repository)
	if err != nil {
		return "", "", fmt.Errorf("repository %s: %w", repository, err)
	}
	if u.Host == "" {
		return "", "", errors.New("repository " + repository + " names no host")
	}
	labels := strings.Split(u.Hostname(), ".")
	provider = strings.Join(labels[max(0, len(labels)-2):], ".")
	if u.Scheme == "oci" {
		return "https://" + u.Host + "/v2/", provider, nil
	}
	return u.JoinPath("index.yaml").String(), provider, nil
}
