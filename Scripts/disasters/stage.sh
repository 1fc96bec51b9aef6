# What every disaster uses: a stage with a tree, two homes and a destination; the two commands, moments at which something
# is done to them, what is expected of them, and the table. Sourced by disasters.sh.

# Names of all disasters, in the order of the table.
disasters=()
failures=0 done_well=0 skipped=0

set_up() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/pmesh-disasters.XXXXXX")
  chmod 711 "$work"
  size_mib=${SIZE_MIB:-256}
  exec {pause_fd}<> <(:)
  trap tear_down EXIT
  trap 'exit 130' INT TERM
  export XDG_RUNTIME_DIR="$work/run" PMESH_CODE
  mkdir -m 777 "$work/run"
  make_tree "$work/usual" "$size_mib"
}

tear_down() {
  end_processes
  clear_stage
  rm -rf "$work"
}

# Eight middling files, many small ones, then a large one, an empty folder and a link: $2 MiB in all. Once the large one is
# half there, the others have their names.
make_tree() { # folder, MiB
  mkdir -p "$1/small/deep" "$1/empty"
  local number
  head -c $(($2 * 786432)) /dev/urandom >"$1/vast"
  for number in 1 2 3 4 5 6 7 8; do head -c $(($2 * 32768)) /dev/urandom >"$1/middling$number"; done
  for number in {1..100}; do head -c $((RANDOM % 9000)) /dev/urandom >"$1/small/deep/$number"; done
  ln -s small/deep/1 "$1/link"
}

# $2 different files of 1 to 8 KiB, in folders of 500.
make_small_files() { # folder, count
  local number
  for ((number = 0; number * 500 < $2; number++)); do mkdir -p "$1/$number"; done
  od -An -v -tx1 -N 4096 /dev/urandom | tr -d ' \n' | awk -v folder="$1" -v count="$2" '
    { for (i = 0; i < count; i++) {
        file = sprintf("%s/%d/%d", folder, i / 500, i)
        printf "%d\n%s", i, substr($0, 1, 1000 + i * 37 % 7000) >file
        close(file)
      } }'
}

# A clean stage: the usual tree, no homes, no destination, another code.
reset_stage() {
  sender_prefix=() receiver_prefix=() sender_options=(--compress never) receiver_options=()
  tree=$work/usual out=$work/out A=$work/A B=$work/B
  sender_runs=0 receiver_runs=0 sender= receiver= others= mounts=() loops=() spaces=()
  own_folders=yes
  peak_sender=0 peak_receiver=0 codes= sentence= resumed=- note=
  limit=60000
  PMESH_CODE=$("$PMESH" code)
  port=$(free_port)
  sender_listen=127.0.0.1:$port receiver_peer=127.0.0.1:$port
}

end_processes() {
  local process
  for process in ${sender:-} ${receiver:-} ${others:-}; do
    { kill -CONT "$process"; kill -9 "$process"; wait "$process"; } 2>/dev/null || true
  done
  sender= receiver= others=
}

clear_stage() {
  local index
  for ((index = ${#mounts[@]} - 1; index >= 0; index--)); do umount -l "${mounts[index]}" 2>/dev/null || true; done
  for index in "${loops[@]:-}"; do [ -z "$index" ] || losetup -d "$index" 2>/dev/null || true; done
  for index in "${spaces[@]:-}"; do [ -z "$index" ] || ip netns del "$index" 2>/dev/null || true; done
  mounts=() loops=() spaces=()
  chmod -R u+rwX "$work"/[A-Z]* "$work/out"* 2>/dev/null || true
  rm -rf "$work"/[A-Z]* "$work"/out* "$work"/other* "$work"/sender.* "$work"/receiver.* "$work"/disk*
}

# MARK: the two commands

start_sender() {
  sender_runs=$((sender_runs + 1))
  "${sender_prefix[@]}" "$PMESH" send "$tree" --home "$A" --listen "$sender_listen" --json "${sender_options[@]}" \
    >"$work/sender.$sender_runs" 2>"$work/sender.errors" &
  sender=$!
}
start_receiver() {
  receiver_runs=$((receiver_runs + 1))
  "${receiver_prefix[@]}" "$PMESH" receive --home "$B" --out "$out" --yes --peer "$receiver_peer" --json \
    "${receiver_options[@]}" >"$work/receiver.$receiver_runs" 2>"$work/receiver.errors" &
  receiver=$!
}
start_both() { start_sender && start_receiver; }

pause() { read -rt "$1" -u "$pause_fd" || true; }

is_running() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }

# Remembers the most memory that each side had so far.
look_at_memory() {
  local peak
  peak=$(peak_of "${sender:-}") && [ "$peak" -gt "$peak_sender" ] && peak_sender=$peak
  peak=$(peak_of "${receiver:-}") && [ "$peak" -gt "$peak_receiver" ] && peak_receiver=$peak
  return 0
}
peak_of() { # pid; KiB
  [ -n "$1" ] || return 1
  local key value rest
  { while read -r key value rest; do [ "$key" != VmHWM: ] || { echo "$value"; return 0; }; done <"/proc/$1/status"; } 2>/dev/null
  return 1
}

# Bytes that the receiver has, by its last event.
received() {
  local bytes
  bytes=$(number bytes "$(grep '"progress"' "$work/receiver.$receiver_runs" 2>/dev/null | tail -n 1)")
  echo "${bytes:-0}"
}

# Waits until the receiver has more than $1 MiB. Fails where a side ended before.
moved() { # MiB
  local until=$(($(now_ms) + limit))
  while [ "$(received)" -le $(($1 * 1048576)) ]; do
    look_at_memory
    is_running "$sender" && is_running "$receiver" || { fail "it was over before it could be disturbed"; return 1; }
    [ "$(now_ms)" -lt "$until" ] || { fail "nothing moved for $limit ms"; return 1; }
    pause 0.02
  done
}

# Stops the sender in the middle, so that what is done next is sure to be done in the middle.
hold() { # MiB
  moved "${1:-$((size_mib / 2))}" || return
  kill -STOP "$sender" 2>/dev/null || { fail "it was over before it could be disturbed"; return; }
  pause 0.3
}
release() { kill -CONT "$sender"; }

# An event of this name came from this side: sender or receiver.
told() { # side, event
  local runs=${1}_runs until=$(($(now_ms) + limit))
  until grep -q "\"event\":\"$2\"" "$work/$1.${!runs}" 2>/dev/null; do
    [ "$(now_ms)" -lt "$until" ] || { fail "the $1 told of no $2"; return 1; }
    is_running "${!1}" || { grep -q "\"event\":\"$2\"" "$work/$1.${!runs}" || { fail "the $1 ended without $2"; return 1; }; }
    pause 0.02
  done
}

strike() { # signal, pid...: and waits for them
  local signal=$1
  shift
  { kill "-$signal" "$@"; wait "$@"; } 2>/dev/null || true
}

# Both dead in the middle, as after a power cut.
kill_both() { strike 9 "$sender" "$receiver"; sender= receiver=; }

# Waits for both sides, at most $limit ms; who hangs is ended.
await_both() {
  local until=$(($(now_ms) + limit))
  while is_running "$sender" || is_running "$receiver"; do
    look_at_memory
    if [ "$(now_ms)" -ge "$until" ]; then
      is_running "$sender" && fail "the sender did not end within $limit ms"
      is_running "$receiver" && fail "the receiver did not end within $limit ms"
      { kill -CONT $sender $receiver; kill -9 $sender $receiver; } 2>/dev/null || true
      break
    fi
    pause 0.03
  done
  sender_code=0 receiver_code=0
  { wait "$sender" || sender_code=$?; wait "$receiver" || receiver_code=$?; } 2>/dev/null
  codes="${codes:+$codes, }$sender_code/$receiver_code"
  sender= receiver=
}

# MARK: what is expected

fail() { verdict=${verdict:-$*}; return 1; }

# Both end with these codes; several that are right are separated by |.
end_with() { # sender's, receiver's
  await_both
  [[ $sender_code =~ ^($1)$ && $receiver_code =~ ^($2)$ ]] || fail "exit codes $sender_code/$receiver_code instead of $1/$2"
}

# One sentence on standard error, which matches; it goes into the table.
says() { # side, extended regular expression
  local words
  words=$(grep '^pmesh: ' "$work/$1.errors" | sed 's/^pmesh: //' || true)
  [ -n "$words" ] && sentence=${sentence:-$words}
  [ "$(grep -c . <<<"$words")" -eq 1 ] || { fail "the $1 said not one sentence but: $(tr '\n' ' ' <"$work/$1.errors")"; return 1; }
  grep -Eqi -- "$2" <<<"$words" || fail "the $1 said: $words"
}

# What a transfer does not know for its own folders, as a journal was lost, keeps its mode and time.
same_as_sent() {
  [ "$own_folders" = no ] || { same_tree "$1" "$2"; return; }
  diff -r --no-dereference "$1" "$2" >/dev/null &&
    diff <(listing "$1" | grep -v $'\td\t') <(listing "$2" | grep -v $'\td\t') >/dev/null
}

# The trees are the same, and nothing else stands in the destination.
is_same() {
  same_as_sent "$tree" "$out/$(basename "$tree")" || { resumed=no; fail "trees differ"; return 1; }
  [ "$(ls -A "$out" | grep -vFx lost+found | wc -l)" -eq 1 ] || { resumed=no; fail "litter: $(ls -A "$out" | head -n 5 | tr '\n' ' ')"; return 1; }
  resumed=yes
}

# The same two commands once more, to the end.
resume() { start_both && end_with 0 0 && is_same; }
# What goes on by itself.
goes_on() { end_with 0 0 && is_same; }
# Bytes were there before this command: it did not begin anew.
kept_something() {
  [ "$(number chunksResumed "$(grep '"done"' "$work/receiver.$receiver_runs")")" -gt 0 ] || fail "nothing of the first run was kept"
}

# MARK: what disasters are made of

needs_root() { [ "$(id -u)" -eq 0 ] || skip "needs root"; }
needs() { command -v "$1" >/dev/null || skip "needs the program $1"; }
skip() { skipped_for=$1; return 1; }

# A file system of $2 MiB at $1: tmpfs or ext4.
mount_small() { # folder, MiB, kind
  needs_root || return
  mkdir -p "$1"
  if [ "$3" = tmpfs ]; then
    mount -t tmpfs -o "size=${2}m" none "$1" || { skip "no tmpfs can be mounted"; return; }
  else
    needs mkfs.ext4 || return
    truncate -s "${2}M" "$work/disk.$(basename "$1")"
    mkfs.ext4 -q -m 0 "$work/disk.$(basename "$1")"
    mount -o loop,errors=remount-ro "$work/disk.$(basename "$1")" "$1" || { skip "no file can be mounted"; return; }
  fi
  mounts+=("$1")
}
fill() { dd if=/dev/zero of="$1/filler" bs=64k 2>/dev/null || true; head -c 1048576 /dev/zero 2>/dev/null >>"$1/filler" || true; }

# Without root's rights: words before the command.
unprivileged() {
  [ "$(id -u)" -eq 0 ] || return 0
  needs setpriv || return
  mkdir -p "$A" "$B" "$out"
  chown -R 65534:65534 "$A" "$B" "$out"
  sender_prefix=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  receiver_prefix=("${sender_prefix[@]}")
}

# MARK: the table

print_head() {
  echo "| disaster | what was done | exit codes, sender/receiver | sentence | resumed, identical | s | peak MiB, sender/receiver | verdict |"
  echo "|---|---|---|---|---|--:|--:|---|"
}

run_disaster() { # name
  reset_stage
  local began title
  what= verdict= skipped_for=
  began=$(now_ms)
  "disaster_$1" || [ -n "$verdict$skipped_for" ] || verdict="failed for no stated reason"
  local took=$(($(now_ms) - began))
  if [ -n "$skipped_for" ]; then
    skipped=$((skipped + 1))
    verdict="skipped: $skipped_for"
  elif [ -z "$verdict" ]; then
    done_well=$((done_well + 1))
    verdict=ok
  else
    failures=$((failures + 1))
    verdict="**FAILED: $verdict**"
  fi
  title=${1//_/ }
  printf '| %s | %s | %s | %s | %s | %d.%01d | %d/%d | %s |\n' "$title" "$what" "${codes:--}" \
    "$(sed "s#$work/##g; s/|/\\\\|/g" <<<"${sentence:--}")" "$resumed" $((took / 1000)) $((took % 1000 / 100)) \
    $((peak_sender / 1024)) $((peak_receiver / 1024)) "$(sed "s#$work/##g" <<<"$verdict")${note:+ ($note)}"
  end_processes
  clear_stage
}

print_end() { echo; echo "$done_well disasters survived, $failures not, $skipped skipped"; }
