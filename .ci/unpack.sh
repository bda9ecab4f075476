#!/bin/bash
# unpack.sh FOLDER PACKAGE...
#
# Fetches Debian packages and unpacks them below the cache folder, without installing them:
# dpkg allows one FTP server on a machine, the tests want three. Does nothing when FOLDER is
# there already. Needs apt-get and its package lists, not root.
set -euo pipefail

cache=${POSTEL_INTEROP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/postel-interop}
folder=$1
shift

if [ -d "$cache/$folder" ]; then
    echo "$folder: in $cache already"
    exit 0
fi

mkdir -p "$cache"
scratch=$(mktemp -d "$cache/.$folder.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/debs" "$scratch/tree"
# The folder is root's own, where apt's download user could not write.
(cd "$scratch/debs" && apt-get download -q -o APT::Sandbox::User=root "$@")
for package in "$scratch"/debs/*.deb; do
    dpkg -x "$package" "$scratch/tree"
done
# One rename at the end: a run that was cut short leaves no half tree behind.
chmod 755 "$scratch/tree"
mv -T "$scratch/tree" "$cache/$folder"
echo "$folder: unpacked $* into $cache"
