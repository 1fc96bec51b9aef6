#!/usr/bin/env bash
# Makes a Debian package of the static build: .build/pmesh_VERSION_ARCHITECTURE.deb. DEBFULLNAME and DEBEMAIL say who
# answers for it; without them, whom git knows.
set -euo pipefail
cd "$(dirname "$0")/.."
export PMESH=${PMESH:-.build-static/pmesh} MANUAL=.build/manual
root=.build/deb/root out=.build
[ -x "$PMESH" ] || { echo "deb: there is no $PMESH; run make static first" >&2; exit 1; }

version=$("$PMESH" --version | awk '{ print $NF }')
architecture=$(dpkg --print-architecture)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
maintainer="${DEBFULLNAME:-$(git config user.name || echo PrimeMesh)} <${DEBEMAIL:-$(git config user.email || echo root@localhost)}>"

rm -rf .build/deb
mkdir -p "$root/DEBIAN" .build/deb/debian
DESTDIR=$PWD/$root PREFIX=/usr ZSH_FOLDER=share/zsh/vendor-completions Scripts/install.sh install >/dev/null

documents=$root/usr/share/doc/pmesh
install -D -m 644 Scripts/deb/copyright "$documents/copyright"
install -m 644 README.md SECURITY.md "$documents/"
gzip -9n <CHANGELOG.md | install -m 644 /dev/stdin "$documents/NEWS.gz"
gzip -9n <<END | install -m 644 /dev/stdin "$documents/changelog.gz"
pmesh ($version) unstable; urgency=medium

  * What changed is in NEWS.gz.

 -- $maintainer  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
END

# What the program asks for is read from the program.
touch .build/deb/debian/control
depends=$(cd .build/deb && dpkg-shlibdeps -O -e"root/usr/bin/pmesh" | sed -n 's/^shlibs:Depends=//p')
cat >"$root/DEBIAN/control" <<END
Package: pmesh
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -sk --apparent-size "$root/usr" | cut -f1)
Depends: $depends
Recommends: libqrencode4
Section: net
Priority: optional
Description: moves files between machines: encrypted, verified, resumable
 pmesh sends files and folders to another machine under a one-time code, or to
 the members of a mesh by name. Nothing is in between: the two machines talk
 directly, over TLS 1.3 with a post-quantum key exchange.
 .
 A transfer survives a kill of either side at any moment and goes on where it
 was; every chunk is verified, and a journal remembers what was sent and
 received.
END
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
package=$out/pmesh_${version}_$architecture.deb
dpkg-deb --root-owner-group --build "$root" "$package" >/dev/null
rm -rf .build/deb
echo "deb: $package"
