#!/bin/sh
# Manual pages are clean, and every program and file format has one.
set -u
cd "${srcdir:-.}" || exit 99
command -v mandoc >/dev/null || {
	echo "skipped: mandoc is not installed"
	exit 77
}
bad=0
for page in man/*.[1-9]; do
	page=${page#man/}
=======
    stripehook.cgi.8 stripehook-worker.8 stripehook.1 \
    stripehook-hosting.7; do
>>>>>>> 731a845 (portable: one static program for a hosting account)
	[ -f "man/$page" ] || {
		echo "man/$page is missing"
		bad=1
	}
done
# A reference to another page of ours is no fault of a page not installed.
mandoc -Tlint -Wwarning man/*.[0-9] || bad=1
exit $bad
