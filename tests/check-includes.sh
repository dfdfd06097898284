#!/bin/sh
# Holds the two rules on includes: a file includes headers of lower levels
# only, and each outside library appears in one module.
set -u
cd "${srcdir:-.}" || exit 99
bad=0

say() {
	echo "$*"
	bad=1
}

# The level of a file of the tree, by its name without folder and ending.
level() {
	case $1 in
	err | mem | program) echo 0 ;;
	buf | near) echo 1 ;;
	counter | escape | http | pattern | reshape* | retry | secret) echo 2 ;;
	log | event*) echo 3 ;;
	catalogue | delivery) echo 4 ;;
	conf* | signature*) echo 5 ;;
	explain* | exposed | route*) echo 6 ;;
	store* | gateway | run* | client* | fixture* | notify) echo 7 ;;
	deliver* | detach) echo 8 ;;
	alarm | report | reload | summon) echo 9 ;;
	receive* | work | work_*) echo 10 ;;
	*) echo 11 ;;
	esac
}

# The module that a file belongs to: files of one module may share headers.
module() {
	case $1 in
	cmd* | stripehook) echo stripehook ;;
	worker) echo worker ;;
	*) echo "${1%%_*}" ;;
	esac
}

sources=$(find lib src cgi -name '*.[ch]' | sort)
for file in $sources; do
	name=$(basename "${file%.[ch]}")
	# shellcheck disable=SC2013
	for header in $(sed -n 's/^#include "\([^"]*\)\.h"$/\1/p' "$file"); do
		case $header in
		banned | config | "$name") continue ;;
		esac
		if [ "$(module "$name")" != "$(module "$header")" ] &&
		    [ "$(level "$header")" -ge "$(level "$name")" ]; then
			say "$file: includes $header.h, which is not below it"
		fi
	done
	case $file in
	*.c)
		last=$(sed -n 's/^#include "\([^"]*\.h\)"$/\1/p' "$file" |
		    tail -n 1)
		[ "$last" = banned.h ] ||
			say "$file: banned.h is not its last include"
		first=$(sed -n 's/^#include ["<]\([^">]*\)[">]$/\1/p' \
		    "$file" | head -n 1)
		[ "$first" = config.h ] ||
			say "$file: config.h is not its first include"
		;;
	esac
done

# outside PATTERN MODULE...: the headers of a library, who may include them.
outside() {
	pattern=$1
	shift
	# shellcheck disable=SC2013,SC2086
	for file in $(grep -lE "^#include <($pattern)>" $sources); do
		name=$(module "$(basename "${file%.[ch]}")")
		for may in "$@"; do
			[ "$name" = "$may" ] && continue 2
		done
		say "$file: may not use $pattern, only $* may"
	done
}
outside 'fcgi.*\.h' gateway
outside 'openssl/.*\.h' signature
outside 'jansson\.h' event fixture
outside 'confuse\.h' conf
outside 'curl/.*\.h' client
outside 'systemd/.*\.h' notify
# shellcheck disable=SC2013,SC2086
for file in $(grep -l '^#include <sqlite3.h>' $sources); do
	case $file in
	lib/store_sqlite*) ;;
	*) say "$file: may not use sqlite3.h, only store_sqlite may" ;;
	esac
done
# shellcheck disable=SC2013,SC2086
for file in $(grep -l '^#include <libpq-fe.h>' $sources); do
	case $file in
	lib/store_pgsql*) ;;
	*) say "$file: may not use libpq-fe.h, only store_pgsql may" ;;
	esac
done

exit $bad
