#!/bin/sh
# package.sh BUILD: builds the Debian package and tries it in a clean root, below
# the folder BUILD. The output is TAP.
set -eu
cd "$(dirname "$0")/.."
top=$(pwd)
mkdir -p "$1/package"
PACKAGE_DIR=$(cd "$1/package" && pwd)
export top PACKAGE_DIR
exec bats --tap tests/package/package.bats
