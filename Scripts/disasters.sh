#!/usr/bin/env bash
# Lets disasters come over transfers between two real processes: full disks, broken journals, stopped processes, clocks
# gone wrong, and so on. Each must end in identical trees, or in a named error with its exit code and one sentence, after
# which the same two commands finish once the cause is removed. Prints a table; exits with 1 where any of it failed.
#
#   Scripts/disasters.sh [PATTERN...]     those whose names contain one of the patterns; all without
#
# SIZE_MIB (256: the usual tree), FILES (100000), HOLES_GIB (64), OPEN (10000: transfers in the journal), STOP_SECONDS
# (60), PMESH (the program). What needs root, or a program that is not there, is skipped and said to be.
# Everything is mounted in a mount namespace of the script's own, which ends with it.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "$(id -u)" -eq 0 ] && [ -z "${PMESH_DISASTERS_INSIDE:-}" ] && unshare -m true 2>/dev/null; then
  PMESH_DISASTERS_INSIDE=1 exec unshare -m --propagation private "$PWD/Scripts/disasters.sh" "$@"
fi
. Scripts/common.sh
. Scripts/disasters/stage.sh
for cases in destination media journal process clock size home network; do . "Scripts/disasters/$cases.sh"; done
find_pmesh
set_up

is_wanted() { # name
  local pattern
  [ ${#patterns[@]} -gt 0 ] || return 0
  for pattern in "${patterns[@]}"; do [[ $1 != *"$pattern"* ]] || return 0; done
  return 1
}

patterns=("$@")
print_head
for name in "${disasters[@]}"; do
  if is_wanted "$name"; then run_disaster "$name"; fi
done
print_end
[ "$failures" -eq 0 ]
