#!/usr/bin/env bash
# Installs what the build needs from the system, and only what is missing.
set -euo pipefail

missing=()
command -v pkg-config >/dev/null || missing+=(pkg-config)
# A header, not pkg-config, is asked for: pkg-config itself may be what is missing.
has_header() { echo "#include <$1>" | ${CC:-clang} -E -x c - >/dev/null 2>&1 || [ -e "/usr/include/$1" ]; }
has_header zlib.h || missing+=(zlib1g-dev)
has_header sqlite3.h || missing+=(libsqlite3-dev)
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "setup: install ${missing[*]} (or what your system calls them: pkg-config and the headers of zlib and SQLite), then run make again" >&2
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
