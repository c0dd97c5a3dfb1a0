#!/usr/bin/env bash
# test.sh runs test suites one after the other and sums them up:
#
#   hack/test.sh [unit] [policies] [envtest] [e2e] [gitops] [browser] [node]
#
# A package is of the e2e suite when it lies in test/e2e, of the node suite when
# it is test/realnode, of the envtest suite when its tests import
# controller-runtime's envtest, and otherwise of the unit suite; nobody keeps a
# list. The policies suite tries the catalog's policies with the libraries of their
# engines, and the gitops suite lets those of Flux and Argo CD manage a bundle:
# both are modules of their own, and so is browser, the dashboard in Chromium. The
# browser and node suites are skipped, with the reason, where there is no Chromium
# and where no node can run. Every suite runs even when one before it failed.
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
			if ($1 ~ /\/test\/realnode$/) suite = "node"
			if (suite == want) print $1
		}'
}

run() {
	local suite=$1 list flags=(-p "$parallel")
	case $suite in # modules of their own
	policies)
		make --no-print-directory PARALLEL="$parallel" policy-test
		return
		;;
	browser)
		go -C test/dashboard test -p "$parallel" -timeout 10m -count 1 "${extra[@]}" ./...
		return
		;;
	gitops)
		E2E=1 go -C test/gitops test -p "$parallel" -timeout 15m -count 1 -v "${extra[@]}" ./...
		return
		;;
	esac
	mapfile -t list < <(packages "$suite")
	case $suite in
	unit) flags+=(-timeout 5m) ;;
	envtest) flags+=(-timeout 10m) ;;
	# A cluster is not a function of the sources: never a cached result. It takes
	# minutes, so it says what it does. The suites have shorter limits of their
	# own, after which they still clean up; these are for a suite that hangs.
	e2e)
		flags+=(-timeout 40m -count 1 -v)
		export E2E=1
		;;
	node)
		flags+=(-timeout 60m -count 1 -v)
		export REALNODE=1
		;;
	*)
		echo "test: no suite $suite: unit, policies, envtest, e2e, gitops, browser or node" >&2
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
		go -C hack/realnode test "${flags[@]}" "${extra[@]}" ./... || return 1
	fi
}

summary=() status=0
for suite in "$@"; do
	echo "test: $suite"
	start=$SECONDS
	if [[ $suite == node ]]; then
		possible=0
		bin/realnode check --installed || possible=$?
		if ((possible == 3)); then # it said why, in one line
			summary+=("node skipped")
			continue
		fi
	fi
	if [[ $suite == browser ]]; then
		possible=0 # built first: `go run` turns every exit status into 1
		go build -C test/dashboard -o "$PWD/bin/chromium-check" ./cmd/chromium && bin/chromium-check || possible=$?
		if ((possible == 3)); then # it said why, in one line
			summary+=("browser skipped")
			continue
		fi
	fi
	if run "$suite"; then result=ok; else result=FAILED status=1; fi
	summary+=("$suite $result ($((SECONDS - start))s)")
done
printf -v line '%s, ' "${summary[@]}"
echo "test: ${line%, }"
exit $status
