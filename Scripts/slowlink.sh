#!/usr/bin/env bash
# What compression is worth on a slow link, and what it costs where it cannot help: two network namespaces, joined by a
# pair of virtual interfaces whose both ends let RATE_MBIT through (a token bucket, with a queue of 20 ms behind it).
#
# 1. A source tree with --compress auto: at least 90 % of link x ratio, where the ratio is what `zlib -6` makes of the
#    same chunks.
# 2. Incompressible data with --compress auto: at least 97 % of --compress never, run in turn.
# 3. Heartbeats of lanes and messages of the control link beside 1 GiB at full speed on loopback: 99th percentile within 50 ms.
#
# Rates are those of whole commands, from their start to the end of both. RATE_MBIT (100), CORPUS (a source tree; the
# sources of this package's dependencies), CORPUS_MIB (1200: repeated until it has this size), NOISE_MIB (100), RUNS (2),
# PMESH, BENCH (the programs). Needs four times CORPUS_MIB below TMPDIR. Fails where a goal is missed.
set -euo pipefail
cd "$(dirname "$0")/.."
. Scripts/common.sh
find_pmesh
BENCH=${BENCH:-.build/release/pmesh-bench}
[ -x "$BENCH" ] || die "there is no $BENCH; build it with: swift build -c release --product pmesh-bench"
PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" -eq 0 ] || die "slowlink: network namespaces need root"
command -v tc >/dev/null || die "slowlink: ip and tc are needed; install iproute2"

rate=${RATE_MBIT:-100}
corpus=${CORPUS:-.build/checkouts}
[ -d "$corpus" ] || die "slowlink: there is no $corpus; name a source tree with CORPUS"
runs=${RUNS:-2}

work=$(mktemp -d "${TMPDIR:-/tmp}/pmesh-slowlink.XXXXXX")
near=pmesh-slow-$$-a far=pmesh-slow-$$-b
sender= receiver=
cleanup() {
  for process in $sender $receiver; do kill -9 "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  ip netns del "$near" 2>/dev/null || true
  ip netns del "$far" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

ip netns add "$near"
ip netns add "$far"
ip link add "slow$$a" netns "$near" type veth peer name "slow$$b" netns "$far"
shape() { # namespace, device, address
  ip -n "$1" addr add "$3/24" dev "$2"
  ip -n "$1" link set "$2" up
  tc -n "$1" qdisc add dev "$2" root tbf rate "${rate}mbit" burst 64kb latency 20ms
}
shape "$near" "slow$$a" 10.78.0.1
shape "$far" "slow$$b" 10.78.0.2

# One transfer over the slow link: source, mode. Leaves its time in `ms` and the sender's last event in `done`.
# Small files of earlier runs stay until the end: ext4 takes its time to make files where thousands were just deleted.
transfers=0
transfer() {
  transfers=$((transfers + 1))
  local out=$work/out.$transfers
  rm -rf "$work/A" "$work/B" "$work/near" "$work/far"
  mkdir -m 700 "$work/near" "$work/far"
  local began code=0
  PMESH_CODE=$("$PMESH" code)
  export PMESH_CODE
  began=$(now_ms)
  XDG_RUNTIME_DIR=$work/near ip netns exec "$near" "$PMESH" send "$1" --home "$work/A" --listen 10.78.0.1:47000 \
    --compress "$2" --json >"$work/sender" 2>"$work/errors" &
  sender=$!
  XDG_RUNTIME_DIR=$work/far ip netns exec "$far" "$PMESH" receive --home "$work/B" --out "$out" --yes \
    --peer 10.78.0.1:47000 --json >"$work/receiver" 2>>"$work/errors" &
  receiver=$!
  await "$receiver" 900000 || code=$?
  await "$sender" 10000 || code=$?
  ms=$(($(now_ms) - began))
  sender= receiver=
  [ "$code" -eq 0 ] || { cat "$work/errors" >&2; die "slowlink: a transfer failed"; }
  same_tree "$1" "$out/$(basename "$1")" || die "slowlink: what was received differs"
  done=$(grep '"event":"done"' "$work/sender")
}

calc() { awk "BEGIN { printf \"%.${2:-2}f\", ($1) }"; }
failed=
goal() { # what, share, goal
  local verdict=reached
  [ "$(calc "$2 >= $3" 0)" -eq 1 ] || { verdict=MISSED failed=yes; }
  echo "   $1: $(calc "$2 * 100" 1) % (goal: $(calc "$3 * 100" 0) %) $verdict"
}

mkdir "$work/tree"
size=0
for ((copy = 1; size < ${CORPUS_MIB:-1200}; copy++)); do
  mkdir "$work/tree/$copy"
  (cd "$corpus" && tar -c --exclude=.git .) | tar -x -C "$work/tree/$copy"
  size=$(($(du -s --apparent-size -B 1M "$work/tree" | cut -f1)))
done
# bytes, files, bytes after zlib -6
read -r bytes files packed < <("$BENCH" ratio "$work/tree")
ratio=$(calc "$bytes / $packed" 6)
link=$(calc "$rate * 125000" 0)
echo "1. Source tree: $files files, $((bytes / 1000000)) MB, zlib -6 makes $(calc "$ratio") : 1 of it; the link carries $(calc "$link / 1e6" 1) MB/s"
best=0
for ((run = 1; run <= runs; run++)); do
  transfer "$work/tree" auto
  wire=$(number wireBytes "$done")
  share=$(calc "$bytes / ($ms / 1000) / ($link * $ratio)" 4)
  echo "   $ms ms, $(calc "$bytes / $ms / 1000" 1) MB/s, $((wire / 1000000)) MB of chunk frames ($(calc "$bytes / $wire") : 1), $(calc "$share * 100" 1) % of link x ratio"
  best=$(calc "$share > $best ? $share : $best" 4)
done
goal "link x ratio, best of $runs" "$best" 0.90

echo "2. Incompressible: ${NOISE_MIB:-100} MiB, auto and never in turn"
mkdir "$work/noise"
head -c $((${NOISE_MIB:-100} * 1048576)) /dev/urandom >"$work/noise/noise"
auto_best=0 never_best=0
for ((run = 1; run <= runs; run++)); do
  for mode in never auto; do
    transfer "$work/noise" "$mode"
    speed=$(calc "${NOISE_MIB:-100} * 1048576 / $ms / 1000" 3)
    echo "   $mode: $ms ms, $speed MB/s"
    eval "${mode}_best=\$(calc \"$speed > \$${mode}_best ? $speed : \$${mode}_best\" 3)"
  done
done
goal "auto of never, best of $runs each" "$(calc "$auto_best / $never_best" 4)" 0.97

echo "3. Heartbeats and messages beside a transfer at full speed"
"$BENCH" echoes || failed=yes
[ -z "$failed" ]
