#!/usr/bin/env bats
# The sample for machines without systemd: conf/init/stripehook.

load lib

setup() {
	local user group

	place_open
	need spawn-fcgi setsid setpriv ps "$PYTHON" openssl
	usual
	GATE=raw
	mkdir "$T/run"
	user=$(id -un) group=$(id -gn)
	# spawn-fcgi refuses to start anything as root.
	if [ "$(id -u)" -eq 0 ]; then
		user=www-data group=www-data
		id -u "$user" >"$T/id" 2>&1 || skip "no user $user"
		chown -R "$user:$group" "$T"
	fi
	# What an administrator sets in /etc/default/stripehook.
	cat >"$T/defaults" <<-EOT
	SOCKET=$T/fcgi.sock
	PID_DIR=$T/run
	ENDPOINT=$CGI
	WORKER=$WORKER
	SPAWN_FCGI=$(command -v spawn-fcgi)
	STRIPEHOOK_CONFIG=$STRIPEHOOK_CONFIG
	STOP_TIME=20
	RUN_USER=$user
	RUN_GROUP=$group
	SOCKET_GROUP=$group
	EOT
	export STRIPEHOOK_DEFAULTS=$T/defaults
}

teardown() {
	init stop >"$T/stop.out" 2>&1 || :
	place_close
}

# init COMMAND: what it says is in $T/init.out; the exit status is the script's.
init() {
	local pid status=0

	"$builddir/conf/init/stripehook" "$@" </dev/null >"$T/init.out" 2>&1 \
	    3>&- || status=$?
	for pid in "$T"/run/*.pid; do
		[ ! -s "$pid" ] || grep -qx "$(cat "$pid")" "$T/pids" ||
		    started "$(cat "$pid")"
	done
	return $status
}

# exits STATUS COMMAND
exits() {
	local status=0

	init "$2" || status=$?
	is "$1" "$status" "$2: $(cat "$T/init.out")"
}

pid_of() {
	cat "$T/run/$1.pid"
}

@test "init: start, status, stop" {
	local endpoint worker

	exits 3 status
	exits 0 start
	exits 0 status
	endpoint=$(pid_of endpoint) worker=$(pid_of worker)
	grep -q "the endpoint runs, process $endpoint" "$T/init.out"
	grep -q "the worker runs, process $worker" "$T/init.out"
	is 660 "$(stat -c %a "$T/fcgi.sock")" "the socket's mode"
	snapshot evt_1
	gets 200
	wait_for 10 ran_times fulfil 1
	# Started again nothing changes.
	exits 0 start
	is "$endpoint $worker" "$(pid_of endpoint) $(pid_of worker)" "processes"
	exits 0 stop
	ended "$endpoint"
	ended "$worker"
	[ ! -e "$T/fcgi.sock" ]
	exits 3 status
	exits 0 stop
}

@test "init: they are the user's, and nobody's children" {
	local user name

	exits 0 start
	user=$(. "$T/defaults" && echo "$RUN_USER")
	for name in endpoint worker; do
		is "$user" "$(ps -o user= -p "$(pid_of "$name")")" "$name"
		is "$(pid_of "$name")" \
		    "$(ps -o sid= -p "$(pid_of "$name")" | tr -d ' ')" "session"
	done
}

@test "init: restart" {
	local before

	exits 0 start
	before="$(pid_of endpoint) $(pid_of worker)"
	exits 0 restart
	[ "$before" != "$(pid_of endpoint) $(pid_of worker)" ]
	snapshot evt_1
	gets 200
	# Also where nothing runs.
	exits 0 stop
	exits 0 restart
	exits 0 status
}

@test "init: reload under load: no request is refused" {
	local before i

	need nginx curl
	exits 0 start
	before="$(pid_of endpoint) $(pid_of worker)"
	nginx_start
	load_start evt_a
	load_start evt_b
	for i in 1 2 3 4; do
		exits 0 reload
		wait_for 10 log_times $((i + 1)) 'serving FastCGI'
	done
	load_end
	is "$before" "$(pid_of endpoint) $(pid_of worker)" "processes"
	exits 0 stop
	exits 1 reload
}

@test "init: a process with the number of a dead one is left alone" {
	local stranger

	sleep 300 3>&- &
	stranger=$!
	started "$stranger"
	echo "$stranger" >"$T/run/endpoint.pid"
	echo "$stranger" >"$T/run/worker.pid"
	exits 1 status
	grep -q 'the endpoint is dead' "$T/init.out"
	exits 0 stop
	alive "$stranger"
	exits 3 status
}

@test "init: with a broken configuration it says so" {
	echo 'tresholds = 3' >>"$STRIPEHOOK_CONFIG"
	exits 1 start
	grep -q 'the endpoint does not start: .*stripehook check' "$T/init.out"
	exits 3 status
}

@test "init: without a worker" {
	echo 'WITH_WORKER=no' >>"$T/defaults"
	exits 0 start
	exits 0 status
	refute grep -q worker "$T/init.out"
	[ ! -e "$T/run/worker.pid" ]
}

@test "init: anything else is a usage" {
	exits 2 begin
	exits 2 ''
	grep -q '^usage: ' "$T/init.out"
}
