// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Series is one line of a metrics page.
type Series struct {
	Name   string
	Labels map[string]string
	Value  float64
}

// Snapshot is what a metrics page said at one moment.
type Snapshot []Series

// maxLine bounds a line of a metrics page.
const maxLine = 1 << 20

// Scrape reads the series of these names from a metrics page; a name stands for
// itself and for a histogram's parts (_bucket, _sum, _count). The error names the URL.
func Scrape(ctx context.Context, client *http.Client, url string, names ...string) (Snapshot, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("scrape %s: %w", url, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("scrape: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("scrape %s: %s", url, response.Status)
	}
	snapshot, err := ParseMetrics(response.Body, names...)
	if err != nil {
		return nil, fmt.Errorf("scrape %s: %w", url, err)
	}
	return snapshot, nil
}

// ParseMetrics reads the series of these names from Prometheus' text format; see
// Scrape. The error quotes the line.
func ParseMetrics(page io.Reader, names ...string) (Snapshot, error) {
	wanted := map[string]bool{}
	for _, name := range names {
		for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
			wanted[name+suffix] = true
		}
	}
	var out Snapshot
	lines := bufio.NewScanner(page)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		line := lines.Text()
		end := strings.IndexAny(line, "{ ")
		if end < 0 || !wanted[line[:end]] {
			continue
		}
		series, err := parseSeries(line, end)
		if err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
		out = append(out, series)
	}
	return out, lines.Err()
}

// parseSeries reads a line whose name ends at end.
func parseSeries(line string, end int) (Series, error) {
	series := Series{Name: line[:end], Labels: map[string]string{}}
	rest := line[end:]
	if strings.HasPrefix(rest, "{") {
		var err error
		if rest, err = parseLabels(rest[1:], series.Labels); err != nil {
			return series, err
		}
	}
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return series, errors.New("it has no value")
	}
	value, err := strconv.ParseFloat(fields[0], 64)
	series.Value = value
	return series, err
}

// parseLabels reads up to the closing brace and returns what follows it.
func parseLabels(text string, into map[string]string) (string, error) {
	for {
		text = strings.TrimLeft(text, ", ")
		if rest, closed := strings.CutPrefix(text, "}"); closed {
			return rest, nil
		}
		name, rest, found := strings.Cut(text, "=")
		if !found {
			return "", errors.New("its labels do not end")
		}
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return "", fmt.Errorf("the value of label %s: %w", name, err)
		}
		if into[name], err = strconv.Unquote(quoted); err != nil {
			return "", fmt.Errorf("the value of label %s: %w", name, err)
		}
		text = rest[len(quoted):]
	}
}

// Labels that a series must have; nil matches every series.
type Labels map[string]string

func (l Labels) match(series Series) bool {
	for name, value := range l {
		if series.Labels[name] != value {
			return false
		}
	}
	return true
}

// Sum of all series of a name that have these labels.
func (s Snapshot) Sum(name string, labels Labels) float64 {
	var sum float64
	for _, series := range s {
		if series.Name == name && labels.match(series) {
			sum += series.Value
		}
	}
	return sum
}

// By sums the series of a name that have these labels, by the value of one label.
func (s Snapshot) By(name, label string, labels Labels) map[string]float64 {
	out := map[string]float64{}
	for _, series := range s {
		if series.Name == name && labels.match(series) {
			out[series.Labels[label]] += series.Value
		}
	}
	return out
}

// Since is how much counters (and the parts of histograms) have grown; a series
// that was not there before began at 0. Gauges have no business here.
func (s Snapshot) Since(before Snapshot) Snapshot {
	old := map[string]float64{}
	for _, series := range before {
		old[series.key()] = series.Value
	}
	out := make(Snapshot, 0, len(s))
	for _, series := range s {
		series.Value -= old[series.key()]
		out = append(out, series)
	}
	return out
}

func (s Series) key() string {
	var b strings.Builder
	b.WriteString(s.Name)
	for _, name := range slices.Sorted(maps.Keys(s.Labels)) {
		b.WriteString("\x00" + name + "\x00" + s.Labels[name])
	}
	return b.String()
}

// Histogram adds up the series of a histogram that have these labels.
func (s Snapshot) Histogram(name string, labels Labels) Histogram {
	counts := map[float64]float64{}
	for text, count := range s.By(name+"_bucket", "le", labels) {
		bound, err := strconv.ParseFloat(text, 64)
		if err != nil {
			continue // no such bound is written by Prometheus' libraries
		}
		counts[bound] += count
	}
	out := Histogram{Sum: s.Sum(name+"_sum", labels), Count: s.Sum(name+"_count", labels)}
	for _, bound := range slices.SortedFunc(maps.Keys(counts), cmp.Compare[float64]) {
		out.Buckets = append(out.Buckets, Bucket{UpperBound: bound, Count: counts[bound]})
	}
	return out
}
