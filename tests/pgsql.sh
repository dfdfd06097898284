#!/bin/sh
# pgsql.sh COMMAND...: starts a PostgreSQL server in a folder of its own, on a
# socket of its own, runs the command with STRIPEHOOK_TEST_PGSQL naming it
# (a connection string without a database), and stops it. Exit 77 where there
# is no server to start.
set -u

bin=
for candidate in /usr/lib/postgresql/*/bin "$(dirname "$(command -v initdb)")"
do
	[ -x "$candidate/initdb" ] && bin=$candidate
done
[ -n "$bin" ] || {
	echo "1..0 # SKIP there is no PostgreSQL server"
	exit 77
}

# The server refuses to be root; the folder's path has to be short, for the
# socket in it.
folder=$(mktemp -d /tmp/pgsql.XXXXXX) || exit 99
as_server() {
	"$@"
}
if [ "$(id -u)" -eq 0 ]; then
	chown nobody "$folder"
	as_server() {
		setpriv --reuid nobody --regid nogroup --clear-groups "$@"
	}
fi
stop() {
	trap - EXIT INT TERM
	as_server "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop \
		>/dev/null 2>&1
	rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' INT TERM

cd "$folder" || exit 99
{
	as_server "$bin/initdb" -D "$folder/data" -U postgres -A trust \
		-E SQL_ASCII --locale=C --no-sync &&
		as_server tee -a "$folder/data/postgresql.conf" <<-EOF &&
		listen_addresses = ''
		unix_socket_directories = '$folder'
		max_connections = 200
		fsync = off
		EOF
		as_server "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w \
			start
} >"$folder/out" 2>&1 || {
	cat "$folder/out" "$folder/log" >&2
	exit 99
}
cd "$OLDPWD" || exit 99
STRIPEHOOK_TEST_PGSQL="host=$folder user=postgres" "$@"
