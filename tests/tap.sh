#!/bin/sh
# tap.sh PROGRAM: runs a unit test program and makes one TAP stream of the
# several that cmocka writes where a program has several groups of tests.
set -u
out=$(mktemp) || exit 99
trap 'rm -f "$out"' EXIT
"$@" >"$out"
status=$?
awk '
/^1\.\.[0-9]+$/ { plan += substr($0, 4); next }
/^(not )?ok [0-9]+/ { n++; sub(/[0-9]+/, n) }
{ print }
END { print "1.." plan }' "$out"
exit $status
