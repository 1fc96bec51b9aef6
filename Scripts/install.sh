#!/usr/bin/env bash
# Puts the program, its manual pages and its completions for bash, zsh and fish below $DESTDIR$PREFIX, or takes exactly
# these away again: install.sh install|uninstall. $PMESH: the program; $MANUAL: the folder of its pages; $ZSH_FOLDER: where
# zsh looks, below the prefix.
set -euo pipefail
cd "$(dirname "$0")/.."
PREFIX=${PREFIX:-/usr/local}
PMESH=${PMESH:-.build/release/pmesh}
MANUAL=${MANUAL:-.build/manual}
ZSH_FOLDER=${ZSH_FOLDER:-share/zsh/site-functions}
case $PREFIX in
  /*) ;;
  *) echo "install: PREFIX is $PREFIX: give an absolute path" >&2; exit 2 ;;
esac
base=${DESTDIR:-}${PREFIX%/}

# Where each thing goes, below the prefix. Pages are told by their names: an older version may have had others.
program=bin/pmesh
pages=share/man/man1
bash_completion=share/bash-completion/completions/pmesh
zsh_completion=$ZSH_FOLDER/_pmesh
fish_completion=share/fish/vendor_completions.d/pmesh.fish
singles=("$program" "$bash_completion" "$zsh_completion" "$fish_completion")

uninstall() {
  local file
  for file in "${singles[@]}"; do rm -f "$base/$file"; done
  rm -f "$base/$pages"/pmesh.1.gz "$base/$pages"/pmesh-*.1.gz
}

install_files() {
  [ -x "$PMESH" ] || { echo "install: there is no $PMESH; run make build first" >&2; exit 1; }
  [ -e "$MANUAL/pmesh.1" ] || { echo "install: there is no $MANUAL/pmesh.1; run make build first" >&2; exit 1; }
  uninstall
  local shell page
  install -D -m 755 "$PMESH" "$base/$program"
  for page in "$MANUAL"/*.1; do
    gzip -9n <"$page" | install -D -m 644 /dev/stdin "$base/$pages/${page##*/}.gz"
  done
  for shell in bash zsh fish; do
    local target=${shell}_completion
    # Completions are read by a shell and never run, so that their first line names none.
    "$PMESH" --generate-completion-script "$shell" | sed '1{/^#!/d}' | install -D -m 644 /dev/stdin "$base/${!target}"
  done
}

case ${1:-} in
  install) install_files; echo "install: pmesh, its manual and its completions are in $base" ;;
  uninstall) uninstall; echo "uninstall: pmesh is gone from $base; its key and journal stay where README says" ;;
  *) echo "usage: Scripts/install.sh install|uninstall" >&2; exit 2 ;;
esac
