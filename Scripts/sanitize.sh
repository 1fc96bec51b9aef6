#!/usr/bin/env bash
# The whole test suite under a sanitizer: `sanitize.sh address` or `sanitize.sh thread`. The programs that the end-to-end tests
# start are sanitized too. A report of any of these processes, also of one that was killed later, fails the run.
#
#   FILTER=MeshWireTests   tests whose names match this alone
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:?address or thread}
case $kind in
  address) scratch_path=.build-asan ;;
  thread) scratch_path=.build-tsan ;;
  *) echo "sanitize: $kind is neither address nor thread" >&2; exit 2 ;;
esac
build=(--sanitize="$kind" --scratch-path "$scratch_path")
swift build --build-tests "${build[@]}"

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
chmod 777 "$reports"  # some tests give up being root
common="log_path=$reports/report:exitcode=99"
# Leaks are not looked for: a program that has ended calls exit() while its event loops and pool threads still hold what they
# work with, and Swift keeps references in the spare bits of enums, where the leak sanitizer does not see them. Tried, it
# reported that alone: 110 processes, all at their exit.
export ASAN_OPTIONS="$common:detect_leaks=0:detect_stack_use_after_return=1"
export TSAN_OPTIONS="$common:suppressions=$PWD/Scripts/tsan.suppressions:second_deadlock_stack=1"
# Everything takes several times as long; deadlines are for what hangs.
export PMESH_TEST_PATIENCE=8 SWIFT_BACKTRACE=enable=no

status=0
swift test --skip-build "${build[@]}" --no-parallel --disable-xctest ${FILTER:+--filter "$FILTER"} || status=$?
shopt -s nullglob
found=("$reports"/report*)
for report in "${found[@]}"; do
  echo "--- $(basename "$report")" >&2
  head -n 80 "$report" >&2
done
[ ${#found[@]} -eq 0 ] || { echo "sanitize: ${#found[@]} processes reported" >&2; exit 1; }
[ "$status" -eq 0 ] && echo "sanitize: no report of the $kind sanitizer"
exit "$status"
