// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// readiness says what must be so beyond objects that are current.
func (p page) readiness() string {
	lines := []string{}
	for _, rule := range p.ReadyWhen {
		lines = append(lines, fmt.Sprintf("Every %s (`%s`) must fulfil `%s`; otherwise: %s",
			rule.Kind, rule.APIVersion, strings.Join(strings.Fields(rule.Expression), " "), prose(rule.Message)))
	}
	for _, webhook := range p.ExpectedWebhooks {
		lines = append(lines, fmt.Sprintf("The %s `%s`, which it registers at run time, must exist and be able to answer.", webhook.Kind, webhook.Name))
	}
	for _, probe := range objects(p.Probes) {
		lines = append(lines, "The API server must accept the "+probe+" in a dry run, through the component's own webhooks; it is never written.")
	}
	if p.HooksNeedWorkloads {
		lines = append(lines, strings.TrimSpace("Its post-install and post-upgrade hooks wait until its workloads run. "+
			prose(p.source.noteAbove("hooksNeedWorkloads"))))
	}
	if p.Timeout != "" {
		lines = append(lines, "A Helm action, each of its hooks, and then the rollout may take "+p.Timeout+". "+prose(p.source.noteAbove("timeout")))
	}
	text := "It is Ready when its CRDs are established, its objects are current and its webhooks can answer."
	if len(lines) == 0 {
		return text + "\n"
	}
	return text + " Besides:\n\n" + list(lines)
}

func (p page) ignored() string {
	if len(p.IgnoreDifferences) == 0 {
		return ""
	}
	return "Somebody else rightly writes these fields: they are neither reported nor put back.\n\n" +
		block(p.source.under("ignoreDifferences"))
}

func (p page) upgrades() string {
	var lines []string
	for _, bridge := range p.Upgrades {
		line := fmt.Sprintf("From `%s` an upgrade stops at `%s`", bridge.From, bridge.Via)
		if bridge.Manual {
			line += ", where you have work to do, and is refused until `version` says so"
		} else {
			line += ", and then goes on by itself"
		}
		lines = append(lines, line+": "+prose(bridge.Note))
	}
	return list(lines)
}
