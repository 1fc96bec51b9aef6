# Disasters of the clocks: set back, set far forward, between runs and during them. Sourced by disasters.sh.
# Only the process's wall clock is set: see clock.c.

disasters+=(
  receivers_clock_set_back_between_runs receivers_clock_set_forward_between_runs
  senders_clock_set_back_between_runs senders_clock_set_forward_between_runs
  clock_of_1970 clocks_jump_while_it_runs
)

# Words before a command, in `clock`; and what its clock is wrong by.
with_clock() { # seconds
  needs clang || return
  [ -f "$work/clock.so" ] || clang -O1 -shared -fPIC -o "$work/clock.so" Scripts/disasters/clock.c || { skip "clang cannot compile clock.c"; return; }
  printf '%-32s' "$1" >"$work/clock"
  clock=(env "LD_PRELOAD=$work/clock.so" "WALL_CLOCK=$work/clock")
}
set_clock() { printf '%-32s' "$1" | dd of="$work/clock" conv=notrunc 2>/dev/null; } # seconds

between_runs() { # side, seconds, words
  what="the $1's clock set $3 between two runs, and right again"
  with_clock "$2" || return
  start_both && hold && kill_both || return
  declare -n prefix="$1_prefix"
  prefix=("${clock[@]}")
  resume && kept_something || return
  # What is in the journal now was written at another time than it is.
  prefix=()
  resume
}
disaster_receivers_clock_set_back_between_runs() { between_runs receiver $((-400 * 86400)) "back by 400 days"; }
disaster_receivers_clock_set_forward_between_runs() { between_runs receiver $((20 * 365 * 86400)) "forward by 20 years"; }
disaster_senders_clock_set_back_between_runs() { between_runs sender $((-400 * 86400)) "back by 400 days"; }
disaster_senders_clock_set_forward_between_runs() { between_runs sender $((20 * 365 * 86400)) "forward by 20 years"; }

# A certificate from the future: the code's authority has dates from 2020 to 2099.
disaster_clock_of_1970() {
  what="the receiver's clock stands at 1970, as on a board without a battery; set right"
  with_clock "-$(date +%s)" || return
  receiver_prefix=("${clock[@]}")
  receiver_options+=(--wait 5 --patience 5) sender_options+=(--wait 8 --patience 8)
  start_both && await_both || return
  if [ "$sender_code$receiver_code" = 00 ]; then is_same; return; fi
  [[ "$receiver_code" =~ ^(4|5)$ ]] || { fail "exit codes $sender_code/$receiver_code instead of 4 or 5"; return; }
  says receiver 'clock|date' || return
  receiver_prefix=()
  resume
}

disaster_clocks_jump_while_it_runs() {
  what="both clocks jump while it runs: 3 days back, 10 years forward, and home"
  with_clock 0 || return
  sender_prefix=("${clock[@]}") receiver_prefix=("${clock[@]}")
  start_both || return
  local jump at=1
  for jump in $((-3 * 86400)) $((10 * 365 * 86400)) 0; do
    hold $((size_mib * at / 8)) || return
    set_clock "$jump"
    release
    at=$((at + 2))
  done
  goes_on
}
