# A real node. Include it from the Makefile at the root of the repository,
# after hack/simcluster/simcluster.mk:
#
#   realnode-build  install the packages and compile the programs (once; minutes)
#   realnode-up     start a node; kubeconfig in $(REALNODE_DIR)/kubeconfig
#   realnode-down   end it; packages and kernel modules stay
#
# All need Linux and root; where no node can run they say why, in one line, and
# do nothing.

REALNODE_DIR ?= .realnode

# 3 is realnode's exit code for "no node can run here".
REALNODE_OR_SKIP = || { status=$$?; [ $$status -eq 3 ] || exit $$status; }

REALNODE_SOURCES := $(shell find hack/realnode -name '*.go' -not -name '*_test.go' -not -path '*/testdata/*') \
	hack/realnode/internal/node/objects.yaml hack/realnode/go.mod hack/realnode/go.sum

# Without -trimpath, so that the compiled client-go is shared with the main module.
bin/realnode: $(REALNODE_SOURCES) $(SIMCLUSTER_SOURCES)
	go -C hack/realnode build -buildvcs=false -o $(CURDIR)/$@ .

.PHONY: realnode-build
realnode-build: bin/realnode ## Install and compile what a real node needs (Linux, root).
	@{ bin/realnode setup && bin/realnode build --bin=bin/k8s; } $(REALNODE_OR_SKIP)

# The same for the tests, which say themselves, where they would run, why no
# node can.
.PHONY: realnode-prepare
realnode-prepare: bin/realnode
	@{ bin/realnode setup >/dev/null && bin/realnode build --bin=bin/k8s; } $(REALNODE_OR_SKIP)

.PHONY: realnode-up
realnode-up: bin/realnode ## Start a real node; kubeconfig in .realnode/kubeconfig.
	@{ bin/realnode setup && bin/realnode build --bin=bin/k8s && \
		bin/realnode up --dir='$(REALNODE_DIR)' --bin=bin/k8s; } $(REALNODE_OR_SKIP)

.PHONY: realnode-down
realnode-down: bin/realnode ## End the real node and remove all that is its own.
	@bin/realnode down --dir='$(REALNODE_DIR)' $(REALNODE_OR_SKIP)

.PHONY: test-realnode-program
test-realnode-program: ## Test the real node's own program, with real nodes where they can run.
	REALNODE_E2E=1 go -C hack/realnode test -count 1 -v -timeout 20m -run 'TestNode$$' .
