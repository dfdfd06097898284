#!/bin/sh
# Shell scripts are POSIX sh and clean.
set -u
cd "${srcdir:-.}" || exit 99
command -v shellcheck >/dev/null || {
	echo "skipped: shellcheck is not installed"
	exit 77
}
# shellcheck disable=SC2046 # no file of ours has a blank in its name
shellcheck -s sh $(find scripts -type f) \
    $(find bench conf tests -name '*.sh') .ci/run conf/init/stripehook.in \
    debian/tests/receive debian/stripehook.p*
