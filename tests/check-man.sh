#!/bin/sh
# Manual pages are clean.
set -u
cd "${srcdir:-.}" || exit 99
command -v mandoc >/dev/null || {
	echo "skipped: mandoc is not installed"
	exit 77
}
# A reference to another page of ours is no fault of a page not installed.
mandoc -Tlint -Wwarning man/*.[0-9]
