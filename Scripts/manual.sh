#!/usr/bin/env bash
# Writes the manual pages of a built program: manual.sh PROGRAM FOLDER. They come out of the program's own help, by the
# tool behind swift-argument-parser's plugin `generate-manual`.
#
# The tool is run by itself: the plugin builds every product anew, and writes pages of none but those.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$1 folder=$2
[ -x "$program" ] || { echo "manual: there is no $program; build it first" >&2; exit 1; }

package=.build/checkouts/swift-argument-parser
scratch=.build/manual-tool
[ -d "$package" ] || swift package resolve
swift build --package-path "$package" --scratch-path "$scratch" --product generate-manual >&2

rm -rf "$folder"
mkdir -p "$folder"
# The day of the sources, not of the build: the same sources give the same pages.
day=$(date -u -d "@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}" +%F)
"$scratch/debug/generate-manual" "$program" --multi-page --date "$day" --output-directory "$folder"
rm -f "$folder/pmesh.help.1"

# What the tool leaves to be done: names with hyphens, by which `man pmesh send` and `apropos` find a page, and the words as
# they are typed in the synopsis; paragraphs; no reference to `help`, which has no page; a way back to the first page.
finish() {
  local name=$1 words=${1//-/ }
  sed -E -e '/^\.Xr pmesh\.help /d' -e '/^\.(Xr|Dt) /s/([A-Za-z])\.([A-Za-z])/\1-\2/g' -e 's/^\.Os$/.Os PrimeMesh/' \
    -e "/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/s/^\.Nm\$/.Nm \"$words\"/" \
    -e "/^\.Sh NAME/,/^\.Sh SYNOPSIS/s/^\.Nm \"?$words\"?/.Nm $name/" \
    -e '/^\.Sh NAME/,/^\.Sh SYNOPSIS/s/^\.Nm (rx|recv|tx)/.Nm pmesh-\1/' \
    -e '/^\.Nd /s/\."?$//' -e '/^\.Nd /s/^\.Nd "/.Nd /' -e 's/^$/.Pp/'
  echo
}

cd "$folder"
for page in *.1; do
  name=$(tr . - <<<"${page%.1}")
  finish "$name" <"$page" >"$name.new"
  rm "$page"
  mv "$name.new" "$name.1"
  [ "$name" != pmesh ] || continue
  if grep -q '^\.Sh "SEE ALSO"' "$name.1"; then
    sed -i 's/^\.Sh "SEE ALSO"/&\n.Xr pmesh 1 ,/' "$name.1"
  else
    printf '.Sh "SEE ALSO"\n.Xr pmesh 1\n' >>"$name.1"
  fi
done
