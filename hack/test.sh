#!/usr/bin/env bash
# test.sh runs test suites one after the other and sums them up:
#
#   hack/test.sh [unit] [envtest] [e2e]
#
# A package is of the e2e suite when it lies in test/e2e, of the envtest suite
# when its tests import controller-runtime's envtest, and otherwise of the unit
# suite; nobody keeps a list. Every suite runs even when one before it failed.
# PARALLEL bounds the packages at once (default 2), GOTESTFLAGS adds flags.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

parallel=${PARALLEL:-2}
export KUBEBUILDER_ASSETS=${KUBEBUILDER_ASSETS:-$PWD/bin/k8s}
read -ra extra <<<"${GOTESTFLAGS:-}"

# packages SUITE prints the import paths of a suite.
packages() {
	go list -f '{{.ImportPath}}{{range .TestImports}} {{.}}{{end}}{{range .XTestImports}} {{.}}{{end}}' ./... |
		awk -v want="$1" '{
			suite = "unit"
			if ((" " $0 " ") ~ / sigs\.k8s\.io\/controller-runtime\/pkg\/envtest /) suite = "envtest"
			if ($1 ~ /\/test\/e2e(\/|$)/) suite = "e2e"
			if (suite == want) print $1
		}'
}

run() {
	local suite=$1 list flags=(-p "$parallel")
	mapfile -t list < <(packages "$suite")
	case $suite in
	unit) flags+=(-timeout 5m) ;;
	envtest) flags+=(-timeout 10m) ;;
	# A cluster is not a function of the sources: never a cached result. It takes
	# minutes, so it says what it does.
	e2e)
		flags+=(-timeout 20m -count 1 -v)
		export E2E=1
		;;
	*)
		echo "test: no suite $suite: unit, envtest or e2e" >&2
		return 2
		;;
	esac
	if ((${#list[@]} == 0)); then
		echo "test: the $suite suite has no packages" >&2
		return 1
	fi
	go test "${flags[@]}" "${extra[@]}" "${list[@]}" | { grep -v "no test files" || true; } || return 1
	if [[ $suite == unit ]]; then
		go -C hack/simcluster test "${flags[@]}" "${extra[@]}" ./... || return 1
	fi
}

summary=() status=0
for suite in "$@"; do
	echo "test: $suite"
	start=$SECONDS
	if run "$suite"; then result=ok; else result=FAILED status=1; fi
	summary+=("$suite $result ($((SECONDS - start))s)")
done
printf -v line '%s, ' "${summary[@]}"
echo "test: ${line%, }"
exit $status
