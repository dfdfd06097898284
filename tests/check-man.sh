#!/bin/sh
# Manual pages are clean, and each has the sections that a reader looks for.
set -u
cd "${srcdir:-.}" || exit 99
command -v mandoc >/dev/null || {
	echo "skipped: mandoc is not installed"
	exit 77
}
bad=0
# The order in which mdoc(7) has them is what mandoc's lint looks after.
for page in man/*.[1-9]; do
	sections='NAME|DESCRIPTION|FILES|EXAMPLES|SEE ALSO'
	case $page in
	*.[18]) sections="$sections|SYNOPSIS|ENVIRONMENT|EXIT STATUS" ;;
	esac
	saved=$IFS
	IFS='|'
	for section in $sections; do
		grep -qx "\.Sh $section" "$page" || {
			echo "$page has no section $section"
			bad=1
		}
	done
	IFS=$saved
	grep -qF "man/${page##*/}" Makefile.am || {
		echo "$page is not installed: see Makefile.am"
		bad=1
	}
	# What it refers to of ours is there.
	grep -o 'Xr stripehook[^ ]* [1-9]' "$page" | sort -u |
	    while read -r _ name section; do
		[ -f "man/$name.$section" ] || echo "$page: $name($section)"
	done | grep . && {
		echo "there is no such page"
		bad=1
	}
done
# A reference to another page of ours is no fault of a page not installed.
mandoc -Tlint -Wwarning man/*.[0-9] || bad=1
exit $bad
