// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// denyLabel makes an object one that /validate refuses.
const denyLabel = "standin.groundwork.dev/deny"

// denial is the sentence that a refused request carries.
const denial = "denied by the stand-in webhook"

// admissionReview is what the webhooks need of admission.k8s.io/v1.
type admissionReview struct {
	APIVersion string             `json:"apiVersion"`
	Kind       string             `json:"kind"`
	Request    *admissionRequest  `json:"request,omitempty"`
	Response   *admissionResponse `json:"response,omitempty"`
}

type admissionRequest struct {
	UID    string `json:"uid"`
	Object struct {
		Metadata struct {
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
	} `json:"object"` // null when it is being deleted
}

type admissionResponse struct {
	UID     string         `json:"uid"`
	Allowed bool           `json:"allowed"`
	Status  map[string]any `json:"status,omitempty"`
}

// conversionReview is what /convert needs of apiextensions.k8s.io/v1.
type conversionReview struct {
	APIVersion string              `json:"apiVersion"`
	Kind       string              `json:"kind"`
	Request    *conversionRequest  `json:"request,omitempty"`
	Response   *conversionResponse `json:"response,omitempty"`
}

type conversionRequest struct {
	UID               string           `json:"uid"`
	DesiredAPIVersion string           `json:"desiredAPIVersion"`
	Objects           []map[string]any `json:"objects"`
}

type conversionResponse struct {
	UID              string           `json:"uid"`
	ConvertedObjects []map[string]any `json:"convertedObjects"`
	Result           map[string]any   `json:"result"`
}

// reviews are the handlers of the webhooks: /validate refuses what carries denyLabel, /allow nothing, /convert converts.
func reviews() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /validate", func(w http.ResponseWriter, r *http.Request) { admit(w, r, validate) })
	mux.HandleFunc("POST /allow", func(w http.ResponseWriter, r *http.Request) { admit(w, r, allow) })
	mux.HandleFunc("POST /convert", serveConversion)
	// By this an engine finds out whether its Service answers.
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	return mux
}

func allow(*admissionRequest) (bool, string) { return true, "" }

func validate(request *admissionRequest) (allowed bool, message string) {
	if request.Object.Metadata.Labels[denyLabel] == "true" {
		return false, denial
	}
	return true, ""
}

func admit(w http.ResponseWriter, r *http.Request, judge func(*admissionRequest) (bool, string)) {
	var review admissionReview
	if !decode(w, r, &review) {
		return
	}
	if review.Request == nil {
		http.Error(w, "an AdmissionReview without a request", http.StatusBadRequest)
		return
	}
	allowed, message := judge(review.Request)
	response := &admissionResponse{UID: review.Request.UID, Allowed: allowed}
	if !allowed {
		response.Status = map[string]any{"code": http.StatusForbidden, "message": message}
	}
	encode(w, admissionReview{APIVersion: review.APIVersion, Kind: review.Kind, Response: response})
}

func serveConversion(w http.ResponseWriter, r *http.Request) {
	var review conversionReview
	if !decode(w, r, &review) {
		return
	}
	if review.Request == nil {
		http.Error(w, "a ConversionReview without a request", http.StatusBadRequest)
		return
	}
	response := &conversionResponse{UID: review.Request.UID, Result: map[string]any{"status": "Success"}}
	for _, object := range review.Request.Objects {
		if err := convert(object, review.Request.DesiredAPIVersion); err != nil {
			response.Result = map[string]any{"status": "Failure", "message": err.Error()}
			response.ConvertedObjects = nil
			break
		}
		response.ConvertedObjects = append(response.ConvertedObjects, object)
	}
	encode(w, conversionReview{APIVersion: review.APIVersion, Kind: review.Kind, Response: response})
}

// convert changes an object's version, and writes the one that it had to spec.convertedFrom.
func convert(object map[string]any, desired string) error {
	have, _ := object["apiVersion"].(string)
	if have == desired {
		return nil
	}
	group, from, _ := strings.Cut(have, "/")
	wantGroup, to, _ := strings.Cut(desired, "/")
	versions := []string{"v1", "v1beta1"}
	if group != wantGroup || !slices.Contains(versions, from) || !slices.Contains(versions, to) {
		return fmt.Errorf("cannot convert from %q to %q: the versions are %s", have, desired, strings.Join(versions, " and "))
	}
	object["apiVersion"] = desired
	spec, ok := object["spec"].(map[string]any)
	if !ok {
		spec = map[string]any{}
		object["spec"] = spec
	}
	spec["convertedFrom"] = from
	return nil
}

// decode reads a review. Numbers stay as they are written: an int64 has no room in a float64.
func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	const most = 16 << 20
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, most))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func encode(w http.ResponseWriter, review any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review)
}
