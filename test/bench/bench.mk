# The comparison with helm and helmfile, and the operator's figures. Include it from
# the Makefile at the root of the repository, after hack/simcluster/simcluster.mk:
#
#   make bench [CHARTS=<folder of charts>] [RUNS=3] [BENCH_FLAGS='-quiet=10m -check']
#
# It wants a machine of two cores for itself, and with real charts some four minutes
# for each run of the four installers and six more for the second table.

# RUNS of each installer; figures are medians.
RUNS ?= 3
# BENCH_DIST takes bench.json and what the installers printed.
BENCH_DIST ?= $(DIST)/bench
# BENCH_FLAGS are further flags: go run ./test/bench -help.
BENCH_FLAGS ?=

# A module of its own: see there. The first build takes minutes.
bin/helmfile: hack/tools/helmfile/go.mod hack/tools/helmfile/go.sum
	CGO_ENABLED=0 GOWORK=off go -C hack/tools/helmfile build -p $(PARALLEL) -trimpath -buildvcs=false -ldflags '-s -w' \
		-o $(CURDIR)/$@ github.com/helmfile/helmfile

# Compiled first: what go run makes, and go itself, would run along while it measures.
.PHONY: bench
bench: bin/simcluster bin/k8s/.stamp bin/helm bin/helmfile build ## Compare Groundwork with helm, helmfile and the floor; CHARTS=<folder> takes real charts.
	@go build -p $(PARALLEL) -buildvcs=false -o bin/bench ./test/bench
	@bin/bench -charts='$(CHARTS)' -runs=$(RUNS) -out='$(BENCH_DIST)' $(BENCH_FLAGS)
