#!/usr/bin/env bash
# Fuzzes every decoder that a peer or the disk can reach with libFuzzer and the address sanitizer.
#
#   SECONDS_EACH=5      how long each is fuzzed
#   DECODERS="a b"      which ones; all without it
#   SEED=1              of the mutations
#   JOBS=2              how many at a time; as many as there are processors without it
#   CORPUS=DIR          keeps what was found to reach new code, a folder per decoder; without it, nothing is kept
#
# An input that breaks a promise, ends the process, takes 60 s or 2 GiB (most of it the sanitizer's), or leaks stops that
# decoder's run and is kept in .fuzz-findings/: its bytes belong, with a name that says what it found, into Tests/MeshFuzz/Findings/DECODER/.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-5}
export PMESH_FUZZ=1
build=(--scratch-path .build-fuzz -c release --product pmesh-fuzz --sanitize=fuzzer -Xswiftc -sanitize=fuzzer,address)
swift build "${build[@]}"
fuzzer="$(swift build "${build[@]}" --show-bin-path)/pmesh-fuzz"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# The fuzzer sees every trap itself; the runtime's own report would only hold it up.
export TMPDIR="$scratch" SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=abort_on_error=0:allocator_may_return_null=0
# Asked for none, it names them all, and fails.
decoders=${DECODERS:-$({ PMESH_DECODER=? "$fuzzer" 2>&1 || true; } | sed -n 's/.*must be one of: //p')}
[ -n "$decoders" ] || { echo "fuzz: $fuzzer names no decoder" >&2; exit 1; }

findings=$PWD/.fuzz-findings
fuzz() {
  local decoder=$1 corpus=${CORPUS:-$scratch/corpus}/$1 log=$scratch/$1.log start=$SECONDS
  mkdir -p "$corpus" "$findings/$decoder"
  PMESH_DECODER=$decoder PMESH_SEEDS=$corpus nice "$fuzzer" "$corpus" -max_total_time="$seconds" -max_len=8192 -seed="${SEED:-1}" \
    -timeout=60 -rss_limit_mb=2048 -artifact_prefix="$findings/$decoder/" >"$log" 2>&1 </dev/null || touch "$scratch/$decoder.failed"
  # Of the last line that has them: `#123 DONE cov: 45 ft: 67 corp: …`.
  local runs coverage features
  read -r runs coverage features < <(sed -nE 's/^#([0-9]+).*cov: ([0-9]+) ft: ([0-9]+).*/\1 \2 \3/p' "$log" | tail -n 1) || true
  printf '%-20s %12s %8s %7s %7s\n' "$decoder" "${runs:-0}" "$((SECONDS - start))" "${coverage:-0}" "${features:-0}"
  if [ -e "$scratch/$decoder.failed" ]; then grep -avE '^#|^INFO' "$log" | cut -c1-300 | tail -n 40 >&2; fi
}

printf '%-20s %12s %8s %7s %7s\n' decoder executions seconds cov ft
running=0
for decoder in $decoders; do
  if [ "$running" -ge "${JOBS:-$(nproc)}" ]; then
    wait -n
    running=$((running - 1))
  fi
  fuzz "$decoder" &
  running=$((running + 1))
done
wait
find "$findings" -type d -empty -delete
shopt -s nullglob
failed=("$scratch"/*.failed)
if [ ${#failed[@]} -gt 0 ]; then
  echo "fuzz: findings in ${#failed[@]} decoders; the inputs are in .fuzz-findings/" >&2
  exit 1
fi
echo "fuzz: nothing found"
