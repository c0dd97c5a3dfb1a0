# Groundwork. `make` alone lists the targets.
#
# Needed on the machine: Go, make, git and bash; no C compiler, no cluster, no docker.
# Everything else is compiled from the Go module proxy into bin/ when a target
# needs it: bin/k8s (the simulated control plane, also envtest's) takes minutes
# the first time and nothing afterwards.

.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

# VERSION is what `bin/manager --version` says.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# IMG is the image that docker-build makes and deploy uses.
IMG ?= ghcr.io/groundwork-dev/groundwork:$(VERSION)
# CONTAINER_TOOL builds the image: docker (23 or later), "docker buildx", podman.
CONTAINER_TOOL ?= docker
# CHARTS is a chart mirror for the quickstart and catalog-test: a folder of
# <name>-<version>.tgz, an http(s) repository, or oci://host/path. Empty: the
# quickstart takes the real repositories, or stand-ins where these cannot be
# reached, and catalog-test is skipped.
CHARTS ?=
# KUBECONFIG_CONTEXT makes the quickstart, install and deploy use that context.
# Empty: the quickstart simulates a cluster, the others use the current context.
KUBECONFIG_CONTEXT ?=
# DIST is the folder that build-installer writes to.
DIST ?= dist
$(if $(DIST),,$(error DIST is empty; it names a folder))
# PARALLEL bounds the packages that are compiled and tested at once.
PARALLEL ?= 2

# MODULES are Go modules beside the main one: programs with dependencies of their
# own, and tests with the libraries of others.
MODULES := hack/simcluster hack/realnode test/policies/gatekeeper test/policies/kyverno test/gitops test/dashboard

include hack/tools/tools.mk
include hack/simcluster/simcluster.mk
include hack/realnode/realnode.mk
include test/policies/policies.mk
include test/bench/bench.mk
include test/bench/micro.mk
include test/bench/scale.mk

# kubectl from the PATH, or the one that belongs to the simulated cluster.
KUBECTL ?= $(or $(shell command -v kubectl 2>/dev/null),bin/k8s/kubectl)
KUBECTL_BUILT := $(if $(filter bin/k8s/kubectl,$(KUBECTL)),bin/k8s/.stamp)
KUBE := $(KUBECTL) $(if $(KUBECONFIG_CONTEXT),--context='$(KUBECONFIG_CONTEXT)')

##@ General

.PHONY: help
help: ## Show this list.
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-zA-Z0-9_-]+:.*## / {printf "  %-21s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: quickstart
quickstart: bin/simcluster bin/k8s/.stamp ## Bring up a whole platform: cluster, operator, week-1 bundle.
	@go run ./hack/quickstart up --charts='$(CHARTS)' --context='$(KUBECONFIG_CONTEXT)'

.PHONY: quickstart-down
quickstart-down: bin/simcluster ## Remove everything the quickstart made.
	@go run ./hack/quickstart down --charts='$(CHARTS)' --context='$(KUBECONFIG_CONTEXT)'

.PHONY: clean
clean: ## Remove what was built; bin/k8s and the tools stay.
	rm -rf bin/manager .cache/verify '$(DIST)/build' '$(DIST)/install.yaml'
	@rmdir '$(DIST)' 2>/dev/null || true

##@ Development

.PHONY: generate
generate: bin/controller-gen ## Generate deep copies.
	bin/controller-gen object:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: manifests
manifests: bin/controller-gen ## Generate CRDs, the manager's ClusterRole, and the API's and the components' pages.
	bin/controller-gen crd paths=./api/... output:crd:dir=config/crd/bases
	bin/controller-gen rbac:roleName=groundwork-controller-manager paths=./controllers/... output:rbac:dir=config/rbac
	go run ./hack/docgen api > docs/api.md.new && mv docs/api.md.new docs/api.md
	go run ./hack/docgen components docs

.PHONY: fmt
fmt: ## Format the Go code.
	gofmt -w $$(git ls-files -co --exclude-standard -- '*.go')

.PHONY: vet
vet: ## Run go vet on every module.
	go vet -p $(PARALLEL) ./...
	for module in $(MODULES); do go -C $$module vet -p $(PARALLEL) ./...; done

.PHONY: lint
lint: bin/golangci-lint ## Run golangci-lint on every module.
	@status=0; bin/golangci-lint run ./... || status=1; \
	for module in $(MODULES); do \
		(cd $$module && '$(CURDIR)/bin/golangci-lint' run --config '$(CURDIR)/.golangci.yml' ./...) || status=1; \
	done; exit $$status

.PHONY: tidy
tidy: ## Tidy every module.
	for module in $$(git ls-files -co --exclude-standard -- 'go.mod' '*/go.mod'); do go -C "$$(dirname "$$module")" mod tidy; done

.PHONY: verify
verify: bin/controller-gen bin/golangci-lint bin/kustomize ## Fail when generated files, modules, format or lint need attention.
	@hack/verify.sh

##@ Tests

.PHONY: test
test: bin/k8s/.stamp bin/simcluster bin/helm bin/promtool build realnode-prepare ## Run all suites: unit, policies, envtest, simulated cluster, GitOps, browser, real node.
	@PARALLEL=$(PARALLEL) hack/test.sh unit policies envtest e2e gitops browser node

.PHONY: test-unit
test-unit: ## Run the tests that need no API server.
	@PARALLEL=$(PARALLEL) hack/test.sh unit

.PHONY: test-alerts
test-alerts: bin/promtool ## Run the alerts' cases, and parse the dashboard's queries.
	go test -count 1 -run 'Alerts|Dashboard' ./config

.PHONY: test-envtest
test-envtest: bin/k8s/.stamp ## Run the tests against an API server without controllers.
	@PARALLEL=$(PARALLEL) hack/test.sh envtest

.PHONY: test-e2e
test-e2e: bin/k8s/.stamp bin/simcluster bin/helm build ## Run the tests on the simulated cluster.
	@PARALLEL=$(PARALLEL) hack/test.sh e2e

.PHONY: test-gitops
test-gitops: bin/k8s/.stamp bin/simcluster bin/helm build ## Let the engines of Flux and Argo CD manage a bundle on the simulated cluster.
	@PARALLEL=$(PARALLEL) hack/test.sh gitops

.PHONY: test-browser
test-browser: ## Run the dashboard's tests in Chromium; installs Debian's package where that is possible.
	@PARALLEL=$(PARALLEL) hack/test.sh browser

.PHONY: realnode-test
realnode-test: bin/k8s/.stamp bin/helm bin/kustomize realnode-prepare ## Run the tests on a real node; needs root on Linux.
	@PARALLEL=$(PARALLEL) hack/test.sh node

# UPDATE_GOLDEN=1 accepts changed summaries. Never a cached result: the mirror is
# no source file.
.PHONY: catalog-test
catalog-test: ## Render every component and profile from the real charts in CHARTS and compare summaries.
ifeq ($(strip $(CHARTS)),)
	@echo 'catalog-test: skipped: CHARTS is empty; make catalog-test CHARTS=<folder of charts, http(s) repository or oci://host/path>'
else
	@CATALOG_CHARTS='$(if $(findstring ://,$(CHARTS)),$(CHARTS),$(abspath $(CHARTS)))' go test -p $(PARALLEL) -count 1 -timeout 15m ./test/catalog
endif

.PHONY: chaos
chaos: bin/k8s/.stamp ## Kill the operator at every write, and disturb its API server; takes 20 minutes.
	@mkdir -p bin && go test -c -o bin/chaos.test ./test/chaos
	@cd test/chaos && CHAOS=all KUBEBUILDER_ASSETS=$(CURDIR)/bin/k8s ../../bin/chaos.test -test.timeout 60m

##@ Build

.PHONY: build
build: ## Compile bin/manager and bin/kubectl-platform.
	CGO_ENABLED=0 go build -p $(PARALLEL) -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o bin/manager .
	CGO_ENABLED=0 go build -p $(PARALLEL) -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o bin/kubectl-platform ./cmd/kubectl-platform

.PHONY: docker-build
docker-build: ## Build the image $(IMG).
	$(CONTAINER_TOOL) build --build-arg VERSION='$(VERSION)' -t '$(IMG)' .

# In a copy: kustomize takes relative paths only, and DIST may be anywhere.
.PHONY: build-installer
build-installer: bin/kustomize ## Write dist/install.yaml: everything for one kubectl apply.
	@rm -rf '$(DIST)/build' && mkdir -p '$(DIST)/build'
	@cp -R config/crd config/default config/manager config/prometheus config/rbac '$(DIST)/build'
	@printf '%s\n' 'apiVersion: kustomize.config.k8s.io/v1beta1' 'kind: Kustomization' \
		'resources: [default]' > '$(DIST)/build/kustomization.yaml'
	@cd '$(DIST)/build' && '$(CURDIR)/bin/kustomize' edit set image 'ghcr.io/groundwork-dev/groundwork=$(IMG)'
	bin/kustomize build '$(DIST)/build' > '$(DIST)/install.yaml'
	@grep -qF 'image: $(IMG)' '$(DIST)/install.yaml' || { echo '$(DIST)/install.yaml does not name $(IMG)' >&2; exit 1; }

##@ Deployment

.PHONY: install
install: bin/kustomize $(KUBECTL_BUILT) ## Install the CRDs into the cluster of the current context.
	bin/kustomize build config/crd | $(KUBE) apply --server-side -f -

.PHONY: uninstall
uninstall: bin/kustomize $(KUBECTL_BUILT) ## Remove the CRDs and with them every bundle; releases stay.
	bin/kustomize build config/crd | $(KUBE) delete --ignore-not-found -f -

.PHONY: deploy
deploy: build-installer $(KUBECTL_BUILT) ## Install the CRDs and run the operator from $(IMG).
	$(KUBE) apply --server-side -f '$(DIST)/install.yaml'

# The namespace stays: it holds Secrets and ConfigMaps of the user's.
.PHONY: undeploy
undeploy: bin/kustomize $(KUBECTL_BUILT) ## Remove the operator; CRDs, bundles, releases and the namespace stay.
	$(KUBE) -n groundwork-system delete deployment,service -l app.kubernetes.io/part-of=groundwork --ignore-not-found
	bin/kustomize build config/rbac | $(KUBE) delete --ignore-not-found -f -
