# Disasters of the journals: full, gone, cut short, overwritten, newer, locked. Sourced by disasters.sh.

disasters+=(
  receivers_journal_on_a_full_disk senders_journal_on_a_full_disk
  receivers_journal_deleted senders_journal_deleted receivers_journal_deleted_while_it_runs
  journal_cut_to_nothing journal_cut_in_a_page journal_cut_in_half journal_without_its_last_page
  garbage_in_the_journals_head garbage_in_the_receivers_journal garbage_in_the_senders_journal
  receivers_wal_deleted senders_wal_deleted garbage_in_the_wal
  journal_of_a_newer_version journal_of_another_program
  journal_without_permission journal_on_a_read_only_disk
  receivers_journal_locked senders_journal_locked journal_locked_exclusively
)

# The home of one side on a small file system that is full from the middle on. Many small files make the journal grow.
journal_on_a_full_disk() { # side, home
  what="the $1's home is on a tmpfs that is full from the middle on; space made"
  tree=$work/other
  make_small_files "$tree" 20000
  mount_small "$2" 24 tmpfs || return
  start_both && hold 8 || return
  fill "$2"
  release
  end_with 7 7 && says "$1" 'no space left for the journal' || return
  # As long as it is full the command says so again, and spoils nothing.
  sender_options+=(--patience 5) receiver_options+=(--wait 5 --patience 5)
  start_both && end_with '7|4|30' '7|4|30' || return
  rm "$2/filler"
  resume
}
disaster_receivers_journal_on_a_full_disk() { journal_on_a_full_disk receiver "$B"; }
disaster_senders_journal_on_a_full_disk() { journal_on_a_full_disk sender "$A"; }

delete_journal() { # home
  rm -f "$1"/journal.sqlite*
  own_folders=no
}

# What a transfer of a lost journal left is its own until somebody removes it. The folder's time is not to tell of that.
remove_parts() {
  local time
  time=$(stat -c %y "$out/usual")
  find "$out" -name '.pmesh-*.part' -delete
  touch -d "$time" "$out/usual"
}

# Without its journal the receiver knows nothing: what stands there already is recognised by its bytes.
disaster_receivers_journal_deleted() {
  what="both killed, the receiver's journal deleted"
  start_both && hold && kill_both || return
  delete_journal "$B"
  resume
}

# A sender without its journal begins another transfer, which the code's pair does not admit.
disaster_senders_journal_deleted() {
  what="both killed, the sender's journal deleted; then a new code"
  start_both && hold && kill_both || return
  delete_journal "$A"
  start_both && end_with 5 5 && says receiver 'new code' || return
  local old
  old=$(ls -A "$out/usual" | grep -c '^\.pmesh-' || true)
  PMESH_CODE=$("$PMESH" code)
  start_both && end_with 0 0 || return
  remove_parts
  is_same && note="parts of the first transfer left: $old"
}

disaster_receivers_journal_deleted_while_it_runs() {
  what="the receiver's journal deleted while it runs"
  start_both && hold || return
  delete_journal "$B"
  release
  end_with '0|7' '0|1|7' || return
  [ "$receiver_code" -eq 0 ] || says receiver 'journal' || return
  # A sender that has the receipt is done, whatever the receiver can still note of it.
  if [ "$sender_code" -eq 0 ]; then is_same; else resume; fi
}

# Both killed, the receiver's journal cut to what $1 makes of its size, its log folded in before or not.
cut_journal() { # new size in terms of size
  needs sqlite3 || return
  start_both && hold && kill_both || return
  local file=$B/journal.sqlite size
  sqlite3 "$file" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null || return
  size=$(stat -c %s "$file")
  truncate -s "$(($1))" "$file"
  mend_or_go_on
}

# Either the journal is as good as new or old, and the same commands finish; or it is said to be damaged, is moved away as
# the sentence says, and they finish then.
mend_or_go_on() {
  sender_options+=(--patience 5)
  own_folders=no
  start_both && end_with '0|4|7|30' '0|1' || return
  [ "$receiver_code" -ne 0 ] || { is_same; return; }
  says receiver 'journal.*(damaged|is not a journal)' || return
  delete_journal "$B"
  resume
}

disaster_journal_cut_to_nothing() { what="the receiver's journal cut to 0 bytes"; cut_journal 0; }
disaster_journal_cut_in_a_page() { what="the receiver's journal cut to 1,000 bytes; moved away"; cut_journal 1000; }
disaster_journal_cut_in_half() { what="the receiver's journal cut to half of its pages; moved away"; cut_journal 'size / 8192 * 4096'; }
disaster_journal_without_its_last_page() { what="the receiver's journal without its last page; moved away"; cut_journal 'size - 4096'; }

# $3 random bytes at $2 of a file.
garbage() { head -c "$3" /dev/urandom | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null; }

disaster_garbage_in_the_journals_head() {
  what="100 random bytes at the start of the receiver's journal; moved away"
  needs sqlite3 || return
  start_both && hold && kill_both || return
  sqlite3 "$B/journal.sqlite" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null || return
  garbage "$B/journal.sqlite" 0 100
  mend_or_go_on
}

garbage_in_the_journal() { # home, side
  needs sqlite3 || return
  start_both && hold && kill_both || return
  local file=$1/journal.sqlite size
  sqlite3 "$file" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null || return
  size=$(stat -c %s "$file")
  # Over the last three quarters: the tables' rows.
  garbage "$file" $((size / 4 / 4096 * 4096)) $((size * 3 / 4))
  sender_options+=(--patience 5) receiver_options+=(--wait 5 --patience 5)
  own_folders=no
  start_both && end_with '0|1|4|7|30' '0|1|4|7|30' || return
  if [ "$receiver_code$sender_code" = 00 ]; then is_same; return; fi
  says "$2" 'journal .* damaged' || return
  if [ "$2" = sender ]; then PMESH_CODE=$("$PMESH" code); fi
  delete_journal "$1"
  start_both && end_with 0 0 || return
  remove_parts
  is_same
}
disaster_garbage_in_the_receivers_journal() {
  what="random bytes over three quarters of the receiver's journal; moved away"
  garbage_in_the_journal "$B" receiver
}
disaster_garbage_in_the_senders_journal() {
  what="random bytes over three quarters of the sender's journal; moved away, a new code"
  garbage_in_the_journal "$A" sender
}

disaster_receivers_wal_deleted() {
  what="both killed, the write-ahead log of the receiver's journal deleted"
  start_both && hold && kill_both || return
  rm -f "$B/journal.sqlite-wal"
  own_folders=no
  resume
}

# What it knew of the code may be gone with it: then a new code is asked for.
disaster_senders_wal_deleted() {
  what="both killed, the write-ahead log of the sender's journal deleted"
  start_both && hold && kill_both || return
  rm -f "$A/journal.sqlite-wal"
  own_folders=no
  start_both && end_with '0|5' '0|5' || return
  if [ "$receiver_code" -eq 0 ]; then is_same; return; fi
  says receiver 'new code' || return
  PMESH_CODE=$("$PMESH" code)
  start_both && end_with 0 0 || return
  remove_parts
  is_same
}

disaster_garbage_in_the_wal() {
  what="4 KiB of random bytes in the middle of the receiver's write-ahead log"
  start_both && hold && kill_both || return
  local wal=$B/journal.sqlite-wal
  [ -s "$wal" ] || { fail "there is no log"; return; }
  garbage "$wal" $(($(stat -c %s "$wal") / 2)) 4096
  mend_or_go_on
}

# Both killed; then $1 is done to the receiver's journal, and $3 takes it back.
spoil_journal() { # statement, words of the sentence, statement
  needs sqlite3 || return
  start_both && hold && kill_both || return
  sqlite3 "$B/journal.sqlite" "$1"
  start_both && await_both || return
  [[ $receiver_code = 1 ]] || { fail "exit codes $sender_code/$receiver_code instead of 1"; return; }
  says receiver "$2" || return
  sqlite3 "$B/journal.sqlite" "$3"
  resume && kept_something
}
disaster_journal_of_a_newer_version() {
  what="the receiver's journal says that a newer version wrote it, and no more"
  sender_options+=(--patience 5)
  spoil_journal 'PRAGMA user_version = 99' 'newer pmesh' "PRAGMA user_version = $(ls migrations/*.sql | wc -l)"
}
disaster_journal_of_another_program() {
  what="the receiver's journal has another program's mark, and its own again"
  sender_options+=(--patience 5)
  spoil_journal 'PRAGMA application_id = 1' 'not a journal' "PRAGMA application_id = $((0x504d4a31))"
}

disaster_journal_without_permission() {
  what="chmod 0 of the receiver's journal, and back"
  unprivileged || return
  start_both && hold && kill_both || return
  chown root "$B"/journal.sqlite* && chmod 000 "$B"/journal.sqlite*
  sender_options+=(--patience 5)
  start_both && end_with '4|30' 7 && says receiver 'no access to the journal' || return
  chmod 600 "$B"/journal.sqlite* && chown 65534:65534 "$B"/journal.sqlite*
  resume && kept_something
}

disaster_journal_on_a_read_only_disk() {
  what="the receiver's home mounted read-only, and back"
  mount_small "$B" 64 tmpfs || return
  start_both && hold && kill_both || return
  mount -o remount,ro "$B" || return
  sender_options+=(--patience 5)
  start_both && end_with '4|30' 7 && says receiver 'journal|key' || return
  mount -o remount,rw "$B"
  resume && kept_something
}

# Another program keeps a lock on the journal, until `unlock_journal`.
lock_journal() { # home, statements
  mkfifo "$work/other.statements"
  sqlite3 "$1/journal.sqlite" <>"$work/other.statements" >/dev/null 2>&1 &
  others=$!
  echo "$2" >"$work/other.statements"
  pause 0.5
}
unlock_journal() {
  { kill "$others"; wait "$others"; } 2>/dev/null || true
  others=
}

disaster_receivers_journal_locked() {
  what="another process holds the write lock of the receiver's journal for longer than 10 s"
  needs sqlite3 || return
  start_both && hold || return
  lock_journal "$B" 'BEGIN IMMEDIATE;'
  release
  end_with 7 8 && says receiver 'locked by another process' || return
  unlock_journal
  resume && kept_something
}
disaster_senders_journal_locked() {
  what="another process holds the write lock of the sender's journal for longer than 10 s"
  needs sqlite3 || return
  start_both && hold || return
  lock_journal "$A" 'BEGIN IMMEDIATE;'
  release
  end_with 8 '0|7' && says sender 'locked by another process' || return
  unlock_journal
  resume && kept_something
}
disaster_journal_locked_exclusively() {
  what="another process has the receiver's journal for itself while the command starts"
  needs sqlite3 || return
  start_both && hold && kill_both || return
  lock_journal "$B" 'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;'
  sender_options+=(--patience 5)
  start_both && end_with '4|30' 8 && says receiver 'locked by another process' || return
  unlock_journal
  resume && kept_something
}
