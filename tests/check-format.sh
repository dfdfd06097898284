#!/bin/sh
# .clang-format is the law on layout.
set -u
cd "${srcdir:-.}" || exit 99
command -v clang-format >/dev/null || {
	echo "skipped: clang-format is not installed"
	exit 77
}
find lib src cgi tests/unit -name '*.[ch]' \
    -exec clang-format --dry-run -Werror {} +
