# Disasters of the home and of the command line: unreadable, broken, twice at once. Sourced by disasters.sh.

disasters+=(
  home_without_permission key_without_permission key_damaged settings_broken destination_is_a_file
  two_receivers_at_once the_same_transfer_twice_at_once two_commands_in_a_new_home
)

disaster_home_without_permission() {
  what="chmod 0 of the receiver's home between two runs, and back"
  unprivileged || return
  start_both && hold && kill_both || return
  chmod 000 "$B" && chown root "$B"
  sender_options+=(--patience 5)
  start_both && end_with '4|30' 7 && says receiver "$B" || return
  chown 65534:65534 "$B" && chmod 700 "$B"
  resume && kept_something
}

disaster_key_without_permission() {
  what="the receiver's key readable by others, and back"
  start_both && hold && kill_both || return
  chmod 644 "$B/node.key"
  sender_options+=(--patience 5)
  start_both && end_with '4|30' 5 && says receiver 'chmod 600' || return
  chmod 600 "$B/node.key"
  resume && kept_something
}

disaster_key_damaged() {
  what="the receiver's key cut short, and restored"
  start_both && hold && kill_both || return
  cp -p "$B/node.key" "$B/node.key.kept" && truncate -s 7 "$B/node.key"
  sender_options+=(--patience 5)
  start_both && end_with '4|30' 5 && says receiver 'damaged' || return
  mv "$B/node.key.kept" "$B/node.key"
  resume && kept_something
}

disaster_settings_broken() {
  what="config.json cut short, then without it"
  start_both && hold && kill_both || return
  echo '{"name": "ben", "wait": ' >"$B/config.json"
  sender_options+=(--patience 5)
  start_both && end_with '4|30' 2 && says receiver 'config.json' || return
  rm "$B/config.json"
  resume && kept_something
}

disaster_destination_is_a_file() {
  what="the destination is a file, then a folder"
  echo text >"$out"
  start_both && end_with 7 7 && says receiver "$out" || return
  rm "$out"
  resume
}

# The command of one side ($1) once more while it works, with these words: it says who works on the transfer, and ends with 8.
second() { # side, words of the command
  local side=$1 first=${!1} code=0
  shift
  "$PMESH" "$@" --json >"$work/other.$side" 2>"$work/$side.errors" || code=$?
  if [ "$side" = sender ]; then codes="$code/-"; else codes="-/$code"; fi
  [ "$code" -eq 8 ] || { fail "the second $side ended with $code instead of 8"; return; }
  says "$side" "process $first (works on transfer|uses this code)" || return
  release
  goes_on
}

disaster_two_receivers_at_once() {
  what="the receiving command twice at once, in one home"
  start_both && hold || return
  second receiver receive --home "$B" --out "$out" --yes --peer "$receiver_peer"
}

disaster_the_same_transfer_twice_at_once() {
  what="the sending command twice at once, in one home, at two ports"
  start_both && hold || return
  second sender send "$tree" --home "$A" --listen "127.0.0.1:$(free_port)"
}

# Both make key and journal at the same moment: one of each comes of it.
disaster_two_commands_in_a_new_home() {
  what="eight commands at once make the same new home; it works"
  local number pids=
  for number in {1..8}; do
    "$PMESH" transfers list --home "$B" >/dev/null 2>>"$work/receiver.errors" &
    pids="$pids $!"
  done
  for number in $pids; do wait "$number" || { fail "one of them ended with $?: $(tail -n 1 "$work/receiver.errors")"; return; }; done
  start_both && goes_on
}
