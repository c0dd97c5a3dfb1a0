// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

// Command app is the workload of the node's own test: it says what it finds in
// the Pod it runs in. It imports the standard library only.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	if len(os.Args) > 1 { // started by kubectl exec
		fmt.Println("hello from uid", os.Getuid())
		return
	}
	http.HandleFunc("/ready", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	http.HandleFunc("/lookup", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func() (any, error) { return net.DefaultResolver.LookupHost(r.Context(), r.URL.Query().Get("name")) })
	})
	http.HandleFunc("/write", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func() (any, error) {
			return "written", os.WriteFile("/data/file", []byte(r.URL.Query().Get("text")), 0o600)
		})
	})
	server := http.Server{Addr: ":8080", ReadHeaderTimeout: 5 * time.Second}
	log.Println("listening")
	log.Fatal(server.ListenAndServe())
}

func answer(w http.ResponseWriter, work func() (any, error)) {
	result, err := work()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = fmt.Fprintln(w, result)
}
