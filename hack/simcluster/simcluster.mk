# The simulated cluster. Include it from the Makefile at the root of the
# repository, after hack/tools/tools.mk:
#
#   cluster-build  compile the control plane into bin/k8s (once; minutes)
#   cluster-up     start a cluster; kubeconfig in $(CLUSTER_DIR)/kubeconfig
#   cluster-down   end it and remove its data
#
# bin/k8s also serves envtest: KUBEBUILDER_ASSETS=$(CURDIR)/bin/k8s.

CLUSTER_DIR ?= .cluster
CLUSTER_NODES ?= 3

SIMCLUSTER_SOURCES := $(shell find hack/simcluster -name '*.go' -not -name '*_test.go') \
	hack/simcluster/internal/cluster/stages.yaml hack/simcluster/go.mod hack/simcluster/go.sum

# Without -trimpath, so that the compiled client-go is shared with the main module.
bin/simcluster: $(SIMCLUSTER_SOURCES)
	go -C hack/simcluster build -buildvcs=false -o $(CURDIR)/$@ .

.PHONY: cluster-build
cluster-build: bin/k8s/.stamp ## Compile the simulated control plane into bin/k8s.

.PHONY: cluster-up
cluster-up: bin/simcluster bin/k8s/.stamp ## Start a simulated cluster; kubeconfig in .cluster/kubeconfig.
	@bin/simcluster up --dir=$(CLUSTER_DIR) --nodes=$(CLUSTER_NODES) --bin=bin/k8s

.PHONY: cluster-down
cluster-down: bin/simcluster ## End the simulated cluster and remove its data.
	@bin/simcluster down --dir=$(CLUSTER_DIR)

.PHONY: test-simcluster
test-simcluster: ## Test the simulated cluster's own program; SIMCLUSTER_E2E=1 adds real clusters.
	go -C hack/simcluster test ./...
