// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// beat is the pause between two attempts of a hook.
const beat = 100 * time.Millisecond

// get fails unless a URL answers 200, with a text if one is expected.
func get(ctx context.Context, arguments []string, log *log.Logger) error {
	flags := newFlags("get")
	expect := flags.String("expect", "", "text that the answer must contain")
	timeout := flags.Duration("timeout", 5*time.Second, "time for the answer")
	patience := flags.Duration("patience", 0, "time to try again for where nobody listens")
	positional, err := parse(flags, arguments, "URL")
	if err != nil {
		return err
	}
	url := positional[0]
	// A Service routes a moment after its pods are ready.
	body, err := fetch(ctx, url, *timeout)
	for waited := time.Duration(0); errors.Is(err, syscall.ECONNREFUSED) && waited < *patience && pause(ctx, beat); waited += beat {
		body, err = fetch(ctx, url, *timeout)
	}
	if err != nil {
		return err
	}
	if !strings.Contains(body, *expect) {
		return fmt.Errorf("GET %s: %q does not contain %q", url, body, *expect)
	}
	log.Printf("GET %s: %q", url, body)
	return nil
}

// failFirst asks a counter and fails while it has not been asked more than N times: a hook that works from its attempt N+1 on.
func failFirst(ctx context.Context, arguments []string, log *log.Logger) error {
	flags := newFlags("fail-first")
	timeout := flags.Duration("timeout", 5*time.Second, "time for the answer")
	positional, err := parse(flags, arguments, "N", "URL")
	if err != nil {
		return err
	}
	failures, err := strconv.Atoi(positional[0])
	if err != nil {
		return usageError(fmt.Sprintf("N: %v", err))
	}
	body, err := fetch(ctx, positional[1], *timeout)
	if err != nil {
		return err
	}
	attempt, err := strconv.Atoi(body)
	if err != nil {
		return fmt.Errorf("GET %s: not a counter: %w", positional[1], err)
	}
	if attempt <= failures {
		return fmt.Errorf("attempt %d fails, as the first %d do", attempt, failures)
	}
	log.Printf("attempt %d works", attempt)
	return nil
}

// fetch returns the body of an answer with 200, without the space around it.
func fetch(ctx context.Context, url string, timeout time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err // names the method and the URL
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return "", fmt.Errorf("GET %s: %w", url, err)
	}
	text := strings.TrimSpace(string(body))
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("GET %s: %s: %s", url, response.Status, text)
	}
	return text, nil
}
