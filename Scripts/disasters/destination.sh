# Disasters of the destination: no space, no permission, another folder, another mount. Sourced by disasters.sh.

disasters+=(
  full_disk_at_the_start full_tmpfs_in_the_middle full_ext4_in_the_middle
  disk_that_turns_read_only folder_that_loses_its_permissions destination_without_permission
  folder_removed_in_the_middle destination_removed_in_the_middle destination_replaced_in_the_middle
  folder_removed_between_runs destination_mounted_elsewhere
)

disaster_full_disk_at_the_start() {
  what="the destination is a file system smaller than the tree"
  mount_small "$work/out" $((size_mib / 2)) tmpfs || return
  start_both && end_with 7 7 && says receiver 'no space' || return
  mount -o "remount,size=$((size_mib * 2))m" "$work/out"
  resume
}

# The space that was free when the transfer was accepted is taken by somebody else.
full_in_the_middle() { # kind
  what="another program fills the destination ($1) in the middle, and goes"
  mount_small "$work/out" $((size_mib * 3 / 2 + 32)) "$1" || return
  start_both && hold || return
  fill "$work/out"
  release
  end_with 7 7 && says receiver 'no space' && says sender 'no space is left at the receiver' || return
  rm "$work/out/filler"
  resume && kept_something
}
disaster_full_tmpfs_in_the_middle() { full_in_the_middle tmpfs; }
disaster_full_ext4_in_the_middle() { full_in_the_middle ext4; }

# An ext4 that meets an error does this by itself, whatever is open for writing.
disaster_disk_that_turns_read_only() {
  what="ext4 meets an error and turns read-only; fsck, mounted again"
  mount_small "$work/out" $((size_mib * 2)) ext4 || return
  local device
  device=$(findmnt -no SOURCE "$work/out")
  [ -w "/sys/fs/ext4/$(basename "$device")/trigger_fs_error" ] || { skip "this kernel's ext4 cannot be told to fail"; return; }
  start_both && hold || return
  echo 1 >"/sys/fs/ext4/$(basename "$device")/trigger_fs_error"
  release
  end_with 7 7 && says receiver 'read-only' && says sender 'cannot write to its destination' || return
  umount "$work/out" && { e2fsck -fy "$work/disk.out" >/dev/null 2>&1 || [ $? -le 2 ]; } || { fail "no fsck"; return; }
  mount -o loop "$work/disk.out" "$work/out" || return
  resume
}

disaster_folder_that_loses_its_permissions() {
  what="chown root and chmod 555 of a received folder; back, tidied, and what is missing sent again"
  needs_root && unprivileged || return
  # In folders that are made late something is sure to be missing.
  tree=$work/other
  mkdir -p "$tree/a" "$tree/b" && cp "$work/usual/vast" "$tree/a" && cp -r "$work/usual/small" "$work/usual"/middling* "$tree/b"
  start_both && hold || return
  mkdir -p "$out/other/b" && chown root "$out/other/b" && chmod 555 "$out/other/b"
  release
  end_with 23 23 && says receiver 'left out' && says sender 'left out' || return
  chown 65534 "$out/other/b" && chmod 755 "$out/other/b"
  # What could not be removed there has an owner still.
  "${receiver_prefix[@]}" "$PMESH" transfers tidy --home "$B" >/dev/null 2>"$work/errors" || { fail "no tidying: $(cat "$work/errors")"; return; }
  PMESH_CODE=$("$PMESH" code)
  receiver_options=(--on-conflict skip)
  # The folder was there by then, and keeps its time.
  start_both && end_with 0 0 && arrived_but
}

disaster_destination_without_permission() {
  what="chmod 555 of the destination before the start, and back"
  unprivileged || return
  mkdir -p "$out" && chmod 555 "$out"
  start_both && end_with 7 7 && says receiver 'permission' || return
  chmod 755 "$out"
  resume
}

disaster_folder_removed_in_the_middle() {
  what="rm -rf of the folder that is being received, while it runs"
  start_both && hold || return
  rm -rf "$out/usual"
  release
  end_with '0|7' '0|7' || return
  [ "$receiver_code" -eq 0 ] || says receiver 'usual' || return
  if [ "$receiver_code" -eq 0 ]; then is_same; else resume; fi
}

disaster_destination_removed_in_the_middle() {
  what="rm -rf of the destination itself, while it runs"
  start_both && hold || return
  rm -rf "$out"
  release
  end_with 7 7 && says receiver "$out" || return
  resume
}

disaster_destination_replaced_in_the_middle() {
  what="the destination renamed and an empty folder put in its place, while it runs"
  start_both && hold || return
  mv "$out" "$work/other.out" && mkdir "$out"
  release
  # What is open goes on into the folder that was named when it began: either there or an error.
  end_with '0|7' '0|7' || return
  [ "$receiver_code" -ne 0 ] || { same_tree "$tree" "$work/other.out/usual" && note="all of it went into the renamed folder" && resumed=yes; return; }
  says receiver "$out" && resume
}

disaster_folder_removed_between_runs() {
  what="both killed, the received folder removed, the same two commands"
  start_both && hold && kill_both || return
  rm -rf "$out/usual"
  resume
}

disaster_destination_mounted_elsewhere() {
  what="both killed; the destination's disk unmounted and mounted from another device"
  mount_small "$work/out" $((size_mib * 2)) ext4 || return
  start_both && hold && kill_both || return
  umount "$work/out" && sync
  # Another loop device, and so another device number.
  local occupied
  occupied=$(losetup -f --show "$work/disk.out") && mount -o loop "$work/disk.out" "$work/out" || { losetup -d "$occupied"; fail "cannot mount again"; return; }
  losetup -d "$occupied"
  resume
}
