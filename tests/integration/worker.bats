#!/usr/bin/env bats
# The worker: handlers that run after the answer.

load lib

setup() {
	place_open
	need sqlite3 openssl
}

teardown() {
	tell
	place_close
}

# queued NAME [OPTION...]: a section for every event, whose processes can be
# found again.
queued() {
	local name=$1

	shift
	handler "$name" '"*"' "environment = { \"PLACE=$T\" }" "$@"
}

# hostile NAME WORDS...: a handler that becomes one of tests/handlers.
hostile() {
	local name=$1

	shift
	script "$name" <<-SCRIPT
	ran
	exec $srcdir/tests/handlers/$*
	SCRIPT
}

# attempt ID HANDLER WHAT: of its last attempt.
attempt() {
	"$COMMAND" show --json "$1" | "$PYTHON" -c '
import json, sys
shown = json.load(sys.stdin)
for d in shown["deliveries"]:
    if d["handler"] == sys.argv[1]:
        print(d["attempts"][-1][sys.argv[2]])' "$2" "$3"
}

# holding ID...: events that are kept, and a worker that runs "slow" for all of
# them at this moment.
holding() {
	local id

	marked slow <<-'SCRIPT'
	begin
	hold
	end
	SCRIPT
	{
		shop
		queued slow
	} | conf
	for id; do
		snapshot "$id"
		gets 200
	done
	worker_start
	wait_for 20 marks_are $# B
}

# Picking up -------------------------------------------------------------------

@test "a queued handler runs after the answer" {
	usual
	worker_start
	snapshot evt_1
	gets 200
	wait_for 10 delivery_is 'succeeded 1' evt_1 fulfil
	ran fulfil 'evt_1 1'
	gets 200
	snapshot evt_2
	gets 200
	wait_for 10 delivery_is 'succeeded 1' evt_2 fulfil
	ran fulfil "$(printf 'evt_1 1\nevt_2 1')"
	log_has 'evt_1, handler "fulfil", attempt 1: succeeded'
	worker_stop
	log_has 'stopped'
}

@test "an event that was there before the worker" {
	usual
	snapshot evt_1
	gets 200
	worker_start
	wait_for 10 delivery_is 'succeeded 1' evt_1 fulfil
	worker_stop
}

# What a queued handler gets is what an inline one gets.
@test "what a handler gets" {
	script show <<-'SCRIPT'
	env | sort >"$T/env"
	cat >"$T/in"
	ls -l /proc/self/fd >"$T/fds"
	ran
	SCRIPT
	{
		shop
		queued show
	} | conf
	snapshot evt_1
	gets 200
	worker_once
	ran show 'evt_1 1'
	cmp "$T/in" "$EVENT"
	grep -qx 'STRIPE_EVENT_ID=evt_1' "$T/env"
	grep -qx 'STRIPEHOOK_HANDLER=show' "$T/env"
	refute grep -qE '^(HTTP_|REQUEST_|STRIPEHOOK_CONFIG|NOTIFY_SOCKET)' \
	    "$T/env"
	refute grep -qE 'whsec_|socket:|events\.db' "$T/fds"
}

# picks_up N: so many events, each sent when the one before has been handled.
picks_up() {
	local i

	for ((i = 1; i <= $1; i++)); do
		snapshot "evt_$2$i"
		gets 200
		wait_for 20 ran_times clock $((i + ${3:-0}))
	done
}

clock() {
	script clock <<-'SCRIPT'
	echo "$STRIPE_EVENT_ID $(date +%s%3N)" >>"$T/clock"
	ran
	SCRIPT
	{
		shop
		queued clock
	} | conf
}

# The worker looks once a second without a hint; each of these would then take
# nearly that.
@test "picked up at once" {
	local median

	clock
	worker_start
	picks_up 11 a
	worker_stop
	db 'SELECT event_id, received_ms FROM event' | tr '|' ' ' |
	    sort >"$T/received"
	median=$(sort "$T/clock" | join "$T/received" - |
	    awk '{ print $3 - $2 }' | sort -n | sed -n 6p)
	echo "# from the commit to the handler: $median ms" >&3
	[ "$median" -lt 500 ] || fail "picked up after $median ms"
}

@test "picked up without hints" {
	clock
	worker_start
	picks_up 1 a
	rm "$STORE.wake"
	picks_up 2 b 1
	worker_stop
	worker_start
	picks_up 1 c 3
	worker_stop
	is 4 "$(wc -l <"$T/ran.clock")" "runs"
}

# How many at once ----------------------------------------------------------------

@test "concurrency of all handlers together" {
	marked slow <<-'SCRIPT'
	begin
	hold
	end
	SCRIPT
	{
		shop
		queued slow
	} | conf 'concurrency = 3'
	for i in 1 2 3 4 5 6 7; do
		snapshot "evt_$i"
		gets 200
	done
	worker_start
	wait_for 20 marks_are 3 B
	refute wait_for 2 marks_are 4 B
	: >"$T/go"
	wait_for 30 marks_are 7 E
	worker_stop
	is 3 "$(most_at_once 0)" "handlers at once"
}

@test "concurrency of one handler" {
	local i

	for i in single free; do
		marked "$i" <<-'SCRIPT'
		begin
		hold
		end
		SCRIPT
	done
	{
		shop
		queued single 'concurrency = 1'
		queued free
	} | conf 'concurrency = 4'
	for i in 1 2 3 4; do
		snapshot "evt_$i"
		gets 200
	done
	worker_start
	# The slots that the one may not have are the other's.
	wait_for 20 marks_are 3 'B free'
	wait_for 20 marks_are 1 'B single'
	: >"$T/go"
	wait_for 30 marks_are 8 E
	worker_stop
	grep ' single ' "$T/marks" >"$T/single"
	mv "$T/single" "$T/marks"
	is 1 "$(most_at_once 0)" "of the single one at once"
}

# Again, and never again -------------------------------------------------------------

@test "a failed handler runs again until it succeeds" {
	script bad <<-'SCRIPT'
	ran
	[ "$STRIPEHOOK_ATTEMPT" -eq 3 ]
	SCRIPT
	{
		shop
		queued bad 'backoff = 1' 'backoff-max = 1'
	} | conf
	snapshot evt_1
	gets 200
	worker_start
	wait_for 20 delivery_is 'succeeded 3' evt_1 bad
	worker_stop
	ran bad "$(printf 'evt_1 1\nevt_1 2\nevt_1 3')"
	log_has 'evt_1, handler "bad", attempt 1: exit 1; again in 1 s'
	# Between half of the backoff and all of it, and whatever the machine
	# takes beyond.
	is 2 "$(db 'SELECT count(*) FROM attempt a JOIN attempt b
	    ON b.number = a.number + 1
	    WHERE b.started_ms - a.ended_ms >= 500')" "pauses long enough"
}

# The time until the next attempt, as the store has it: no waiting is needed.
@test "the backoff doubles up to its maximum" {
	local i most=1000 delay

	script bad <<-'SCRIPT'
	ran
	exit 1
	SCRIPT
	{
		shop
		queued bad 'backoff = 1000' 'backoff-max = 5000'
	} | conf
	snapshot evt_1
	gets 200
	for most in 1000 2000 4000 5000 5000; do
		worker_once
		delay=$(db 'SELECT (due_ms - ended_ms) / 1000 FROM attempt, delivery
		    ORDER BY number DESC LIMIT 1')
		[ "$delay" -ge $((most / 2)) ] && [ "$delay" -le $((most + 5)) ] ||
		    fail "due after $delay s, not $((most / 2)) to $most"
		retries_due
	done
	is 'pending 5' "$(delivery evt_1 bad)" "delivery"
}

@test "parked after its attempts, and made due by hand" {
	script bad <<-'SCRIPT'
	ran
	[ -e "$T/repaired" ]
	SCRIPT
	{
		shop
		queued bad 'attempts = 2' 'backoff = 1'
	} | conf
	snapshot evt_1
	gets 200
	worker_once --linger 20
	is 'failed 2' "$(delivery evt_1 bad)" "delivery"
	log_has 'parked as failed'
	worker_once
	ran_times bad 2
	: >"$T/repaired"
	"$COMMAND" retry --failed >"$T/out"
	worker_once
	is 'succeeded 3' "$(delivery evt_1 bad)" "delivery"
	# Counted afresh for the handler.
	ran bad "$(printf 'evt_1 1\nevt_1 2\nevt_1 1')"
}

# There is nothing to wait for: the next one begins as soon as it is recorded.
@test "deliveries that cannot begin do not hold up others" {
	local i

	script bad <<<ran
	{
		shop
		queued bad
	} | conf
	for i in 1 2 3 4 5 6 7 8 9 10; do
		snapshot "evt_$i" payment_intent.succeeded pi_same
		gets 200
	done
	db 'UPDATE event SET body = NULL'
	worker_once
	is 10 "$(db 'SELECT count(*) FROM delivery WHERE state = 3')" "parked"
	log_has 'no longer in the store'
	[ "$(db 'SELECT max(started_ms) - min(started_ms)
	    FROM attempt')" -lt 5000 ] || fail "one in a second"
}

@test "exit 100 parks at once" {
	script bad <<-'SCRIPT'
	ran
	exit 100
	SCRIPT
	{
		shop
		queued bad
	} | conf
	snapshot evt_1
	gets 200
	worker_once --linger 20
	is 'failed 1' "$(delivery evt_1 bad)" "delivery"
	ran bad 'evt_1 1'
}

@test "given up after a time" {
	script bad <<-'SCRIPT'
	ran
	exit 1
	SCRIPT
	{
		shop
		queued bad 'give-up = 100' 'backoff = 1000' 'backoff-max = 1000'
	} | conf
	snapshot evt_1
	gets 200
	worker_once
	is 'pending 1' "$(delivery evt_1 bad)" "delivery"
	retries_due
	db 'UPDATE event SET received_ms = received_ms - 101000'
	worker_once
	is 'failed 2' "$(delivery evt_1 bad)" "delivery"
}

# Signals --------------------------------------------------------------------------

# cpu_ticks PID: of 1/100 s, used by the process itself so far.
cpu_ticks() {
	local stat

	read -r stat <"/proc/$1/stat"
	stat=${stat##*) }
	# shellcheck disable=SC2086 # split on purpose
	set -- $stat
	echo $((${12} + ${13}))
}

@test "SIGTERM: what runs may end, nothing new begins" {
	local used

	holding evt_1
	kill -TERM "$WORKER_PID"
	wait_for 10 says 'stopping: 1 handlers still run'
	snapshot evt_2
	gets 200
	# It waits, and does not turn round meanwhile.
	used=$(cpu_ticks "$WORKER_PID")
	refute wait_for 2 ended "$WORKER_PID"
	used=$(($(cpu_ticks "$WORKER_PID") - used))
	[ "$used" -lt 50 ] || fail "busy while it waited: $used of 200 ticks"
	is 1 "$(marks B)" "handlers that began"
	: >"$T/go"
	worker_ends
	is 1 "$(marks E)" "handlers that ended"
	is 'succeeded 1' "$(delivery evt_1 slow)" "delivery"
	is 'pending 0' "$(delivery evt_2 slow)" "delivery"
	worker_once
	is 'succeeded 1' "$(delivery evt_2 slow)" "delivery"
}

# Until the handler's own deadline, not longer.
@test "SIGTERM: a handler that hangs has its deadline" {
	hostile bad stubborn.sh
	{
		shop
		queued bad 'timeout = 2' 'grace = 1' 'backoff = 100'
	} | conf
	snapshot evt_1
	gets 200
	worker_start
	wait_for 10 ran_times bad 1
	kill -TERM "$WORKER_PID"
	worker_ends
	is 'pending 1' "$(delivery evt_1 bad)" "delivery"
	nothing_runs
}

@test "SIGTERM twice: handlers are stopped at once" {
	hostile bad stubborn.sh
	{
		shop
		queued bad 'timeout = 1000' 'grace = 1' 'backoff = 100'
	} | conf
	snapshot evt_1
	gets 200
	worker_start
	wait_for 10 ran_times bad 1
	kill -TERM "$WORKER_PID"
	wait_for 10 says 'stopping: 1 handlers still run'
	kill -TERM "$WORKER_PID"
	worker_ends
	is 'pending 1' "$(delivery evt_1 bad)" "delivery"
	is 'later' "$(attempt evt_1 bad outcome)" "attempt"
	nothing_runs
}

@test "SIGHUP: executes itself again when nothing runs" {
	holding evt_1
	kill -HUP "$WORKER_PID"
	wait_for 10 says 'starting afresh'
	snapshot evt_2
	gets 200
	is 1 "$(marks B)" "handlers that began"
	: >"$T/go"
	wait_for 20 marks_are 2 E
	wait_for 10 log_times 2 'working, up to'
	wait_for 10 delivery_is 'succeeded 1' evt_1 slow
	wait_for 10 delivery_is 'succeeded 1' evt_2 slow
	worker_stop
	is 2 "$(marks B)" "handlers that began"
}

# None of them may find it without protection: it would be its end.
@test "SIGHUP: many of them" {
	local i

	holding evt_1
	: >"$T/go"
	for ((i = 0; i < 100; i++)); do
		kill -HUP "$WORKER_PID" || fail "ended by SIGHUP"
		sleep 0.01
	done
	snapshot evt_2
	gets 200
	wait_for 20 delivery_is 'succeeded 1' evt_2 slow
	is 'succeeded 1' "$(delivery evt_1 slow)" "delivery"
	worker_stop
}

# Told to stop while it starts afresh, it stops as it should.
@test "SIGTERM right after SIGHUP" {
	local i

	usual
	for ((i = 0; i < 9; i++)); do
		snapshot "evt_$i"
		gets 200
		worker_start
		wait_for 10 ran_times fulfil $((i + 1))
		kill -HUP "$WORKER_PID"
		sleep "0.0$i"
		kill -TERM "$WORKER_PID"
		worker_ends
	done
}

# Configuration -----------------------------------------------------------------------

@test "a changed configuration" {
	holding evt_1
	marked other <<-'SCRIPT'
	begin
	end
	SCRIPT
	{
		shop
		queued slow
		queued other
	} | conf_write
	wait_for 20 says 'the configuration has changed'
	snapshot evt_2
	gets 200
	is 1 "$(marks B)" "handlers that began"
	: >"$T/go"
	wait_for 20 delivery_is 'succeeded 1' evt_2 other
	wait_for 20 delivery_is 'succeeded 1' evt_2 slow
	is 'succeeded 1' "$(delivery evt_1 slow)" "delivery"
	alive "$WORKER_PID"
	worker_stop
	is 3 "$(marks B)" "handlers that began"
}

@test "a bad configuration: goes on with the one before" {
	usual
	worker_start
	snapshot evt_1
	gets 200
	wait_for 10 ran_times fulfil 1
	cp "$STRIPEHOOK_CONFIG" "$T/good.conf"
	# A mistake that leaves the endpoint as it was.
	{
		cat "$T/good.conf"
		handler odd '"*"'
	} >"$T/bad.conf"
	mv "$T/bad.conf" "$STRIPEHOOK_CONFIG"
	wait_for 20 says 'going on with the one before'
	kill -HUP "$WORKER_PID"
	wait_for 10 log_times 2 'going on with the one before'
	mv "$T/good.conf" "$STRIPEHOOK_CONFIG"
	snapshot evt_2
	gets 200
	wait_for 10 delivery_is 'succeeded 1' evt_2 fulfil
	alive "$WORKER_PID"
	worker_stop
}

@test "not started with a bad configuration, or without a store" {
	local status=0

	usual
	echo 'concurrency = 0' >>"$STRIPEHOOK_CONFIG"
	timeout 20 "$WORKER" >"$T/out" 2>&1 || status=$?
	is 1 "$status" "exit code"
	script fulfil <<<ran
	{
		shop
		queued fulfil
	} | conf_write
	rm "$STORE"*
	status=0
	timeout 20 "$WORKER" >"$T/out" 2>&1 || status=$?
	is 75 "$status" "exit code"
	log_has 'stripehook init'
	status=0
	"$WORKER" --wrong >"$T/out" 2>&1 || status=$?
	is 2 "$status" "exit code"
	status=0
	"$WORKER" --linger x >"$T/out" 2>&1 || status=$?
	is 2 "$status" "exit code"
	"$WORKER" --help >"$T/out"
	grep -q '^usage: stripehook-worker' "$T/out"
	"$WORKER" -V >"$T/out"
	grep -q '^stripehook ' "$T/out"
}

@test "a handler that is no longer configured" {
	script gone <<-'SCRIPT'
	ran
	SCRIPT
	script stays <<-'SCRIPT'
	ran
	SCRIPT
	{
		shop
		queued gone
		queued stays
	} | conf
	snapshot evt_1
	gets 200
	{
		shop
		queued stays
	} | conf_write
	worker_once
	is 'succeeded 1' "$(delivery evt_1 stays)" "delivery"
	is 'pending 0' "$(delivery evt_1 gone)" "delivery"
	"$COMMAND" stats >"$T/stats"
	grep -q gone "$T/stats" || fail "stats: $(cat "$T/stats")"
	"$COMMAND" check >"$T/check" 2>&1 || :
	grep -qw gone "$T/check" || fail "check: $(cat "$T/check")"
	"$COMMAND" retry --handler gone evt_1 >"$T/retry"
	worker_once
	is 'pending 0' "$(delivery evt_1 gone)" "delivery"
	{
		shop
		queued gone
		queued stays
	} | conf_write
	worker_once
	is 'succeeded 1' "$(delivery evt_1 gone)" "delivery"
	ran stays 'evt_1 1'
}

# Until idle ------------------------------------------------------------------------

@test "--until-idle: does what is due, and ends" {
	local i

	usual
	worker_once
	for i in 1 2 3 4 5 6; do
		snapshot "evt_$i"
		gets 200
	done
	worker_once
	ran_times fulfil 6
	count_is 0 'state <> 2'
}

@test "--until-idle: does not wait for a retry, with --linger it does" {
	script bad <<-'SCRIPT'
	ran
	[ "$STRIPEHOOK_ATTEMPT" -gt 1 ]
	SCRIPT
	{
		shop
		queued bad 'backoff = 2' 'backoff-max = 2'
	} | conf
	snapshot evt_1
	gets 200
	worker_once
	is 'pending 1' "$(delivery evt_1 bad)" "delivery"
	worker_once --linger 20
	is 'succeeded 2' "$(delivery evt_1 bad)" "delivery"
	# What is due later than that is not waited for.
	snapshot evt_2
	gets 200
	worker_once
	db 'UPDATE delivery SET due_ms = due_ms + 3600000,
	    ready_ms = ready_ms + 3600000 WHERE state = 0'
	worker_once --linger 20
	is 'pending 1' "$(delivery evt_2 bad)" "delivery"
}

@test "--until-idle: two at once, one works" {
	local first

	marked slow <<-'SCRIPT'
	begin
	hold
	end
	SCRIPT
	{
		shop
		queued slow
	} | conf 'concurrency = 1'
	snapshot evt_1
	gets 200
	worker_start --until-idle
	first=$WORKER_PID
	wait_for 10 marks_are 1 B
	snapshot evt_2
	gets 200
	# The second leaves although there is work, and nobody waits for it.
	worker_once
	alive "$first"
	is 1 "$(marks B)" "handlers that began"
	: >"$T/go"
	worker_ends "$first"
	is 'succeeded 1' "$(delivery evt_1 slow)" "delivery"
	is 'succeeded 1' "$(delivery evt_2 slow)" "delivery"
	is 2 "$(marks B)" "handlers that began"
}

# Started together, as by several requests.
@test "--until-idle: many at the same moment" {
	local i pids=()

	marked quick <<-'SCRIPT'
	begin
	end
	SCRIPT
	{
		shop
		queued quick
	} | conf
	for i in 1 2 3; do
		snapshot "evt_$i"
		gets 200
	done
	for i in 1 2 3 4 5 6; do
		worker_start --until-idle
		pids+=("$WORKER_PID")
	done
	for i in "${pids[@]}"; do
		worker_ends "$i"
	done
	is 3 "$(marks B)" "handlers that began"
	count_is 0 'state <> 2'
}

@test "--until-idle and a service" {
	local first

	holding evt_1
	snapshot evt_2
	gets 200
	worker_once
	: >"$T/go"
	wait_for 20 delivery_is 'succeeded 1' evt_2 slow
	worker_stop
	# The other way round, the service waits until it is alone.
	rm "$T/go"
	snapshot evt_3
	gets 200
	worker_start --until-idle
	first=$WORKER_PID
	wait_for 10 marks_are 3 B
	worker_start
	wait_for 10 says 'waiting: another worker'
	: >"$T/go"
	worker_ends "$first"
	snapshot evt_4
	gets 200
	wait_for 10 delivery_is 'succeeded 1' evt_4 slow
	worker_stop
}

@test "a service that waits for another can be stopped" {
	local first

	marked slow <<-'SCRIPT'
	begin
	hold
	end
	SCRIPT
	{
		shop
		queued slow
	} | conf
	snapshot evt_1
	gets 200
	worker_start --until-idle
	first=$WORKER_PID
	wait_for 10 marks_are 1 B
	worker_start
	wait_for 10 says 'waiting: another worker'
	worker_stop
	: >"$T/go"
	worker_ends "$first"
}

# Started by the endpoint ----------------------------------------------------------

on_demand() {
	marked slow <<-'SCRIPT'
	cat "/proc/$PPID/environ" | tr '\0' '\n' >"$T/worker.env"
	ls -l "/proc/$PPID/fd" >"$T/worker.fds"
	cut -d ' ' -f 4-6 "/proc/$PPID/stat" >"$T/worker.stat"
	echo "$PPID" >"$T/worker.pid"
	begin
	hold
	end
	SCRIPT
	{
		shop
		queued slow
	} | conf 'worker = "on-demand"' "worker-program = \"$WORKER\""
}

# The answer was complete while the handler still ran; then all of it ends.
demanded() {
	local pid

	wait_for 20 marks_are 1 B
	is 0 "$(marks E)" "handlers that ended"
	pid=$(cat "$T/worker.pid")
	started "$pid"
	alive "$pid"
	# In a session of its own, nobody's child, away from the web server.
	refute grep -qE '^(HTTP_|REQUEST_|CONTENT_|REMOTE_)' "$T/worker.env"
	refute grep -qE 'fcgi\.sock|pipe:.*(0|1|2) ->' "$T/worker.fds"
	grep -q '/dev/null' "$T/worker.fds"
	[ "$(cut -d ' ' -f 3 "$T/worker.stat")" != \
	    "$(ps -o sid= -p $$ | tr -d ' ')" ]
	# A second event meanwhile is this worker's too.
	snapshot evt_2
	gets 200
	wait_for 20 marks_are 2 B
	is "$pid" "$(cat "$T/worker.pid")" "the worker"
	: >"$T/go"
	wait_for 20 delivery_is 'succeeded 1' evt_1 slow
	wait_for 20 delivery_is 'succeeded 1' evt_2 slow
	wait_for 20 ended "$pid"
	nothing_runs
	is 2 "$(marks B)" "handlers that began"
	# And the next one is another's.
	snapshot evt_3
	gets 200
	wait_for 20 delivery_is 'succeeded 1' evt_3 slow
	[ "$pid" != "$(cat "$T/worker.pid")" ] || fail "the same worker"
	wait_for 20 ended "$(cat "$T/worker.pid")"
}

# The answer is read to its end: whoever held the pipe would hold it up.
@test "on demand: plain CGI" {
	on_demand
	snapshot evt_1
	prepare
	CLIENT_TIME=10
	cgi_run "${PARAMS[@]}" <"$EVENT" | cat >"$T/raw"
	parse_raw
	is 200 "$STATUS" "answer"
	demanded
}

@test "on demand: FastCGI" {
	GATE=raw
	need spawn-fcgi "$PYTHON"
	on_demand
	gate_open
	snapshot evt_1
	gets 200
	wait_for 20 marks_are 1 B
	demanded
	# The endpoint has no children, and can be stopped while a worker works.
	rm "$T/go"
	snapshot evt_4
	gets 200
	wait_for 20 marks_are 4 B
	kill -TERM "$FCGI_PID"
	wait_for 10 ended "$FCGI_PID"
	: >"$T/go"
	wait_for 20 delivery_is 'succeeded 1' evt_4 slow
	wait_for 20 ended "$(cat "$T/worker.pid")"
}

@test "on demand: fcgiwrap" {
	need nginx fcgiwrap curl
	on_demand
	GATE=fcgi
	fcgiwrap -s "unix:$T/fcgi.sock" </dev/null >"$T/wrap.out" \
	    2>>"$T/wrap.err" 3>&- &
	started $!
	wait_for 10 test -S "$T/fcgi.sock"
	nginx_location() {
		cat <<-CONF
		location / {
			fastcgi_pass unix:$T/fcgi.sock;
			fastcgi_param REQUEST_METHOD \$request_method;
			fastcgi_param CONTENT_LENGTH \$content_length;
			fastcgi_param CONTENT_TYPE \$content_type;
			fastcgi_param REMOTE_ADDR \$remote_addr;
			fastcgi_param GATEWAY_INTERFACE CGI/1.1;
			fastcgi_param SCRIPT_FILENAME $CGI;
			fastcgi_param STRIPEHOOK_CONFIG $STRIPEHOOK_CONFIG;
		}
		CONF
	}
	nginx_start
	CLIENT_TIME=10
	snapshot evt_1
	gets 200
	demanded
}

@test "on demand: Apache, mod_cgid" {
	GATE=fcgi
	on_demand
	sample_programs
	{
		echo "ScriptSock $T/cgid.sock"
		echo "SetEnv STRIPEHOOK_CONFIG $STRIPEHOOK_CONFIG"
		sample apache/cgi.conf
	} >"$T/apache.inc"
	apache_start alias env cgid
	CLIENT_TIME=10
	snapshot evt_1
	gets 200
	demanded
}

# Two requests, and more, at the same moment: nothing is left over, nothing done
# twice, whoever found a worker that was about to leave.
@test "on demand: events while the worker leaves" {
	local i

	need nginx spawn-fcgi curl
	script quick <<-'SCRIPT'
	echo "$PPID" >>"$T/workers"
	ran
	SCRIPT
	{
		shop
		queued quick
	} | conf 'worker = "on-demand"' "worker-program = \"$WORKER\""
	GATE=fcgi
	gate_open
	"$PYTHON" "$LOAD" --secret "$SECRET" --url "$URL" --events 100 \
	    --clients 2 --pause 0.1 >"$T/sent" 2>"$T/load.err" 3>&- ||
	    fail "$(cat "$T/load.err")"
	# Nothing else makes the last ones go: there is no service here.
	wait_for 20 ran_times quick 100
	wait_for 20 count_is 0 'state <> 2'
	while read -r i; do
		wait_for 20 ended "$i"
	done <"$T/workers"
	echo "# $(sort -u "$T/workers" | wc -l) workers for 100 events" >&3
}

# It is idle and removes old events before it leaves, which takes a while. An
# event of that time finds it still there, so nobody else is started for it.
@test "on demand: an event while the worker cleans up" {
	script quick <<<ran
	{
		shop
		queued quick
	} | conf 'worker = "on-demand"' "worker-program = \"$WORKER\""
	db "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL
	    SELECT i + 1 FROM n WHERE i < 10000)
	INSERT INTO event (endpoint, event_id, type, style, created,
	    received_ms, livemode, object, object_id, customer, account,
	    context, api_version, request_id, snapshot_event, size, body)
	SELECT 'shop', 'evt_old_' || i, 'payment_intent.created', 1, 1, i, 0,
	    'payment_intent', 'pi_' || i, '', '', '', '', '', '', 2, '{}'
	    FROM n"
	snapshot evt_2
	prepare
	params=("${PARAMS[@]}")
	snapshot evt_1
	gets 200
	wait_for 20 says 'evt_1, handler "quick", attempt 1: succeeded'
	cgi_run "${params[@]}" <"$T/evt_2" >"$T/raw"
	parse_raw
	is 200 "$STATUS" "answer"
	wait_for 20 ran_times quick 2
	wait_for 20 count_is 0 'state <> 2'
}

@test "on demand: a worker that cannot be started harms no answer" {
	script fulfil <<<ran
	cp /bin/true "$T/gone"
	{
		shop
		queued fulfil
	} | conf 'worker = "on-demand"' "worker-program = \"$T/gone\""
	printf 'nonsense' >"$T/gone"
	snapshot evt_1
	gets 200
	log_has 'cannot start the worker'
	is 'pending 0' "$(delivery evt_1 fulfil)" "delivery"
}

# Killed ---------------------------------------------------------------------------------

@test "a killed worker: its handlers end, its strays at the next start" {
	local stray

	script slow <<-SCRIPT
	ran
	[ "\$STRIPE_EVENT_ID \$STRIPEHOOK_ATTEMPT" = 'evt_1 1' ] || exit 0
	echo \$\$ >"\$T/main"
	$srcdir/tests/handlers/stray.sh setsid >"\$T/stray"
	SCRIPT
	{
		shop
		queued slow
	} | conf
	snapshot evt_1
	gets 200
	worker_start
	wait_for 10 grep -qs ready "$T/stray"
	stray=$(head -n 1 "$T/stray")
	alive "$stray"
	kill -KILL "$WORKER_PID"
	wait_for 10 ended "$(cat "$T/main")"
	is 'running 1' "$(delivery evt_1 slow)" "delivery"
	worker_start
	wait_for 10 ended "$stray"
	wait_for 10 says 'processes that a worker before left'
	wait_for 10 nothing_runs
	# Its lease holds: it could still be at work elsewhere.
	snapshot evt_2
	gets 200
	wait_for 10 delivery_is 'succeeded 1' evt_2 slow
	is 'running 1' "$(delivery evt_1 slow)" "delivery"
	leases_over
	wait_for 10 delivery_is 'succeeded 2' evt_1 slow
	worker_stop
	is 'lost succeeded' "$(db 'SELECT CASE outcome WHEN 4 THEN "lost"
	    WHEN 1 THEN "succeeded" ELSE outcome END FROM attempt JOIN delivery
	    ON delivery.id = delivery JOIN event ON event.id = event
	    WHERE event_id = "evt_1" ORDER BY number' | paste -sd ' ')" \
	    "attempts"
}

# An event that kills every worker does not go round for ever.
@test "a delivery whose worker always dies is parked" {
	local i

	marked deadly <<-'SCRIPT'
	begin
	kill -KILL "$PPID"
	hold
	SCRIPT
	{
		shop
		queued deadly 'attempts = 3'
	} | conf
	snapshot evt_1
	gets 200
	for i in 1 2 3; do
		worker_start
		wait_for 20 marks_are "$i" B
		wait_for 10 ended "$WORKER_PID"
		leases_over
	done
	worker_start
	wait_for 20 count_is 1 'state = 3'
	worker_stop
	is 3 "$(marks B)" "handlers that began"
}

# Hostile handlers --------------------------------------------------------------------

# one WORDS...: runs it once for one event; nothing is left when the worker is
# gone.
one() {
	hostile bad "$*"
	{
		shop
		queued bad 'timeout = 3' 'grace = 1' 'backoff = 1000' \
		    'backoff-max = 1000'
	} | conf
	snapshot evt_1
	gets 200
	worker_once
	ran bad 'evt_1 1'
	is '' "$(ran_here)" "processes left"
}

@test "hostile: leaves a child" {
	one background.sh
	is 'succeeded 1' "$(delivery evt_1 bad)" "delivery"
}

@test "hostile: leaves a grandchild that ignores TERM" {
	one double-fork.sh
	is 'succeeded 1' "$(delivery evt_1 bad)" "delivery"
}

@test "hostile: leaves a child in another session" {
	one escape.sh
	is 'succeeded 1' "$(delivery evt_1 bad)" "delivery"
}

@test "hostile: leaves one that goes from session to session" {
	one hop.sh 20
	is 'succeeded 1' "$(delivery evt_1 bad)" "delivery"
}

@test "hostile: leaves one that starts ever more" {
	one bomb.sh setsid
	is 'succeeded 1' "$(delivery evt_1 bad)" "delivery"
}

# It cannot be told by its environment, but it is a descendant.
@test "hostile: leaves a child without the mark" {
	local stray

	script bad <<-'SCRIPT'
	ran
	setsid env -i sleep 300 &
	echo "$!" >"$T/stray"
	until grep -qs sleep "/proc/$!/comm"; do
		sleep 0.01
	done
	SCRIPT
	{
		shop
		queued bad
	} | conf
	snapshot evt_1
	gets 200
	worker_once
	is 'succeeded 1' "$(delivery evt_1 bad)" "delivery"
	stray=$(cat "$T/stray")
	refute alive "$stray"
}

@test "hostile: ignores TERM" {
	one stubborn.sh
	is 'pending 1' "$(delivery evt_1 bad)" "delivery"
	is 9 "$(attempt evt_1 bad signal)" "signal"
}

@test "hostile: ends at TERM and says that all is well" {
	one polite.sh
	is 'pending 1' "$(delivery evt_1 bad)" "delivery"
}

@test "hostile: stops itself" {
	one stopped.sh
	is 'pending 1' "$(delivery evt_1 bad)" "delivery"
}

@test "hostile: floods its output" {
	one flood.sh 400000
	is 'succeeded 1' "$(delivery evt_1 bad)" "delivery"
	attempt evt_1 bad output >"$T/output"
	[ "$(wc -c <"$T/output")" -le 4097 ]
	grep -qx 'the end' "$T/output"
}

@test "hostile: floods its output without end" {
	one flood-endless.sh
	is 'pending 1' "$(delivery evt_1 bad)" "delivery"
}

@test "hostile: closes its output" {
	one closes.sh
	is 'pending 1' "$(delivery evt_1 bad)" "delivery"
	is 7 "$(attempt evt_1 bad exit_code)" "exit code"
}

@test "hostile: dies of a signal" {
	one killed.sh SEGV
	is 'pending 1' "$(delivery evt_1 bad)" "delivery"
	is 11 "$(attempt evt_1 bad signal)" "signal"
}

@test "hostile: does not read a large event" {
	hostile bad unread.sh
	{
		shop
		queued bad
	} | conf
	snapshot evt_1 payment_intent.succeeded pi_1 \
	    "$(head -c 1000000 /dev/zero | tr '\0' x)"
	gets 200
	worker_once
	is 'succeeded 1' "$(delivery evt_1 bad)" "delivery"
}

# A stray does not disturb another handler that still runs.
@test "hostile: what another handler left is killed, this one goes on" {
	marked slow <<-'SCRIPT'
	begin
	setsid sh -c "hold() { :; }; exec sleep 300" &
	echo "$!" >"$T/own"
	hold
	end
	SCRIPT
	hostile bad escape.sh
	{
		shop
		handler slow '"payment_intent.*"' "environment = { \"PLACE=$T\" }"
		handler bad '"invoice.*"' "environment = { \"PLACE=$T\" }"
	} | conf
	snapshot evt_1
	gets 200
	worker_start
	wait_for 10 marks_are 1 B
	snapshot evt_2 invoice.paid
	gets 200
	wait_for 10 delivery_is 'succeeded 1' evt_2 bad
	wait_for 10 says 'that a handler had left'
	alive "$(cat "$T/own")"
	: >"$T/go"
	wait_for 10 delivery_is 'succeeded 1' evt_1 slow
	wait_for 10 ended "$(cat "$T/own")"
	worker_stop
	nothing_runs
}

# A worker would not start with it, but one that works goes on.
@test "hostile: not executable, then deleted, then back" {
	script bad <<<ran
	{
		shop
		queued bad 'backoff = 1000' 'backoff-max = 1000'
	} | conf
	snapshot evt_1
	gets 200
	snapshot evt_2
	gets 200
	db 'UPDATE delivery SET due_ms = due_ms + 1000000000,
	    ready_ms = ready_ms + 1000000000'
	snapshot evt_3
	gets 200
	worker_start
	wait_for 10 ran_times bad 1
	chmod 644 "$T/h/bad"
	retries_due
	wait_for 10 count_is 2 'state = 0 AND attempts = 1'
	log_has 'ermission'
	rm "$T/h/bad"
	retries_due
	wait_for 10 count_is 2 'state = 0 AND attempts = 2'
	script bad <<<ran
	retries_due
	wait_for 10 count_is 2 'state = 2 AND attempts = 3'
	ran_times bad 3
	worker_stop
}

# count_is N WHICH: so many deliveries are such; for waiting.
count_is() {
	[ "$(db "SELECT count(*) FROM delivery WHERE $2")" -eq "$1" ]
}

# Limits ---------------------------------------------------------------------------------

@test "directory, umask, environment" {
	script bad <<-'SCRIPT'
	ran
	: >"made"
	echo "$GREETING"
	SCRIPT
	mkdir "$T/in"
	{
		shop
		handler bad '"*"' "directory = \"$T/in\"" 'umask = "027"' \
		    'environment = { "GREETING=hello world" }'
	} | conf
	snapshot evt_1
	gets 200
	worker_once
	is 'hello world' "$(attempt evt_1 bad output)" "output"
	is 640 "$(stat -c %a "$T/in/made")" "mode"
}

@test "nice, memory, open files, core" {
	script limits <<-SCRIPT
	exec $srcdir/tests/handlers/limits.sh
	SCRIPT
	script hungry <<-SCRIPT
	exec $srcdir/tests/handlers/hungry.sh
	SCRIPT
	{
		shop
		handler limits '"*"' 'nice = 3' 'memory = 100' 'open-files = 50'
		handler hungry '"*"' 'memory = 100'
	} | conf
	snapshot evt_1
	gets 200
	worker_once
	attempt evt_1 limits output >"$T/output"
	grep -qx "nice $(($(nice) + 3))" "$T/output"
	grep -qx 'memory 102400 102400' "$T/output"
	grep -qx 'files 50 50' "$T/output"
	grep -qx 'core 0 0' "$T/output"
	is 'pending 1' "$(delivery evt_1 hungry)" "delivery"
}

@test "as another user" {
	[ "$(id -u)" -eq 0 ] || skip "only root can"
	id -u nobody >"$T/id" 2>&1 || skip "no user nobody"
	cp "$srcdir/tests/handlers/user.sh" "$T/h/who"
	chmod 755 "$T" "$T/h" "$T/h/who"
	{
		shop
		handler who '"*"' 'user = "nobody"'
	} | conf
	snapshot evt_1
	gets 200
	worker_once
	is 'succeeded 1' "$(delivery evt_1 who)" "delivery"
	attempt evt_1 who output >"$T/output"
	grep -qx "user $(id -u nobody) $(id -u nobody)" "$T/output"
	grep -qx "group $(id -g nobody) $(id -g nobody)" "$T/output"
	grep -qx "groups $(id -G nobody)" "$T/output"
	grep -q '"id": "evt_1"' "$T/output"
}

# Events of its own ---------------------------------------------------------------------

# own_events: how many of each type are kept.
own_events() {
	db 'SELECT type, count(*) FROM event WHERE endpoint = "stripehook"
	    GROUP BY type ORDER BY type' | paste -sd ' '
}

alarms() {
	script bad <<-'SCRIPT'
	ran
	exit 1
	SCRIPT
	script person <<-'SCRIPT'
	cat >"$T/alarm.$STRIPE_EVENT_TYPE"
	ran
	SCRIPT
	{
		shop
		handler bad '"payment_intent.*"' 'backoff = 1000' \
		    'backoff-max = 1000' "${ALARM_OPTIONS[@]}"
		handler person '"stripehook.*"'
		# Not meant by what stands for everything.
		script all <<<ran
		handler all '"*"'
	} | conf 'alert-interval = 31536000' "$@"
}

@test "own events: a parked delivery" {
	ALARM_OPTIONS=('attempts = 1')
	alarms
	snapshot evt_1
	gets 200
	worker_once
	is 'stripehook.delivery.failed|1' "$(own_events)" "events"
	is 1 "$(wc -l <"$T/ran.person")" "alarms"
	"$PYTHON" -c '
import json, sys
event = json.load(open(sys.argv[1]))
o = event["data"]["object"]
assert event["type"] == "stripehook.delivery.failed", event
assert event["object"] == "event" and event["id"].startswith("evt_"), event
assert o["event"] == "evt_1" and o["handler"] == "bad", o
assert o["attempts"] == 1 and o["endpoint"] == "shop", o' \
	    "$T/alarm.stripehook.delivery.failed"
	ran all 'evt_1 1'
	# One in the interval.
	snapshot evt_2
	gets 200
	worker_once
	is 'failed 1' "$(delivery evt_2 bad)" "delivery"
	is 'stripehook.delivery.failed|1' "$(own_events)" "events"
	is 1 "$(wc -l <"$T/ran.person")" "alarms"
}

@test "own events: failing time and again, over two workers" {
	ALARM_OPTIONS=('alert-after = 3')
	alarms
	snapshot evt_1
	gets 200
	snapshot evt_2
	gets 200
	worker_once
	is '' "$(own_events)" "events"
	retries_due
	worker_once
	is 'stripehook.handler.failing|1' "$(own_events)" "events"
	is 1 "$(wc -l <"$T/ran.person")" "alarms"
	grep -q '"handler": "bad"' "$T/alarm.stripehook.handler.failing"
}

@test "own events: endpoint and worker count failures together" {
	ALARM_OPTIONS=('alert-after = 3' 'run = "inline"')
	alarms
	snapshot evt_1
	gets 500
	retries_due
	worker_once
	is '' "$(own_events)" "events"
	snapshot evt_2
	gets 500
	is 'stripehook.handler.failing|1' "$(own_events)" "events"
	worker_once
	is 1 "$(wc -l <"$T/ran.person")" "alarms"
	grep -q '"streak": 3' "$T/alarm.stripehook.handler.failing"
}

@test "own events: the worker counts what failed before the answer" {
	ALARM_OPTIONS=('alert-after = 2' 'run = "inline"')
	alarms
	worker_start
	snapshot evt_1
	gets 500
	is '' "$(own_events)" "events"
	retries_due
	wait_for 10 ran_times person 1
	worker_stop
	is 'stripehook.handler.failing|1' "$(own_events)" "events"
}

@test "own events: a success ends the row" {
	ALARM_OPTIONS=('alert-after = 2')
	alarms
	script bad <<-'SCRIPT'
	ran
	[ "$STRIPE_EVENT_ID" = evt_2 ]
	SCRIPT
	worker_start
	for i in 1 2 3; do
		snapshot "evt_$i"
		gets 200
		wait_for 10 ran_times bad "$i"
		wait_for 10 count_is 0 'state = 1 OR attempts = 0'
	done
	is '' "$(own_events)" "events"
	snapshot evt_4
	gets 200
	wait_for 10 ran_times person 1
	worker_stop
	is 'stripehook.handler.failing|1' "$(own_events)" "events"
}

@test "own events: never about themselves" {
	ALARM_OPTIONS=('attempts = 1')
	alarms
	{
		shop
		handler person '"stripehook.*"' 'attempts = 1' 'alert-after = 1'
		handler bad '"payment_intent.*"' 'attempts = 1' 'alert-after = 0'
	} | conf_write 'alert-interval = 31536000'
	script person <<-'SCRIPT'
	ran
	exit 1
	SCRIPT
	snapshot evt_1
	gets 200
	worker_once --linger 2
	is 'stripehook.delivery.failed|1' "$(own_events)" "events"
	is 1 "$(wc -l <"$T/ran.person")" "alarms"
	is 1 "$(db 'SELECT count(*) FROM delivery WHERE handler = "person"
	    AND state = 3')" "parked alarms"
}

@test "own events: silence" {
	ALARM_OPTIONS=()
	alarms 'silence = 1000'
	script bad <<<ran
	snapshot evt_1
	gets 200
	worker_once
	is '' "$(own_events)" "events"
	db 'UPDATE event SET received_ms = received_ms - 1001000'
	worker_once
	is 'stripehook.silence|1' "$(own_events)" "events"
	is 1 "$(wc -l <"$T/ran.person")" "alarms"
	# It does not break the silence itself, and there is one in an interval.
	worker_once
	is 'stripehook.silence|1' "$(own_events)" "events"
}

@test "own events: the disk fills up" {
	local most

	ALARM_OPTIONS=()
	# More than any disk has here.
	most=$(($(df -Pk "$T" | awk 'NR == 2 { print $4 }') / 1024 + 100000))
	alarms "disk-low = $most"
	worker_once
	is 'stripehook.disk.low|1' "$(own_events)" "events"
	is 1 "$(wc -l <"$T/ran.person")" "alarms"
	grep -q '"bytes_free": [0-9]' "$T/alarm.stripehook.disk.low"
}

@test "own events: the sample that sends mail" {
	ALARM_OPTIONS=('attempts = 1')
	alarms
	mkdir "$T/bin"
	cat >"$T/bin/sendmail" <<-SCRIPT
	#!/bin/sh
	echo "\$@" >"$T/mail.args"
	cat >"$T/mail"
	SCRIPT
	chmod 755 "$T/bin/sendmail"
	cp "$srcdir/conf/handlers/mail.sh" "$T/h/mail"
	chmod 755 "$T/h/mail"
	script bad <<-'SCRIPT'
	exit 1
	SCRIPT
	{
		shop
		handler bad '"payment_intent.*"' 'attempts = 1'
		handler mail '"stripehook.*"' 'environment = {
		    "MAIL_TO=admin@shop.example",
		    "SENDMAIL='"$T/bin/sendmail"'" }'
	} | conf_write
	snapshot evt_1
	gets 200
	worker_once
	is '-t -i' "$(cat "$T/mail.args")" "arguments"
	grep -qx 'To: admin@shop.example' "$T/mail"
	grep -q '^Subject: .*stripehook.delivery.failed' "$T/mail"
	grep -qx 'event: evt_1' "$T/mail"
	grep -qx 'handler: bad' "$T/mail"
}

# The service manager ------------------------------------------------------------------

@test "systemd hears how it is" {
	grep -q '^#define HAVE_LIBSYSTEMD 1' "$builddir/config.h" ||
	    skip "built without libsystemd"
	usual
	cat >"$T/manager.py" <<-'SCRIPT'
	import socket, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind(sys.argv[1])
	with open(sys.argv[2], "a") as out:
	    while True:
	        out.write(s.recv(4096).decode() + "\n")
	        out.flush()
	SCRIPT
	"$PYTHON" "$T/manager.py" "$T/notify.sock" "$T/notified" </dev/null \
	    >"$T/manager.out" 2>&1 3>&- &
	started $!
	wait_for 10 test -S "$T/notify.sock"
	NOTIFY_SOCKET=$T/notify.sock worker_start
	wait_for 10 grep -qsx 'READY=1' "$T/notified"
	wait_for 10 grep -qsx 'WATCHDOG=1' "$T/notified"
	kill -HUP "$WORKER_PID"
	wait_for 10 grep -qsx 'RELOADING=1' "$T/notified"
	wait_for 10 notified_times 2 'READY=1'
	worker_stop
	wait_for 10 grep -qsx 'STOPPING=1' "$T/notified"
}

notified_times() {
	[ "$(grep -cx "$2" "$T/notified")" -eq "$1" ]
}

# Old events ------------------------------------------------------------------------------

@test "old events go, unfinished ones stay" {
	script fulfil <<-'SCRIPT'
	ran
	[ "$STRIPE_EVENT_ID" != evt_2 ]
	SCRIPT
	{
		shop
		queued fulfil 'backoff = 1000' 'backoff-max = 1000'
	} | conf 'keep-bodies = 10'
	for i in 1 2 3 4; do
		snapshot "evt_$i"
		gets 200
	done
	worker_once
	db "UPDATE event SET received_ms = received_ms - 36 * 86400000
	    WHERE event_id IN ('evt_1', 'evt_2')"
	db "UPDATE event SET received_ms = received_ms - 11 * 86400000
	    WHERE event_id = 'evt_3'"
	worker_once
	is 'evt_2 evt_3 evt_4' "$(db 'SELECT event_id FROM event
	    ORDER BY event_id' | paste -sd ' ')" "events kept"
	is 0 "$(db "SELECT body IS NOT NULL FROM event
	    WHERE event_id = 'evt_3'")" "bodies kept"
	is 1 "$(db "SELECT body IS NOT NULL FROM event
	    WHERE event_id = 'evt_4'")" "bodies kept"
}
