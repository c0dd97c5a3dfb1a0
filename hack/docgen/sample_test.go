// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"testing/fstest"
)

const certs = `name: certs
title: Certs
category: security
description: Signs things. And renews them.
homepage: https://example.com/certs
lifecycle: {phase: Active}
chart: {repository: https://example.com/charts, name: certs-chart, version: 1.2.3}
`

const shop = `name: shop
title: The Shop
category: trade
description: >-
  Sells things for <money> by values.price.list.
homepage: https://example.com/shop
lifecycle: {phase: Retired, since: "2026-03-31", note: No fixes., successors: [certs, elsewhere]}
chart: {repository: oci://example.com/charts, name: shop, version: 2.0.0}
namespace: trade
# The short name is part of its addresses.
releaseName: sh
namespaceLabels: {level: baseline}
requires: [certs]
why:
  certs: It serves by | TLS.
  till: The till judges every sale.
traps:
  - Set settings.domain, or values.a.b[0] and a*b stay.
values:
  # It sells nothing at night.
  hours: day
  script: |
    1
    2
    3
    4
    5
    6
    7
    8
    9
    10
    11
    12
    13
  after: true
# A hook counts the money.
hooksNeedWorkloads: true
timeout: 10m
readyWhen:
  - {apiVersion: trade/v1, kind: Sale, expression: object.sold, message: a sale is open}
expectedWebhooks:
  - {kind: ValidatingWebhookConfiguration, name: sales}
probes:
  - {apiVersion: trade/v1, kind: Sale, metadata: {name: try}}
ignoreDifferences:
  # It counts by itself.
  - kind: Secret
    name: till
    jsonPointers: [/data]
upgrades:
  - {from: <1.0.0, via: 1.0.x, manual: true, note: Count the money.}
  - {from: <0.5.0, via: 0.5.x, note: It is slow.}
required:
  - {path: owner.name, message: say whose it is}
  - {path: owner.key, when: remote, message: a remote one needs a key}
  - {path: owner.door, when: remote, message: values.owner.door must say where}
wiring:
  - name: page
    # It is shown. See https://example.com/page
    after: [till]
    when:
      settings: [domain]
    values:
      url: http://{{ .host }}
  - name: sealed
    when: {components: [certs], without: [till], settings: [imageRegistry, storageClassName]}
    values: {sealed: true}
    valuesFrom:
      - {kind: Secret, name: keys, namespace: vault, key: k, targetPath: sealed.key, optional: true}
      - {kind: Secret, name: keys, namespace: vault}
    manifests:
      - {apiVersion: v1, kind: ConfigMap, metadata: {name: seal}}
  - name: no-privileged
    when: {settings: [policies.by.kyverno, policies.noPrivileged]}
    manifests:
      - {apiVersion: v1, kind: ConfigMap, metadata: {name: rule}}
`

const till = `name: till
title: Till
category: trade
description: Counts.
homepage: https://example.com/till
lifecycle: {phase: Active}
chart: {repository: https://example.com/charts, name: till, version: 1.0.0}
after: [shop-window]
why: {shop-window: It looks at it.}
`

const window = `name: shop-window
title: Window
category: trade
description: Shows.
homepage: https://example.com/window
lifecycle: {phase: Active}
chart: {repository: https://example.com/charts, name: window, version: 1.0.0}
conflicts: [certs]
why: {certs: Both want the light.}
required:
  - {path: glass, message: name a glass}
wiring:
  - name: glass
    when: {components: [till]}
    values: {glass: thick}
`

func sample(t *testing.T) map[string]string {
	t.Helper()
	data := fstest.MapFS{"catalog/2026.9/certs.yaml": {Data: []byte(strings.ReplaceAll(certs, "1.2.3", "0.9.0"))}}
	for name, text := range map[string]string{"certs": certs, "shop": shop, "till": till, "shop-window": window} {
		data["catalog/2026.11/"+name+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	pages, err := components(data)
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// holds wants every part, in this order.
func holds(t *testing.T, page string, parts ...string) {
	t.Helper()
	rest := page
	for _, part := range parts {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Errorf("the page lacks, or has too early:\n%s\nin\n%s", part, page)
			return
		}
		rest = after
	}
}
