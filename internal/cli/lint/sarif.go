// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package lint

import (
	"encoding/json"
	"io"
	"net/url"
	"slices"
)

// What a SARIF 2.1.0 log needs so that code scanning shows the findings.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
	}
)

// writeSARIF writes the findings as a SARIF 2.1.0 log.
func writeSARIF(w io.Writer, found Report) error {
	var ids []string
	for _, f := range found.Findings {
		ids = append(ids, f.Rule)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	run := sarifRun{
		Tool: sarifTool{sarifDriver{
			Name: "kubectl-platform-lint", InformationURI: "https://github.com/groundwork-dev/groundwork", Rules: []sarifRule{},
		}},
		Results: []sarifResult{},
	}
	for _, id := range ids {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{id, sarifText{describe(id)}})
	}
	for _, f := range found.Findings {
		index, _ := slices.BinarySearch(ids, f.Rule)
		run.Results = append(run.Results, sarifResult{
			RuleID: f.Rule, RuleIndex: index, Level: f.Level, Message: sarifText{f.Message},
			Locations: []sarifLocation{{sarifPhysical{
				Artifact: sarifArtifact{(&url.URL{Path: f.File}).String()},
				Region:   sarifRegion{f.Line, f.Column},
			}}},
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

// describe says in a few words what a rule is about.
func describe(rule string) string {
	switch rule {
	case ruleNotYAML:
		return "The file is not YAML"
	case ruleUnknownField:
		return "The API has no such field"
	case ruleInvalidField:
		return "The API does not accept the value of a field"
	case ruleRequiredField:
		return "A field is missing"
	case ruleUnknownKind:
		return "The API has no such kind"
	case ruleDuplicateField:
		return "A field or an element is there twice"
	case ruleDuplicateName:
		return "Two bundles of one cluster have the same name"
	case ruleUntested:
		return "The catalog was tested with another version"
	case ruleRetired:
		return "The component gets no more releases upstream"
	case ruleUnusedHost:
		return "A host is given to a component that is not there"
	default:
		return "The operator would refuse it: reason " + rule + " of docs/troubleshooting.md"
	}
}
