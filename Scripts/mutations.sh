#!/usr/bin/env bash
# The check of the proof: deliberate defects, each of which the simulation or a test must catch.
#
# Every file of Scripts/mutations is one: a patch with two lines above it that say what the defect is, and what is expected
# to catch it: `simulate`, or `test` and a filter of tests. ONLY="name name" runs these alone, SEEDS says how many runs the
# simulation has at most. The sources are copied once to MUTATIONS_TREE (.build/mutations), with only the rooms that are
# needed, and built there; each defect is then one incremental build.
set -euo pipefail
cd "$(dirname "$0")/.."
. Scripts/common.sh

patches=$PWD/Scripts/mutations
tree=${MUTATIONS_TREE:-.build/mutations}
seeds=${SEEDS:-4000}
log=$(mktemp)
applied=
leave() {
  [ -z "$applied" ] || git -C "$tree" apply --reverse "$applied"
  rm -f "$log"
}
trap leave EXIT
trap 'exit 130' INT TERM

# A tree inside a repository would have git apply patches to that one.
export GIT_CEILING_DIRECTORIES
copy() {
  mkdir -p "$tree"
  tree=$(realpath "$tree")
  GIT_CEILING_DIRECTORIES=$(dirname "$tree")
  rm -rf "$tree/Sources" "$tree/Tests"
  # With their times, so that the next run builds only what changed.
  cp -pR Sources Tests "$tree"
  cp -p Scripts/mutations/Package.swift "$tree"
}

simulate() {
  swift build --package-path "$tree" --product pmesh-simulate &&
    timeout 600 "$tree/.build/debug/pmesh-simulate" --seeds "$seeds" --most 1
}

run_tests() {
  swift build --package-path "$tree" --build-tests &&
    timeout 300 swift test --package-path "$tree" --skip-build --disable-xctest --filter "$1"
}

# check KIND FILTER: runs what is to catch the defect, its words in $log.
check() {
  case $1 in
    simulate) simulate ;;
    test) run_tests "$2" ;;
    *) die "a patch is caught by 'simulate' or by 'test FILTER', not by '$1'" ;;
  esac >"$log" 2>&1
}

# What the check said of the defect, in one line. A build that failed proves nothing and has no such line.
word() {
  grep -m1 -oE 'seed [0-9]+, [0-9]+ steps: .*|Test .* recorded an issue.*|Fatal error: .*|Precondition failed: .*|.*exited with unexpected signal.*' "$log" |
    sed -E 's/; replay with .*//; s/(recorded an issue) (with .* )?at ([A-Za-z]+\.swift:[0-9]+).*/\3/' | cut -c1-110
}

# Whatever is to catch a defect must be content without it.
declare -A content=()
prove() {
  [ -z "${content[$*]:-}" ] || return 0
  check "$@" || { cat "$log" >&2; die "without any defect this failed: $*"; }
  content[$*]=1
}

copy
printf '%-38s %-26s %5s  %s\n' defect 'caught by' s 'what it said'
missed=0
ran=0
for patch in "$patches"/*.patch; do
  name=$(basename "$patch" .patch)
  case " ${ONLY:-$name} " in *" $name "*) ;; *) continue ;; esac
  ran=$((ran + 1))
  by=$(sed -n 's/^Caught by: //p' "$patch")
  prove $by
  if ! git -C "$tree" apply "$patch" 2>"$log"; then
    printf '%-38s %-26s %5s  %s\n' "$name" 'NO PATCH' - "$(head -n 1 "$log")"
    missed=$((missed + 1))
    continue
  fi
  applied=$patch
  start=$(now_ms)
  said=
  if ! check $by; then said=$(word || true); fi
  seconds=$((($(now_ms) - start) / 1000))
  git -C "$tree" apply --reverse "$patch"
  applied=
  if [ -z "$said" ]; then
    missed=$((missed + 1))
    said=$(grep -m1 'error:' "$log" || echo 'everything passed')
    by='NOT CAUGHT'
  fi
  printf '%-38s %-26s %5s  %s\n' "$name" "$by" "$seconds" "$said"
done
[ "$ran" -gt 0 ] || die "there is no defect named ${ONLY:-}: the names are those of the files in Scripts/mutations"
[ "$missed" -eq 0 ] || die "$missed defects were not caught: each is a missing test, or a patch that must follow its source"
