# Micro-benchmarks of the rooms, in the format that benchstat reads. Include it from
# the Makefile at the root.
#
#   make bench-micro                           measure; keep the file to compare with
#   make bench-micro MICRO_OUT=.cache/new.txt  measure again
#   make bench-micro-compare MICRO_BASE=.cache/bench/micro.txt MICRO_OUT=.cache/new.txt
#
# Figures mean something on a machine that does nothing else. BENCH_CHARTS names a
# folder of real charts; without it the stand-ins are loaded.

# MICRO_OUT is the file that is written, and the newer one of a comparison.
MICRO_OUT ?= .cache/bench/micro.txt
# MICRO_BASE is the older file of a comparison.
MICRO_BASE ?=
# MICRO_COUNT and MICRO_TIME are how often, and how long each time.
MICRO_COUNT ?= 10
MICRO_TIME ?= 100ms
# MICRO is a pattern of benchmarks.
MICRO ?= .

# Nobody keeps a list: whatever has a benchmark is measured.
MICRO_PACKAGES = $(sort $(dir $(shell grep -rl --include='*_test.go' '^func Benchmark' internal test/bench/micro)))

bin/benchstat: hack/tools/benchstat/go.mod hack/tools/benchstat/go.sum
	CGO_ENABLED=0 GOWORK=off go -C hack/tools/benchstat build -p $(PARALLEL) -trimpath -buildvcs=false -ldflags '-s -w' \
		-o $(CURDIR)/$@ golang.org/x/perf/cmd/benchstat

##@ Benchmarks

.PHONY: bench-micro
bench-micro: bin/benchstat ## Measure planner, graph, values, readiness and the other rooms; takes 5 minutes.
	@mkdir -p '$(dir $(MICRO_OUT))'
	go test -p 1 -run '^$$' -bench '$(MICRO)' -benchmem -count $(MICRO_COUNT) -benchtime $(MICRO_TIME) -timeout 30m \
		$(addprefix ./,$(MICRO_PACKAGES)) > '$(MICRO_OUT).new'
	@mv '$(MICRO_OUT).new' '$(MICRO_OUT)'
	@bin/benchstat '$(MICRO_OUT)'

.PHONY: bench-micro-compare
bench-micro-compare: bin/benchstat ## Compare two files of bench-micro: MICRO_BASE and MICRO_OUT.
	$(if $(MICRO_BASE),,$(error MICRO_BASE is empty; it names the file to compare with))
	@bin/benchstat '$(MICRO_BASE)' '$(MICRO_OUT)'
