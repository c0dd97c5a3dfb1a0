#!/usr/bin/env bash
# verify.sh checks that what is generated is up to date and that modules, format
# and lint are in order. It works in a copy of the tree (tracked and untracked
# files, not the ignored ones), so that it changes nothing here and sees what a
# fresh clone would see. Every failed step names the command that repairs it.
set -euo pipefail

root=$(git rev-parse --show-toplevel)
# Always the same place: Go's and the linter's caches are keyed by path.
copy=$root/.cache/verify
failed=()

mkdir -p "$root/.cache"
if command -v flock >/dev/null; then
	exec 9>"$root/.cache/verify.lock"
	flock -n 9 || { echo "verify: another one is running" >&2; exit 1; }
fi

cd "$root"
rm -rf "$copy"
mkdir -p "$copy/bin"
# Files that git knows but that were deleted in the work tree are left out.
git ls-files -co --exclude-standard -z |
	while IFS= read -r -d '' file; do if [[ -e $file || -L $file ]]; then printf '%s\0' "$file"; fi; done |
	tar -cf - --null -T - | tar -xf - -C "$copy"
for tool in controller-gen golangci-lint kustomize; do
	ln -s "$root/bin/$tool" "$copy/bin/$tool"
done

cd "$copy"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
git init -q .
git add -A
baseline() { git -c user.name=verify -c user.email=verify@localhost commit -q --allow-empty -m baseline; }
baseline

# step NAME REPAIR COMMAND...: the command must succeed and leave the tree as it was.
step() {
	local name=$1 repair=$2 log start=$SECONDS
	shift 2
	log=$(mktemp)
	local ok=true
	"$@" >"$log" 2>&1 || ok=false
	local changed
	changed=$(git status --porcelain --untracked-files=all)
	if $ok && [[ -z $changed ]]; then
		printf 'verify: %-10s ok (%ds)\n' "$name" $((SECONDS - start))
	else
		printf 'verify: %-10s FAILED (%ds)\n' "$name" $((SECONDS - start))
		cat "$log"
		if [[ -n $changed ]]; then
			printf '%s\n' "$changed"
			git --no-pager diff | head -n 60
			git add -A
			baseline
		fi
		printf 'verify: to repair: %s\n' "$repair"
		failed+=("$name")
	fi
	rm -f "$log"
}

generate() { make --no-print-directory -o bin/controller-gen generate; }
manifests() { make --no-print-directory -o bin/controller-gen manifests; }

tidy() {
	local module diff bad=0
	while IFS= read -r module; do
		diff=$(go -C "$(dirname "$module")" mod tidy -diff 2>&1) && continue
		# What was downloaded to find out, and go.sum's side of it, say nothing.
		grep -v '^go: downloading' <<<"$diff" | sed '/^diff current\/go.sum/,$d' | head -n 40
		echo "$module is not tidy"
		bad=1
	done < <(git ls-files -- 'go.mod' '*/go.mod')
	return $bad
}

format() {
	local bad
	bad=$(git ls-files -- '*.go' | tr '\n' '\0' | xargs -0 gofmt -l)
	[[ -z $bad ]] || { echo "not formatted:"; echo "$bad"; return 1; }
}

# Every Go file starts with the licence's two lines.
header() {
	local file bad=0
	while IFS= read -r file; do
		head -n 2 "$file" | cmp -s - hack/boilerplate.go.txt || { echo "$file: no licence header"; bad=1; }
	done < <(git ls-files -- '*.go' ':!*/zz_generated*')
	return $bad
}

kustomize() {
	local dir
	for dir in config/default config/crd config/rbac config/manager; do
		bin/kustomize build "$dir" >/dev/null || return 1
	done
}

lint() { make --no-print-directory -o bin/golangci-lint lint; }

step generate "make generate" generate
step manifests "make manifests" manifests
step tidy "make tidy" tidy
step format "make fmt" format
step header "put hack/boilerplate.go.txt at the top of the file" header
step kustomize "correct the named file under config/" kustomize
step lint "make lint, and follow what it says" lint

if ((${#failed[@]})); then
	echo "verify: failed: ${failed[*]}"
	exit 1
fi
echo "verify: everything is in order"
