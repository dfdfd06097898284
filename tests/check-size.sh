#!/bin/sh
# Budgets: a function has at most 80 lines, nine of ten at most 50, a source
# at most 500, a header at most 350. Tables of data are no code.
set -u
cd "${srcdir:-.}" || exit 99
bad=0

# shellcheck disable=SC2044 # no name of ours has a blank
for file in $(find lib src cgi tests/unit -name '*.[ch]'); do
	lines=$(wc -l <"$file")
	case $file in
	tests/*) most=1200 ;;
	*.h) most=350 ;;
	*) most=500 ;;
	esac
	if [ "$lines" -gt "$most" ]; then
		echo "$file: $lines lines, at most $most"
		bad=1
	fi
done

# A function stands between a '{' and a '}' at the line start, with its name
# and '(' at the start of a line before.
# shellcheck disable=SC2046 # one word a file
awk '
FNR == 1 { name = "" }
/^[a-z_][a-zA-Z0-9_]*\(/ { name = $0; sub(/\(.*/, "", name) }
/^\{/ && name != "" { start = FNR }
/^\}/ && start {
	n = FNR - start - 1
	print n, FILENAME, name
	start = 0
	name = ""
}' $(find lib src cgi -name '*.c') | sort -n >"${TMPDIR:-/tmp}/sizes.$$"
trap 'rm -f "${TMPDIR:-/tmp}/sizes.$$"' EXIT
awk '
$1 > 80 { print $2 ": " $3 " has " $1 " lines, at most 80"; bad = 1 }
{ size[NR] = $1 }
END {
	tenth = size[int(NR * 0.9)]
	print NR " functions, median " size[int((NR + 1) / 2)] \
	    ", nine of ten below " tenth + 1 " lines"
	if (tenth > 50) {
		print "too many long functions"
		bad = 1
	}
	exit bad
}' "${TMPDIR:-/tmp}/sizes.$$" || bad=1

exit $bad
