# Development tools, compiled at the versions hack/tools/go.mod pins. Include
# it from the Makefile at the root of the repository; depend on the file, as in
#
#   manifests: bin/controller-gen
#
# A tool is built when it is missing or the pins changed; versions that moved
# for another tool cost a link.

TOOLS_PINS := hack/tools/go.mod hack/tools/go.sum
TOOLS_BUILD = CGO_ENABLED=0 go -C hack/tools build -trimpath -buildvcs=false -ldflags '-s -w $(TOOL_VARIABLES)' -o $(CURDIR)/$@

bin/controller-gen: $(TOOLS_PINS)
	$(TOOLS_BUILD) sigs.k8s.io/controller-tools/cmd/controller-gen

bin/kustomize: $(TOOLS_PINS)
	$(TOOLS_BUILD) sigs.k8s.io/kustomize/kustomize/v5

# Helm is told at link time which Kubernetes `helm template` is to assume; left
# alone it says v1.20.0, and charts refuse that.
bin/helm: HELM_VERSION = $(shell go -C hack/tools list -m -f '{{.Version}}' helm.sh/helm/v3)
bin/helm: KUBE_MINOR = $(word 2,$(subst ., ,$(shell go -C hack/tools list -m -f '{{.Version}}' k8s.io/client-go)))
bin/helm: TOOL_VARIABLES = -X helm.sh/helm/v3/internal/version.version=$(HELM_VERSION) \
	-X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=$(KUBE_MINOR) \
	-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=$(KUBE_MINOR)
bin/helm: $(TOOLS_PINS)
	$(TOOLS_BUILD) helm.sh/helm/v3/cmd/helm

bin/golangci-lint: $(TOOLS_PINS)
	$(TOOLS_BUILD) github.com/golangci/golangci-lint/v2/cmd/golangci-lint

# Pinned with the Prometheus that the node suite scrapes with, and compiled as it is, so
# that the second of the two costs a link. The first takes minutes.
PROMTOOL_MODULE := hack/simcluster/binaries/prometheus
bin/promtool: $(PROMTOOL_MODULE)/go.mod $(PROMTOOL_MODULE)/go.sum
	CGO_ENABLED=0 GOWORK=off go -C $(PROMTOOL_MODULE) build -p $(PARALLEL) -trimpath -buildvcs=false -mod=readonly -ldflags '-s -w' \
		-tags remove_all_sd,enable_kubernetes_sd -o $(CURDIR)/$@ github.com/prometheus/prometheus/cmd/promtool

# The control plane of the simulated cluster and of envtest. The program keeps
# what is up to date by content; it writes the stamp last.
bin/k8s/.stamp: $(wildcard hack/simcluster/binaries/*/go.mod hack/simcluster/binaries/*/go.sum) | bin/simcluster
	bin/simcluster build --bin=bin/k8s

.PHONY: tools
tools: bin/controller-gen bin/kustomize bin/helm bin/golangci-lint bin/promtool ## Compile the development tools into bin.
