# Disasters of size: many open transfers, many files, a file of holes. Sourced by disasters.sh.

disasters+=(many_open_transfers many_files file_of_holes)

# What each side's journal holds of one transfer, again and again under other names.
multiply_transfers() { # home, count
  sqlite3 "$1/journal.sqlite" >/dev/null <<SQL
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TEMP TABLE more AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) SELECT i FROM n;
CREATE TEMP TABLE model AS SELECT * FROM transfer ORDER BY key LIMIT 1;
INSERT INTO transfer (id, direction, peer, code, roots, state, entries, files, chunks, bytes, allocated, manifest_complete,
    options, created, updated)
  SELECT substr('aaaaaaaaaaaaaaaaaaaaaaaaaa', 1, 18) || substr('0123456789abcdef', i / 4096 % 16 + 1, 1)
      || substr('0123456789abcdef', i / 256 % 16 + 1, 1) || substr('0123456789abcdef', i / 16 % 16 + 1, 1)
      || substr('0123456789abcdef', i % 16 + 1, 1) || substr(id, 23, 4),
    direction, peer, NULL, CAST(substr(roots, 1, length(roots) - 1) || i || char(0) AS BLOB), 'active', entries, files, chunks, bytes, allocated,
    manifest_complete, options, created - i * 1000000000, updated - i * 1000000000
  FROM model, more;
INSERT INTO entry (transfer, number, kind, path, size, allocated, mode, mtime_s, mtime_ns, target, first_chunk, chunks, state,
    part_device, part_inode, part_born, final_name, durable, source_device, source_inode, source_changed)
  SELECT t.key, e.number, e.kind, e.path, e.size, e.allocated, e.mode, e.mtime_s, e.mtime_ns, e.target, e.first_chunk, e.chunks,
    e.state, e.part_device, e.part_inode, e.part_born, e.final_name, e.durable, e.source_device, e.source_inode, e.source_changed
  FROM transfer AS t, entry AS e, model AS m WHERE t.key <> m.key AND e.transfer = m.key;
INSERT INTO chunk SELECT t.key, c.number, c.digest, c.state, c.attempts, c.boot, c.synced, c.acknowledged
  FROM transfer AS t, chunk AS c, model AS m WHERE t.key <> m.key AND c.transfer = m.key;
COMMIT;
SQL
}

timed() { # what, limit in ms, command...
  local began limit_ms=$2 name=$1
  began=$(now_ms)
  shift 2
  "$@" >/dev/null 2>"$work/errors" || { fail "$name ended with $?: $(tail -n 1 "$work/errors")"; return; }
  local took=$(($(now_ms) - began))
  note="${note:+$note, }$name $took ms"
  [ "$took" -lt "$limit_ms" ] || fail "$name took $took ms"
}

disaster_many_open_transfers() {
  local count=${OPEN:-10000}
  what="$count open transfers in both journals"
  needs sqlite3 || return
  tree=$work/other
  make_tree "$tree" $((size_mib / 2))
  start_both && hold $((size_mib / 8)) && kill_both || return
  multiply_transfers "$A" "$count" && multiply_transfers "$B" "$count" || { fail "the journals could not be filled"; return; }
  local open
  open=$(sqlite3 "$B/journal.sqlite" "SELECT count(*) FROM transfer WHERE state = 'active'")
  [ "$open" -gt "$count" ] || { fail "only $open are open"; return; }
  timed 'transfers list' 3000 "$PMESH" transfers list --home "$B"
  timed 'history' 3000 "$PMESH" history --home "$B"
  timed 'history --limit 10000' 20000 "$PMESH" history --home "$B" --limit 10000
  local began
  began=$(now_ms)
  resume && kept_something || return
  note="$note, the same two commands $(($(now_ms) - began)) ms"
  # A new transfer beside them.
  PMESH_CODE=$("$PMESH" code)
  out=$work/other.out
  began=$(now_ms)
  start_both && goes_on && note="$note, a new transfer $(($(now_ms) - began)) ms"
}

disaster_many_files() {
  local count=${FILES:-100000}
  what="$count files, both killed in the middle, the same two commands"
  tree=$work/other
  make_small_files "$tree" "$count"
  limit=$((60000 + count * 4))
  local began
  began=$(now_ms)
  start_both && goes_on || return
  note="undisturbed $(($(now_ms) - began)) ms"
  rm -rf "$A" "$B" "$out"
  PMESH_CODE=$("$PMESH" code)
  start_both && moved $((count / 500)) && kill_both || return
  began=$(now_ms)
  resume && kept_something && note="$note, resumed in $(($(now_ms) - began)) ms"
}

# So long that reading it would take minutes: only asking for its holes is quick.
disaster_file_of_holes() {
  local gib=${HOLES_GIB:-64}
  what="a file of $gib GiB of holes, both killed in the middle, the same two commands"
  tree=$work/other
  mkdir -p "$tree"
  truncate -s "${gib}G" "$tree/holes"
  echo beginning | dd of="$tree/holes" conv=notrunc 2>/dev/null
  echo end | dd of="$tree/holes" bs=1M seek=$((gib * 1024 - 1)) conv=notrunc 2>/dev/null
  touch -d @1500000000 "$tree/holes"
  limit=300000
  local began
  began=$(now_ms)
  start_both && end_with 0 0 && is_same_with_holes || return
  note="undisturbed $(($(now_ms) - began)) ms"
  rm -rf "$A" "$B" "$out"
  PMESH_CODE=$("$PMESH" code)
  start_both && moved $((gib * 256)) && kill_both || return
  began=$(now_ms)
  start_both && end_with 0 0 && is_same_with_holes && kept_something || return
  note="$note, resumed in $(($(now_ms) - began)) ms, $(du -k "$out/other/holes" | cut -f1) KiB on the disk"
}

# Comparing 64 GiB byte by byte takes longer than the transfer: both have the same extents of data, with the same bytes.
is_same_with_holes() {
  local here=$tree/holes there=$out/other/holes
  [ "$(listing "$tree")" = "$(listing "$out/other")" ] && [ "$(stat -c %s "$here")" = "$(stat -c %s "$there")" ] ||
    { resumed=no; fail "trees differ"; return; }
  [ "$(du -k "$there" | cut -f1)" -le 4096 ] || { resumed=no; fail "$there takes $(du -k "$there" | cut -f1) KiB"; return; }
  cmp -n 1048576 "$here" "$there" && cmp -i $((gib * 1073741824 - 1048576)) "$here" "$there" || { resumed=no; fail "bytes differ"; return; }
  resumed=yes
}
