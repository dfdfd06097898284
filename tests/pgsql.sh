#!/bin/sh
# A PostgreSQL server of the tests' own, in a folder of its own, on a socket of
# its own.
#
#	pgsql.sh COMMAND...	starts one, runs the command with
#				STRIPEHOOK_TEST_PGSQL naming it (a connection
#				string without a database), and stops it
#	pgsql.sh -start		starts one that stays, and prints its folder,
#				which is also the host to connect to
#	pgsql.sh -crash FOLDER	kills it in the middle of its work, and starts it
#				again
#	pgsql.sh -stop FOLDER	ends it, and removes the folder
#
# Exit 77 where there is no server to start.
set -u

bin=
for candidate in /usr/lib/postgresql/*/bin \
    "$(dirname "$(command -v initdb || echo /nowhere/initdb)")"; do
	[ -x "$candidate/initdb" ] && bin=$candidate
done
[ -n "$bin" ] || {
	echo "1..0 # SKIP there is no PostgreSQL server"
	exit 77
}

# The server refuses to be root.
as_server() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid nobody --regid nogroup --clear-groups "$@"
	else
		"$@"
	fi
}

# What the server stores in, it need not sync: the tests kill programs, and not
# the machine.
make() {
	as_server "$bin/initdb" -D "$folder/data" -U postgres -A trust \
	    -E SQL_ASCII --locale=C --no-sync &&
		as_server tee -a "$folder/data/postgresql.conf" <<-EOF
		listen_addresses = ''
		unix_socket_directories = '$folder'
		max_connections = 200
		fsync = off
		EOF
}

server_start() {
	(cd "$folder" && as_server "$bin/pg_ctl" -D "$folder/data" \
	    -l "$folder/log" -w -t 100 start)
}

server_stop() {
	as_server "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop \
	    >/dev/null 2>&1
	rm -rf "$folder"
}

# The path is short, for the socket in it.
begin() {
	folder=$(mktemp -d /tmp/pgsql.XXXXXX) || exit 99
	[ "$(id -u)" -ne 0 ] || chown nobody "$folder"
	{
		(cd "$folder" && make) && server_start
	} >"$folder/out" 2>&1 && return 0
	cat "$folder/out" "$folder/log" >&2
	server_stop
	exit 99
}

# Its processes see that it is gone, and end; before that it cannot start.
crash() {
	pid=$(head -n 1 "$folder/data/postmaster.pid") || exit 1
	kill -KILL "$pid" || exit 1
	tries=0
	until server_start >"$folder/out" 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || {
			cat "$folder/out" "$folder/log" >&2
			exit 1
		}
		sleep 0.05
	done
}

case ${1:-} in
-start)
	begin
	echo "$folder"
	;;
-crash)
	folder=$2
	crash
	;;
-stop)
	folder=$2
	server_stop
	;;
*)
	begin
	trap server_stop EXIT
	trap 'exit 1' INT TERM
	STRIPEHOOK_TEST_PGSQL="host=$folder user=postgres" "$@"
	;;
esac
