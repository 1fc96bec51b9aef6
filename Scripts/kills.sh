#!/usr/bin/env bash
# Kills the receiver, the sender, and both with SIGKILL at random moments of a transfer, and runs the same two commands
# again until they are done. Each time the trees must be identical and the bytes sent twice stay under 64 MiB per kill.
#
# In every other case the survivor is stopped too (SIGTERM) before the two commands are run again; in the others only the
# killed one is started again and the survivor goes on by itself.
#
# SIZE_MIB (1024), RECEIVER_KILLS (10), SENDER_KILLS (10), BOTH_KILLS (5), PMESH (the program), SEED (of the moments).
set -euo pipefail
cd "$(dirname "$0")/.."
. Scripts/common.sh
find_pmesh

size_mib=${SIZE_MIB:-1024}
limit_mib=64
# No run may take longer, milliseconds.
patience=$((60000 + size_mib * 100))
[ -n "${SEED:-}" ] && RANDOM=$SEED

work=$(mktemp -d "${TMPDIR:-/tmp}/pmesh-kills.XXXXXX")
sender= receiver=
cleanup() {
  for process in $sender $receiver; do kill -9 "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
export XDG_RUNTIME_DIR="$work/run" PMESH_CODE
mkdir -m 700 "$work/run"

# One large file, eight middling ones, many small ones, an empty folder and a link: size_mib in all.
make_tree() {
  mkdir -p "$work/tree/small/deep" "$work/tree/empty"
  head -c $((size_mib * 786432)) /dev/urandom >"$work/tree/large"
  for number in 1 2 3 4 5 6 7 8; do head -c $((size_mib * 32768)) /dev/urandom >"$work/tree/middling$number"; done
  for number in {1..100}; do head -c $((RANDOM % 9000)) /dev/urandom >"$work/tree/small/deep/$number"; done
  ln -s small/deep/1 "$work/tree/link"
}

# Every run writes its events to a file of its own.
start_sender() {
  sender_runs=$((sender_runs + 1))
  "$PMESH" send "$work/tree" --home "$work/A" --listen "127.0.0.1:$port" --compress never --json \
    >"$work/sender.$sender_runs" 2>>"$work/errors" &
  sender=$!
}
start_receiver() {
  receiver_runs=$((receiver_runs + 1))
  "$PMESH" receive --home "$work/B" --out "$work/out" --yes --peer "127.0.0.1:$port" --json \
    >"$work/receiver.$receiver_runs" 2>>"$work/errors" &
  receiver=$!
}

prepare() {
  rm -rf "$work/A" "$work/B" "$work/out" "$work"/sender.* "$work"/receiver.* "$work/errors"
  sender_runs=0 receiver_runs=0
  PMESH_CODE=$("$PMESH" code)
  port=$(free_port)
}

# Bytes of chunk frames that one run of the sender put on the wire. The counter may begin anew where the run went on with
# a new session. Events come ten times a second: what a killed run sent after its last one is reckoned from its rate and
# the time until it was struck.
wire_of() { # file, killed
  local unseen=0
  [ "$2" = no ] || unseen=$(awk -v last="$(stat -c %.6Y "$1")" -v struck="$struck" 'BEGIN { print struck - last }')
  awk -v unseen="$unseen" '
    match($0, /"wireBytes":[0-9]+/) {
      wire = substr($0, RSTART + 12, RLENGTH - 12) + 0
      if (wire < last) sum += last
      last = wire
      rate = match($0, /"rate":[0-9.]+/) ? substr($0, RSTART + 7, RLENGTH - 7) + 0 : 0
    }
    END { printf "%d\n", sum + last + (unseen > 0 ? rate * unseen : 0) }' "$1"
}

# Waits for both sides; the exit codes are in sender_code and receiver_code.
await_both() {
  sender_code=0 receiver_code=0
  await "$receiver" "$patience" || receiver_code=$?
  local time=$patience
  [ "$receiver_code" -ne 0 ] || time=3000
  await "$sender" "$time" || sender_code=$?
  # A receiver that has signed is done and leaves. A sender that was killed before it heard of that, and came back, waits
  # for the other command to be run again for as long as its patience lasts: here that is done after three seconds.
  if [ "$receiver_code/$sender_code" = 0/124 ]; then
    start_receiver
    await "$receiver" "$patience" || receiver_code=$?
    sender_code=0
    await "$sender" "$patience" || sender_code=$?
  fi
  # Who hangs is ended here, so that the next case starts clean.
  kill -9 "$sender" "$receiver" 2>/dev/null || true
  wait "$sender" "$receiver" 2>/dev/null || true
  sender= receiver=
}

end_with() { # signal, pid
  kill "-$1" "$2" 2>/dev/null || true
  await "$2" "$patience" 2>/dev/null || true
}

# An undisturbed run: how long it takes and what it puts on the wire.
measure() {
  prepare
  local began
  began=$(now_ms)
  start_sender
  start_receiver
  await_both
  [ "$sender_code$receiver_code" = 00 ] || { cat "$work/errors" >&2; die "kills: an undisturbed transfer ended with exit codes $sender_code and $receiver_code"; }
  same_tree "$work/tree" "$work/out/tree" || die "kills: the trees of an undisturbed transfer differ"
  duration=$(($(now_ms) - began))
  wire=$(wire_of "$work/sender.1" no)
}

# Starts both sides and kills $1 (receiver, sender, both) after $2 milliseconds. Fails where a victim was done by then.
strike() {
  prepare
  start_sender
  start_receiver
  sleep "$(awk -v ms="$2" 'BEGIN { printf "%.3f", ms / 1000 }')"
  local victims
  case $1 in
    receiver) victims=$receiver ;;
    sender) victims=$sender ;;
    both) victims="$sender $receiver" ;;
  esac
  struck=${EPOCHREALTIME/,/.}
  # Waited for at once: the shell would tell of each death otherwise.
  { kill -9 $victims || return 1; wait $victims || true; } 2>/dev/null
}

# Runs what was killed again: with the survivor stopped too (yes), or going on by itself (no).
restart() { # victim, stop
  if [ "$2" = yes ]; then
    [ "$1" = receiver ] && end_with TERM "$sender"
    [ "$1" = sender ] && end_with TERM "$receiver"
    start_sender
    start_receiver
  else
    [ "$1" = receiver ] || start_sender
    [ "$1" = sender ] || start_receiver
  fi
}

# The same two commands again, until both ended well; three times at most.
finish() {
  local round
  for round in 1 2 3; do
    await_both
    [ "$sender_code$receiver_code" = 00 ] && return 0
    [ "$round" -lt 3 ] || return 1
    start_sender
    start_receiver
  done
}

failures=0 cases=0 worst=0
kill_case() { # victim
  local stop=no moment began twice sum=0 run verdict=ok
  cases=$((cases + 1))
  [ $((cases % 2)) -eq 0 ] || stop=yes
  [ "$1" = both ] && stop=both
  while :; do
    moment=$(((RANDOM * 32768 + RANDOM) % duration))
    strike "$1" "$moment" && break
    # Too late: a victim was done already. Another moment.
    await_both
  done
  began=$(now_ms)
  restart "$1" "$stop"
  finish || verdict="exit codes $sender_code $receiver_code"
  for ((run = 1; run <= sender_runs; run++)); do
    local killed=no
    [ "$run" -eq 1 ] && [ "$1" != receiver ] && killed=yes
    sum=$((sum + $(wire_of "$work/sender.$run" "$killed")))
  done
  twice=$(((sum - wire) / 1048576))
  [ "$twice" -ge 0 ] || twice=0
  [ "$twice" -le "$worst" ] || worst=$twice
  [ "$verdict" != ok ] || same_tree "$work/tree" "$work/out/tree" || verdict="trees differ"
  [ "$verdict" != ok ] || [ "$twice" -lt "$limit_mib" ] || verdict="sent too much twice"
  printf '%4d  %-8s  %8d  %-8s  %5d  %9d  %7d  %s\n' "$cases" "$1" "$moment" "$stop" \
    $((sender_runs > receiver_runs ? sender_runs : receiver_runs)) "$twice" $(($(now_ms) - began)) "$verdict"
  if [ "$verdict" != ok ]; then
    failures=$((failures + 1))
    sed 's/^/      /' "$work/errors" >&2
  fi
}

make_tree
measure
echo "undisturbed: $size_mib MiB in $duration ms, $((wire / 1048576)) MiB on the wire"
printf '%4s  %-8s  %8s  %-8s  %5s  %9s  %7s  %s\n' case killed "at ms" "stopped" runs "twice MiB" "then ms" verdict
for ((count = 0; count < ${RECEIVER_KILLS:-10}; count++)); do kill_case receiver; done
for ((count = 0; count < ${SENDER_KILLS:-10}; count++)); do kill_case sender; done
for ((count = 0; count < ${BOTH_KILLS:-5}; count++)); do kill_case both; done
echo "$((cases - failures)) of $cases kills ended with identical trees and less than $limit_mib MiB sent twice (most: $worst MiB)"
[ "$failures" -eq 0 ]
