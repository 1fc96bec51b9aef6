# Disasters of the processes: stopped, short of descriptors, short of memory. Sourced by disasters.sh.

disasters+=(
  sender_stopped_for_a_minute receiver_stopped_for_a_minute
  sender_with_few_descriptors receiver_with_few_descriptors sender_with_no_descriptors receiver_with_no_descriptors
  sender_with_little_memory receiver_with_little_memory sender_with_little_address_space receiver_with_little_address_space
)

stopped() { # side
  what="kill -STOP of the $1 for ${STOP_SECONDS:-60} s, then CONT; goes on by itself"
  limit=$(((${STOP_SECONDS:-60} + 60) * 1000))
  start_both && moved $((size_mib / 8)) && kill -STOP "${!1}" || return
  sleep "${STOP_SECONDS:-60}"
  kill -CONT "${!1}"
  local began
  began=$(now_ms)
  goes_on || return
  local took=$(($(now_ms) - began))
  note="done $((took / 1000)).$((took % 1000 / 100)) s after CONT"
  [ "$took" -lt 20000 ] || fail "it took $took ms to go on"
}
disaster_sender_stopped_for_a_minute() { stopped sender; }
disaster_receiver_stopped_for_a_minute() { stopped receiver; }

# So few that files cannot be opened, and so few that not even the program can start.
descriptors() { # side, limit
  what="the $1 may have $2 open files (hard limit); then as many as usual"
  declare -n prefix="$1_prefix"
  prefix=(prlimit "--nofile=$2:$2")
  local options="$1_options"
  [ "$1" = sender ] && receiver_options+=(--wait 5 --patience 5) || sender_options+=(--wait 5 --patience 5)
  start_both && await_both || return
  [ "$1" = sender ] && local own=$sender_code || local own=$receiver_code
  if [ "$sender_code$receiver_code" = 00 ]; then is_same; note="enough"; return; fi
  [ "$own" -eq 7 ] || { fail "exit codes $sender_code/$receiver_code instead of 7 for the $1"; return; }
  says "$1" 'open files' || return
  prefix=()
  resume
}
disaster_sender_with_few_descriptors() { descriptors sender 64; }
disaster_receiver_with_few_descriptors() { descriptors receiver 64; }
disaster_sender_with_no_descriptors() { descriptors sender 16; }
disaster_receiver_with_no_descriptors() { descriptors receiver 16; }

# A control group of 256 MiB, page cache included; a file of 1 GiB.
memory() { # side
  needs_root || return
  what="a control group of 256 MiB for the $1, a file of 1 GiB"
  tree=$work/other/large
  mkdir -p "$work/other" && head -c 1073741824 /dev/urandom >"$tree"
  local group
  group=$(make_memory_group) || { skip "no control group of memory can be made"; return; }
  declare -n prefix="$1_prefix"
  prefix=(bash -c "echo \$\$ >$group/cgroup.procs && exec \"\$@\"" _)
  limit=120000
  start_both && goes_on
  local result=$?
  rmdir "$group" 2>/dev/null || true
  return $result
}
make_memory_group() {
  local group
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    group=/sys/fs/cgroup/pmesh-disasters.$$
    mkdir "$group" && echo 268435456 >"$group/memory.max" && echo 0 >"$group/memory.swap.max" || return
  else
    group=/sys/fs/cgroup/memory/pmesh-disasters.$$
    mkdir "$group" && echo 268435456 >"$group/memory.limit_in_bytes" || return
  fi 2>/dev/null
  echo "$group"
}
disaster_sender_with_little_memory() { memory sender; }
disaster_receiver_with_little_memory() { memory receiver; }

# Address space is not memory: Swift's and the allocator's reservations count as well.
address_space() { # side
  what="ulimit -v of 256 MiB for the $1, a file of 1 GiB; then none"
  tree=$work/other/large
  mkdir -p "$work/other" && head -c 1073741824 /dev/urandom >"$tree"
  declare -n prefix="$1_prefix"
  prefix=(prlimit "--as=$((256 * 1048576))")
  [ "$1" = sender ] && receiver_options+=(--wait 5 --patience 5) || sender_options+=(--wait 5 --patience 5)
  limit=120000
  start_both && await_both || return
  if [ "$sender_code$receiver_code" = 00 ]; then is_same; note="enough"; return; fi
  note="not enough"
  prefix=()
  resume
}
disaster_sender_with_little_address_space() { address_space sender; }
disaster_receiver_with_little_address_space() { address_space receiver; }
