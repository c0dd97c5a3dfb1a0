# How the operator grows: bundles of ten small releases. Include it from the Makefile at
# the root.
#
#   make bench-scale [SCALE=20,100,500] [SCALE_FLAGS='-details']
#   make bench-plots            draws docs/performance/*.svg from what was measured

# SCALE are the numbers of bundles, each measured on a fresh cluster: 500 take 12 minutes.
SCALE ?= 20,100,500
# SCALE_DIST takes scale.json and the profiles.
SCALE_DIST ?= $(DIST)/scale
# SCALE_FLAGS are further flags: go run ./test/bench/scale -help.
SCALE_FLAGS ?=

.PHONY: bench-scale
bench-scale: bin/simcluster bin/k8s/.stamp build ## Install hundreds of bundles, restart the operator, heal one drift among them.
	@go build -p $(PARALLEL) -buildvcs=false -o bin/scale ./test/bench/scale
	@bin/scale -curve '$(SCALE)' -out '$(SCALE_DIST)' $(SCALE_FLAGS)

.PHONY: bench-plots
bench-plots: ## Draw docs/performance from what bench-scale has measured.
	@go run ./test/bench/scale -out '$(SCALE_DIST)' -plot docs/performance
