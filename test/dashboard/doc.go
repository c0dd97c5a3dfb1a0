// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Package dashboard opens the dashboard in a real Chromium, with made-up bundles
// behind it: three sizes, dark and light, the keyboard, live updates, secrets,
// contrast, the content security policy. It is a module of its own, because nothing
// else needs the driver of a browser. Without Chromium it says so in one line and is
// skipped; cmd/chromium installs it where apt-get can.
//
//	DASHBOARD_SHOTS=<folder> go test .   # keeps the pictures
package dashboard
