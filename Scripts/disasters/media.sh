# Disasters of media that are not made for this system: exFAT, a file system with a small limit, a stick that is pulled out and
# put in again. Sourced by disasters.sh.

disasters+=(
  names_that_exfat_refuses links_on_exfat names_that_differ_in_case names_that_replace_one_another
  stick_mounted_again_at_the_receiver stick_mounted_again_at_the_sender
  file_above_the_size_limit
)

# An exFAT of $2 MiB at $1, by a program in user space: few kernels of virtual machines have it.
mount_exfat() { # folder, MiB
  needs_root && needs mkfs.exfat && needs mount.exfat-fuse && needs losetup || return
  [ -e /dev/fuse ] || { skip "there is no /dev/fuse"; return; }
  truncate -s "${2}M" "$work/disk.$(basename "$1")"
  mkfs.exfat "$work/disk.$(basename "$1")" >/dev/null || { skip "no exFAT can be made"; return; }
  put_in "$1"
}
put_in() { # folder
  local device
  mkdir -p "$1"
  device=$(losetup -f --show "$work/disk.$(basename "$1")") || { skip "there are no loop devices"; return; }
  mount.exfat-fuse "$device" "$1" >/dev/null 2>&1 || { losetup -d "$device"; skip "no exFAT can be mounted"; return; }
  mounts+=("$1") loops+=("$device")
}
# Unmounts, and waits until the program behind it has written everything.
pull_out() { # folder
  sync
  umount "$1" || return
  local until=$(($(now_ms) + 10000)) disk
  disk=$work/disk.$(basename "$1")
  while pgrep -f "mount.exfat-fuse .* $1\$" >/dev/null; do
    [ "$(now_ms)" -lt "$until" ] || { fail "the exFAT is still being written"; return; }
    pause 0.05
  done
  losetup -j "$disk" | cut -d: -f1 | xargs -r -n 1 losetup -d
}

# These paths were named as not there for this reason, by both sides, and by nobody else.
leaves_out() { # reason, path...
  local side reason=$1 runs named wanted
  shift
  wanted=$(printf '%s\n' "$@" | sort)
  for side in sender receiver; do
    runs=${side}_runs
    named=$(grep '"event":"warning"' "$work/$side.${!runs}" | grep "\"reason\":\"$reason\"" |
      sed -E 's/.*"path":"([^"]*)".*/\1/' | sort)
    [ "$named" = "$wanted" ] || { fail "the $side left out for $reason: $(tr '\n' ' ' <<<"$named")"; return; }
  done
}
# All of the tree but these, and no part.
arrived_but() { # path below the tree...
  local there=$work/other.copy path
  cp -a "$tree" "$there" || return
  for path in "$@"; do rm -rf "${there:?}/$path"; done
  diff -r "$there" "$out/$(basename "$tree")" >"$work/errors" 2>&1 || { fail "trees differ: $(head -n 2 "$work/errors" | tr '\n' ' ')"; return; }
  resumed=yes
}

disaster_names_that_exfat_refuses() {
  what="exFAT gets \`shot 10:20.png\` and \`a?b/c\` among files that it can hold"
  mount_exfat "$work/out" 64 || return
  tree=$work/other
  mkdir -p "$tree/sub" "$tree/a?b"
  for name in a 'shot 10:20.png' z sub/good 'sub/bad|name' 'a?b/c'; do echo "$name" >"$tree/$name"; done
  head -c 8M /dev/urandom >"$tree/film 10:20.mkv"
  start_both && end_with 23 23 &&
    leaves_out name 'other/shot 10:20.png' 'other/film 10:20.mkv' 'other/sub/bad|name' 'other/a?b' 'other/a?b/c' || return
  [ "$(number wireBytes "$(grep '"done"' "$work/receiver.$receiver_runs")")" -lt 1000 ] || { fail "bytes of what cannot be were sent"; return; }
  arrived_but 'shot 10:20.png' 'film 10:20.mkv' 'sub/bad|name' 'a?b' || return
  # Again: nothing is sent a second time, and the number is the same.
  start_both && end_with 23 23
}

disaster_links_on_exfat() {
  what="exFAT gets two links among files"
  mount_exfat "$work/out" 64 || return
  tree=$work/other
  mkdir -p "$tree/sub"
  echo a >"$tree/a"
  echo b >"$tree/sub/b"
  ln -s a "$tree/link" && ln -s ../a "$tree/sub/link"
  start_both && end_with 23 23 && leaves_out no-links other/link other/sub/link && arrived_but link sub/link
}

disaster_names_that_differ_in_case() {
  what="exFAT gets \`Report\`, \`report\` and \`REPORT\`"
  mount_exfat "$work/out" 64 || return
  tree=$work/other
  mkdir -p "$tree"
  for name in Report report REPORT other; do echo "$name" >"$tree/$name"; done
  start_both && end_with 0 0 && leaves_out folded other/Report other/report || return
  [ "$(cat "$out"/other/* | sort | tr '\n' ' ')" = "$(cat "$tree"/* | sort | tr '\n' ' ')" ] || { fail "something is lost: $(ls "$out/other" | tr '\n' ' ')"; return; }
  resumed=yes
}

disaster_names_that_replace_one_another() {
  what="exFAT gets \`Report\` and \`report\`, and the rule replaces what has the name"
  mount_exfat "$work/out" 64 || return
  tree=$work/other
  mkdir -p "$tree"
  for name in Report report other; do echo "$name" >"$tree/$name"; done
  receiver_options+=(--on-conflict overwrite)
  start_both && end_with 23 23 && leaves_out overlaid other/Report || return
  [ "$(cat "$out/other/report")" = report ] || { fail "report is not what was sent"; return; }
  resumed=yes
}

# The middling files have their names by then, the large one has not.
disaster_stick_mounted_again_at_the_receiver() {
  what="both killed; the stick (exFAT) that is received on unmounted and mounted again"
  mount_exfat "$work/out" $((size_mib * 2)) || return
  make_flat_tree
  start_both && hold $((size_mib * 5 / 8)) && kill_both && pull_out "$work/out" && put_in "$work/out" || return
  start_both && end_with 0 0 && arrived_but && kept_most
}

disaster_stick_mounted_again_at_the_sender() {
  what="both killed; the stick (exFAT) that is sent from unmounted and mounted again"
  mount_exfat "$work/otherstick" $((size_mib * 2)) || return
  make_flat_tree
  cp -r "$tree" "$work/otherstick/" && pull_out "$work/otherstick" && put_in "$work/otherstick" || return
  tree=$work/otherstick/other
  start_both && hold $((size_mib * 5 / 8)) && kill_both && pull_out "$work/otherstick" && put_in "$work/otherstick" || return
  start_both && end_with 0 0 && kept_most || return
  [ "$(number files "$(grep '"done"' "$work/receiver.$receiver_runs")")" -eq 9 ] || { fail "files were sent twice"; return; }
  diff -r "$tree" "$out/other" >/dev/null && resumed=yes || fail "trees differ"
}

# Files alone, of the sizes of the usual tree: what exFAT can hold.
make_flat_tree() {
  tree=$work/other
  mkdir -p "$tree"
  cp "$work/usual"/middling* "$work/usual/vast" "$tree"
}
# Of the half that was there, at least half need not come again.
kept_most() {
  local done
  done=$(grep '"done"' "$work/receiver.$receiver_runs")
  [ $(($(number chunksResumed "$done") * 4)) -ge "$(number chunks "$done")" ] || fail "only $(number chunksResumed "$done") of $(number chunks "$done") chunks were kept"
}

# Blocks of 1 KiB without extents: three levels of block lists hold 16 GiB, and no more.
disaster_file_above_the_size_limit() {
  what="an ext4 of 1 KiB blocks without extents gets a file of 20 GiB of holes beside small ones"
  needs_root && needs mkfs.ext4 || return
  truncate -s 64M "$work/disk.out"
  mkfs.ext4 -q -m 0 -b 1024 -O '^extents,^64bit' "$work/disk.out" 2>/dev/null || { skip "no such ext4 can be made"; return; }
  mkdir -p "$work/out"
  mount -o loop "$work/disk.out" "$work/out" || { skip "no file can be mounted"; return; }
  mounts+=("$work/out")
  tree=$work/other
  mkdir -p "$tree"
  truncate -s 20G "$tree/huge"
  echo data | dd of="$tree/huge" conv=notrunc 2>/dev/null
  for name in a b z; do echo "$name" >"$tree/$name"; done
  start_both && end_with 23 23 && leaves_out size other/huge || return
  for name in a b z; do cmp "$tree/$name" "$out/other/$name" || { fail "$name is missing"; return; }; done
  [ "$(ls -A "$out/other" | wc -l)" -eq 3 ] || { fail "litter: $(ls -A "$out/other" | tr '\n' ' ')"; return; }
  [ "$(number wireBytes "$(grep '"done"' "$work/receiver.$receiver_runs")")" -lt 100000 ] || { fail "bytes of it were sent"; return; }
  resumed=yes
}
