// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"

	"go.yaml.in/yaml/v3"
)

// indexVersion is what is kept of one version in a repository's index.
type indexVersion struct {
	Version string   `json:"version" yaml:"version"`
	URLs    []string `json:"urls"    yaml:"urls"`
	Digest  string   `json:"digest"  yaml:"digest"`
}

// indexResult is what one chart's name finds in an index.
type indexResult struct {
	found    bool
	versions []indexVersion
	// names are those of all charts that were passed on the way: all of them when found is false.
	names []string
}

var (
	// errNotBlockStyle: the index is not laid out the way Helm writes it; only a full parser can tell whether it is one.
	errNotBlockStyle = errors.New("not in block style")
	// errNoEntries: it is no index.
	errNoEntries = errors.New("it has no entries")
)

// maxWholeIndex is the largest index that a full YAML parser is given. It takes some twenty times that in memory.
const maxWholeIndex = 8 << 20

// searchIndex finds one chart in an index. Indices reach 40 MB, and a YAML parser needs a second and a gigabyte for that, so an index in
// the layout that every Helm version writes is read line by line: only the wanted fields of the wanted chart see a YAML parser.
func searchIndex(r io.ReadSeeker, name string) (indexResult, error) {
	reader := bufio.NewReaderSize(r, 64<<10)
	if first, _ := reader.Peek(1); len(first) == 1 && first[0] == '{' {
		return searchJSON(reader, name)
	}
	scan := indexScanner{lines: reader, want: name, keyIndent: -1}
	result, err := scan.run()
	if !errors.Is(err, errNotBlockStyle) {
		return result, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return indexResult{}, err
	}
	return parseWhole(r, name)
}

// parseWhole gives the index to a YAML parser.
func parseWhole(r io.Reader, name string) (indexResult, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxWholeIndex+1))
	if err != nil {
		return indexResult{}, err
	}
	if len(data) > maxWholeIndex {
		return indexResult{}, errors.New("it is not laid out as Helm writes it, and too large to read otherwise")
	}
	var index struct {
		APIVersion string                    `yaml:"apiVersion"`
		Entries    map[string][]indexVersion `yaml:"entries"`
	}
	if err := yaml.Unmarshal(data, &index); err != nil || index.APIVersion == "" && index.Entries == nil {
		return indexResult{}, errNoEntries // the parser's text would quote a login page
	}
	result := indexResult{}
	for chart, versions := range index.Entries {
		result.names = append(result.names, chart)
		if chart == name {
			result.found, result.versions = true, versions
		}
	}
	return result, nil
}

// searchJSON reads an index that is written as JSON, chart by chart.
func searchJSON(r io.Reader, name string) (indexResult, error) {
	decoder := json.NewDecoder(r)
	if _, err := decoder.Token(); err != nil {
		return indexResult{}, errNoEntries
	}
	result, sawEntries := indexResult{}, false
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return indexResult{}, errNoEntries
		}
		if key != "entries" {
			if err := skipJSON(decoder); err != nil {
				return indexResult{}, errNoEntries
			}
			continue
		}
		sawEntries = true
		if err := searchJSONEntries(decoder, name, &result); err != nil || result.found {
			return result, err
		}
	}
	if !sawEntries {
		return indexResult{}, errNoEntries
	}
	return result, nil
}

func searchJSONEntries(decoder *json.Decoder, name string, result *indexResult) error {
	open, err := decoder.Token()
	if err != nil || open != json.Delim('{') && open != nil {
		return errNoEntries
	}
	if open == nil {
		return nil // "entries": null
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return errNoEntries
		}
		chart, _ := key.(string)
		result.names = append(result.names, chart)
		if chart == name {
			result.found = true
			if err := decoder.Decode(&result.versions); err != nil {
				return errNoEntries
			}
			return nil
		}
		if err := skipJSON(decoder); err != nil {
			return errNoEntries
		}
	}
	_, err = decoder.Token()
	return err
}

func skipJSON(decoder *json.Decoder) error {
	var skipped json.RawMessage
	return decoder.Decode(&skipped)
}
