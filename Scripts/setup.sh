#!/usr/bin/env bash
# Installs what the build needs from the system, and only what is missing. With the word `tests` also what some tests look
# through; they are skipped where it cannot be had. With the word `disasters` what some disasters need, likewise. With the word
# `deb`, what makes a Debian package.
set -euo pipefail

if [ "${1:-}" = tests ] || [ "${1:-}" = disasters ]; then
  "$0"
  wanted=()
  # want PROGRAM PACKAGE
  want() { command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || wanted+=("$2"); }
  want ip iproute2
  if [ "$1" = tests ]; then
    want tcpdump tcpdump
  else
    want mount.exfat-fuse exfat-fuse
    want mkfs.exfat exfatprogs
    want mkfs.ext4 e2fsprogs
    want sqlite3 sqlite3
  fi
  [ ${#wanted[@]} -eq 0 ] && exit 0
  install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${wanted[@]}")
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "setup: installing ${wanted[*]}"
    "${install[@]}" >/dev/null 2>&1 || { apt-get update && "${install[@]}"; } >/dev/null 2>&1 && exit 0
  fi
  echo "setup: ${wanted[*]} cannot be installed: what needs them is skipped" >&2
  exit 0
fi

missing=()
if [ "${1:-}" = deb ]; then
  command -v dpkg-shlibdeps >/dev/null || missing+=(dpkg-dev)
else
  command -v pkg-config >/dev/null || missing+=(pkg-config)
  # A header, not pkg-config, is asked for: pkg-config itself may be what is missing.
  has_header() { echo "#include <$1>" | ${CC:-clang} -E -x c - >/dev/null 2>&1 || [ -e "/usr/include/$1" ]; }
  has_header zlib.h || missing+=(zlib1g-dev)
  has_header sqlite3.h || missing+=(libsqlite3-dev)
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "setup: install ${missing[*]} (or what your system calls these packages of Debian), then run make again" >&2
  exit 1
fi
root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "setup: ${missing[*]} must be installed as root, and there is no sudo: run 'apt-get install ${missing[*]}' as root, then make again" >&2; exit 1; }
  root=(sudo)
fi
echo "setup: installing ${missing[*]}"
install=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}")
# The package lists are fetched only where what is there does not do.
"${install[@]}" >/dev/null 2>&1 || { "${root[@]}" apt-get update && "${install[@]}"; }
