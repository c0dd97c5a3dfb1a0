# policies.mk tries the policy presets of the catalog with the engines themselves.
# Both are Go modules of their own: compiling them takes minutes the first time
# (docs/policies.md says how many), and nothing is downloaded but modules.

##@ Policies

.PHONY: policy-test
policy-test: ## Try the policy presets with Kyverno's and Gatekeeper's own libraries.
	go test -p $(PARALLEL) ./test/policies/...
	go -C test/policies/gatekeeper test -p $(PARALLEL) -count 1 -timeout 15m ./...
	go -C test/policies/kyverno test -p $(PARALLEL) -count 1 -timeout 15m ./...
