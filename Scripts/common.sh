# What quickstart.sh and kills.sh share; sourced, not run.

die() { echo "$*" >&2; exit 1; }

# The program to run: $PMESH, else what a release build made.
find_pmesh() {
  PMESH=${PMESH:-.build/release/pmesh}
  [ -x "$PMESH" ] || die "there is no $PMESH; build it with: swift build -c release --product pmesh"
  PMESH=$(realpath "$PMESH")
}

# A port of this machine that nobody listens at.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

now_ms() { local now=${EPOCHREALTIME/[.,]/}; echo $((now / 1000)); }

# Kinds, modes, times to the nanosecond, link targets and names of a tree.
listing() { (cd "$1" && find . -printf '%P\t%y\t%m\t%T@\t%l\n' | LC_ALL=C sort); }

# Both trees hold the same: every byte of every file, and all that `listing` shows.
same_tree() {
  diff -r --no-dereference "$1" "$2" >/dev/null && diff <(listing "$1") <(listing "$2") >/dev/null
}

# The number a field has in one line of --json output.
number() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" <<<"$2"; }

# Waits for a process of ours to end, $2 milliseconds at most; its exit code, or 124.
await() {
  local pid=$1 deadline=$(($(now_ms) + $2))
  while kill -0 "$pid" 2>/dev/null; do
    [ "$(now_ms)" -lt "$deadline" ] || return 124
    sleep 0.02
  done
  wait "$pid"
}
