#!/usr/bin/env bash
# Two nodes on this machine: one sends a real folder, the other is killed half-way, resumes, and has it all.
set -euo pipefail
cd "$(dirname "$0")/.."
. Scripts/common.sh
find_pmesh

work=$(mktemp -d "${TMPDIR:-/tmp}/pmesh-quickstart.XXXXXX")
sender= receiver=
# Whatever happens, nothing is left running and nothing is left behind.
cleanup() {
  for process in $sender $receiver; do kill -9 "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

export XDG_RUNTIME_DIR="$work/run" PMESH_CODE
mkdir -m 700 "$work/run"
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || say() { printf '\n%s\n' "$*"; }

say "1. A folder to send: this checkout's sources and one generated file of ${SIZE_MIB:-200} MiB"
mkdir "$work/tree"
cp -a Package.swift README.md LICENSE Makefile Sources Tests Examples migrations Scripts "$work/tree/" 2>/dev/null || true
head -c "$((${SIZE_MIB:-200} * 1048576))" /dev/urandom >"$work/tree/generated.bin"
bytes=$(du -sb --apparent-size "$work/tree" | cut -f1)
printf '   %s files, %s MiB\n' "$(find "$work/tree" -type f | wc -l)" "$((bytes / 1048576))"

# One attempt: the receiver is killed as soon as it tells that a quarter is there. Fails where all was there by then: on a
# busy machine its words are read late.
attempt() {
  rm -rf "$work/A" "$work/B" "$work/out"
  PMESH_CODE=$("$PMESH" code)
  port=$(free_port)
  "$PMESH" send "$work/tree" --home "$work/A" --name ada --listen "127.0.0.1:$port" --quiet &
  sender=$!
  exec 4< <(exec "$PMESH" receive --home "$work/B" --name ben --out "$work/out" --yes --json --peer "127.0.0.1:$port")
  receiver=$!
  while read -r line <&4; do
    case $line in
      *'"event":"done"'* | *'"event":"error"'*) break ;;
      *'"event":"progress"'*)
        killed_at=$(number bytes "$line")
        if [ "$killed_at" -ge $((bytes / 4)) ]; then
          kill -9 "$receiver"
          wait "$receiver" 2>/dev/null || true
          receiver=
          exec 4<&-
          [ -z "$(find "$work/out" -name '.pmesh-*' -print -quit)" ] || return 0
          kill -9 "$sender" 2>/dev/null || true
          wait "$sender" 2>/dev/null || true
          return 1
        fi
        ;;
    esac
  done
  exec 4<&-
  wait "$receiver" || true
  await "$sender" 5000 || kill -9 "$sender" 2>/dev/null || true
  return 1
}

# It takes twice as long.
twice_as_much() {
  cat "$work/tree/generated.bin" >"$work/more"
  cat "$work/more" >>"$work/tree/generated.bin"
  rm "$work/more"
  bytes=$(du -sb --apparent-size "$work/tree" | cut -f1)
}

say "2. ada sends, ben receives, and ben is killed with SIGKILL in the middle"
echo "   pmesh send tree --home A --listen 127.0.0.1:PORT       (PMESH_CODE set on both sides)"
echo "   pmesh receive --home B --out out --yes --peer 127.0.0.1:PORT"
killed= line=
for try in 1 2 3 4; do
  [ "$try" -eq 1 ] || twice_as_much
  if attempt; then killed=yes; break; fi
  case ${line:-} in *'"event":"error"'*) die "quickstart: the transfer failed: $line" ;; esac
done
[ -n "$killed" ] || die "quickstart: the transfer was always done before it could be killed; repeat it with a larger SIZE_MIB"
whole=$(find "$work/out" -type f ! -name '.pmesh-*' | wc -l)
echo "   killed when $((killed_at / 1048576)) MiB were there: $whole files are whole and have their names, the others wait as hidden parts"

say "3. ben resumes; ada, who is still waiting, goes on by herself"
echo "   pmesh resume --home B"
began=$(now_ms)
"$PMESH" resume --home "$work/B" --name ben --peer "127.0.0.1:$port"
code=0
wait "$sender" || code=$?
sender=
[ "$code" -eq 0 ] || die "quickstart: the sender ended with exit code $code"
echo "   $(($(now_ms) - began)) ms from the command to verified on both sides"

say "4. Both trees are compared: bytes, modes, times, links"
same_tree "$work/tree" "$work/out/tree" || die "quickstart: the trees differ"
echo "   identical"

say "5. ada's history"
"$PMESH" history --home "$work/A"
say "6. ben's history"
"$PMESH" history --home "$work/B"

say "That is all, and nothing of it stays on this machine"
echo "   Between two machines: pmesh send PATH on one, pmesh receive on the other. README.md goes on from here."
