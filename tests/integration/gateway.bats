#!/usr/bin/env bats
# The gateway: how it is started, what the FastCGI protocol may bring, signals
# and changed configurations.

load lib

setup() {
	place_open
}

teardown() {
	place_close
}

# Started -------------------------------------------------------------------------

@test "from a shell: usage" {
	usual
	run env -u GATEWAY_INTERFACE "$CGI" </dev/null
	is 2 "$status" "exit status"
	[[ $output == *"stripehook.cgi(8)"* ]]
	[[ $output == *spawn-fcgi* ]]
}

@test "cgi: a bad configuration is 503, with file and line in the log" {
	usual
	snapshot evt_1
	echo 'tresholds = 3' >>"$STRIPEHOOK_CONFIG"
	gets 503
	head_has 'Retry-After: 30'
	grep -q "$STRIPEHOOK_CONFIG:$(wc -l <"$STRIPEHOOK_CONFIG"): .*tresholds" \
	    "$T/cgi.err"
	refute grep -q tresholds "$T/answer"
	sed -i '$d' "$STRIPEHOOK_CONFIG"
	gets 200
}

@test "cgi: no configuration is 503" {
	usual
	snapshot evt_1
	rm "$STRIPEHOOK_CONFIG"
	gets 503
	grep -q "$STRIPEHOOK_CONFIG" "$T/cgi.err"
}

@test "fcgi: a bad configuration is not started, with file and line" {
	local status=0

	need spawn-fcgi
	usual
	echo 'tresholds = 3' >>"$STRIPEHOOK_CONFIG"
	timeout 20 spawn-fcgi -n -s "$T/fcgi.sock" -- "$CGI" \
	    </dev/null 2>"$T/fcgi.err" || status=$?
	is 1 "$status" "exit status"
	grep -q "$STRIPEHOOK_CONFIG:$(wc -l <"$STRIPEHOOK_CONFIG"): .*tresholds" \
	    "$T/fcgi.err"
	grep -q 'not started' "$T/fcgi.err"
}

@test "descriptor 0 as systemd hands it over" {
	GATE=raw
	need "$PYTHON"
	usual
	"$PYTHON" "$LISTENER" "$T/fcgi.sock" "$CGI" 2>"$T/fcgi.err" 3>&- &
	started $!
	wait_for 10 test -S "$T/fcgi.sock"
	snapshot evt_1
	gets 200
	kill -TERM $!
	wait_for 10 ended $!
	wait $!
}

@test "a socket by systemd-socket-activate" {
	GATE=raw
	need systemd-socket-activate "$PYTHON"
	usual
	# Its descriptor is 3; in a unit StandardInput=socket makes it 0.
	systemd-socket-activate -l "$T/fcgi.sock" -E STRIPEHOOK_CONFIG \
	    /bin/sh -c 'exec "$0" 0<&3 3<&-' "$CGI" </dev/null \
	    >"$T/activate.out" 2>"$T/fcgi.err" 3>&- &
	started $!
	wait_for 10 test -S "$T/fcgi.sock"
	snapshot evt_1
	gets 200
}

@test "a TCP socket" {
	need spawn-fcgi nginx
	usual
	PORT=$(free_port)
	spawn-fcgi -n -a 127.0.0.1 -p "$PORT" -- "$CGI" </dev/null \
	    2>"$T/fcgi.err" 3>&- &
	started $!
	wait_for 10 port_open "$PORT"
	FCGI_PASS=127.0.0.1:$PORT
	nginx_start
	GATE=fcgi
	snapshot evt_1
	gets 200
}

# The protocol ---------------------------------------------------------------------

raw_open() {
	GATE=raw
	need spawn-fcgi "$PYTHON"
	gate_open
}

@test "raw: a repeated Stripe-Signature is joined" {
	local signature

	usual
	raw_open
	snapshot evt_1
	signature=$(sign "$EVENT")
	gets 200 -s "${signature%,*}" -H "Stripe-Signature: ${signature#*,}"
	is 1 "$(stored evt_1)" "events in the store"
	gets 400 -s "$signature" -H "Stripe-Signature: $signature"
	log_has 'malformed: Stripe-Signature has 2 times t'
	# What was joined for one request is not there for the next.
	gets 200
	gets 400 -s ''
	log_has no-signature
}

@test "raw: repeated headers of 9 KB together" {
	local signature pad

	usual
	raw_open
	snapshot evt_1
	signature=$(sign "$EVENT")
	pad=v2=$(printf '%05000d' 0)
	gets 400 -s "$pad" -H "Stripe-Signature: $signature" \
	    -H "Stripe-Signature: $pad"
	log_has malformed
	gets 200
}

@test "raw: control characters in a signature" {
	local signature byte

	usual
	raw_open
	snapshot evt_1
	signature=$(sign "$EVENT")
	for byte in 01 0a 0d 1f 7f; do
		gets 400 -s "$signature\\x$byte"
		gets 400 -s "v2=\\x$byte,$signature"
	done
	log_times 10 'malformed: Stripe-Signature holds a control character'
	is 0 "$(stored evt_1)" "events in the store"
}

# libfcgi hands on C strings, so what follows a NUL cannot be seen. What stands
# before it has to verify.
@test "raw: NUL in values" {
	local signature

	usual
	raw_open
	snapshot evt_1
	signature=$(sign "$EVENT")
	gets 400 -s "t=1\\x00$signature"
	gets 400 -s "\\x00$signature"
	gets 400 -s "${signature:0:60}\\x00${signature:60}"
	gets 400 -s "$(sign "$EVENT" 0 whsec_wrong)\\x00,$signature"
	gets 405 -m "P\\x00OST"
	gets 411 -l "\\x00100"
	is 0 "$(stored evt_1)" "events in the store"
	gets 200
}

@test "raw: parameters that are missing or empty" {
	usual
	raw_open
	snapshot evt_1
	client <"$EVENT" >"$OUT/raw"
	parse_raw
	is 405 "$STATUS" "nothing at all"
	client "REQUEST_METHOD=POST" <"$EVENT" >"$OUT/raw"
	parse_raw
	is 411 "$STATUS" "only a method"
	client "REQUEST_METHOD=POST" "CONTENT_LENGTH=5" <"$EVENT" >"$OUT/raw"
	parse_raw
	is 400 "$STATUS" "no signature"
	client "REQUEST_METHOD=" "CONTENT_LENGTH=" "HTTP_STRIPE_SIGNATURE=" \
	    "=" "=x" <"$EVENT" >"$OUT/raw"
	parse_raw
	is 405 "$STATUS" "empty ones"
	gets 200
}

@test "raw: many and long parameters" {
	local i extra=()

	usual
	raw_open
	snapshot evt_1
	for ((i = 0; i < 300; i++)); do
		extra+=(-H "X-$i: $i")
	done
	extra+=(-H "X-Long: $(printf '%090000d' 0)")
	gets 200 "${extra[@]}"
}

@test "raw: two requests on one kept connection" {
	local first

	usual
	raw_open
	snapshot evt_1
	prepare
	first=("${PARAMS[@]}" "@$EVENT")
	snapshot evt_2
	prepare
	# The third has no signature of its own, and gets none of others.
	client "${first[@]}" -- "${PARAMS[@]}" "@$EVENT" -- \
	    REQUEST_METHOD=POST CONTENT_LENGTH=10 "@$EVENT" \
	    </dev/null >"$T/kept"
	is 'Status: 200 OK,Status: 200 OK,Status: 400 Bad Request,' \
	    "$(grep ^Status: "$T/kept" | tr -d '\r' | tr '\n' ,)" "answers"
	is 1 "$(stored evt_1)" "events in the store"
	is 1 "$(stored evt_2)" "events in the store"
	log_has no-signature
}

# After each of these the next request is served.
@test "raw: peers that leave, abort and talk nonsense" {
	local where

	usual 'threads = 2'
	raw_open
	snapshot evt_1
	prepare
	for where in connect begin params body junk; do
		client --stop "$where" --leave "${PARAMS[@]}" <"$EVENT"
		client --stop "$where" --leave "${PARAMS[@]}" <"$EVENT"
		client --stop "$where" --leave "${PARAMS[@]}" <"$EVENT"
		gets 400 -s ''
	done
	is 0 "$(stored evt_1)" "events in the store"
	prepare -l 5000
	client --abort "${PARAMS[@]}" <"$EVENT" >"$T/aborted" || :
	is 0 "$(stored evt_1)" "events in the store"
	alive "$FCGI_PID"
	gets 200
}

# stall WHERE: a peer that has said half of what it wanted to, and waits.
stall() {
	client_start --stop "$1" "${PARAMS[@]}"
	STALLED+=($!)
	wait_for 10 grep -q stopped "$CLIENT_OUT"
}

@test "raw: stalled peers do not delay another" {
	usual 'threads = 4'
	raw_open
	snapshot evt_1
	prepare
	stall begin
	stall params
	stall body
	CLIENT_TIME=5
	gets 200
	snapshot evt_2
	gets 200
}

# Who waits silently right after connecting is given two seconds by libfcgi.
@test "raw: as many stalled peers as threads: others wait, and are served" {
	usual 'threads = 2'
	raw_open
	snapshot evt_1
	prepare
	stall begin
	stall params
	client_start "${PARAMS[@]}"
	# That it waits is not promised; that it is served is.
	kill "${STALLED[@]}"
	wait $!
	grep -q '^Status: 200' "$CLIENT_OUT"
	is 1 "$(stored evt_1)" "events in the store"
}

@test "fcgi: requests at once" {
	local i

	need nginx spawn-fcgi curl
	usual_inline
	GATE=fcgi
	gate_open
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		load_start "evt_$i" 5
	done
	wait "${LOADS[@]}"
	load_end
	is 60 "$(wc -l <"$T/loads")" "answers"
	is 60 "$("$COMMAND" list -n 0 --json | wc -l)" "events in the store"
	is 60 "$(sort -u "$T/ran.fulfil" | wc -l)" "runs"
	is 60 "$(wc -l <"$T/ran.fulfil")" "runs"
}

# Signals ----------------------------------------------------------------------------

# A handler that runs until $T/go is there.
usual_slow() {
	script slow <<-'SCRIPT'
	ran
	n=0
	until [ -e "$T/go" ] || [ $((n += 1)) -gt 1000 ]; do
		sleep 0.02
	done
	SCRIPT
	{
		shop
		handler slow '"*"' 'run = "inline"'
	} | conf "$@"
}

threads_are() {
	[ "$(find "/proc/$FCGI_PID/task" -mindepth 1 -maxdepth 1 | wc -l)" \
	    -eq "$1" ]
}

# Three requests in hand of a process with four threads; then the signal; once
# the idle thread has seen it, the handlers may go on.
in_flight() {
	need nginx spawn-fcgi curl
	usual_slow 'threads = 4'
	GATE=fcgi
	gate_open
	load_start evt_1 1
	load_start evt_2 1
	load_start evt_3 1
	wait_for 20 ran_times slow 3
	kill "-$1" "$FCGI_PID"
	[ "${SANITIZED-}" = yes ] || wait_for 10 threads_are 4
	alive "$FCGI_PID"
	: >"$T/go"
	load_end
	is 3 "$(wc -l <"$T/loads")" "answers"
}

@test "fcgi: SIGTERM: requests in hand are answered" {
	in_flight TERM
	wait_for 10 ended "$FCGI_PID"
	wait "$FCGI_PID"
	log_has ': stopped'
}

@test "fcgi: SIGINT: requests in hand are answered" {
	in_flight INT
	wait_for 10 ended "$FCGI_PID"
	wait "$FCGI_PID"
}

@test "fcgi: SIGUSR1: requests in hand are answered" {
	in_flight USR1
	wait_for 10 ended "$FCGI_PID"
	wait "$FCGI_PID"
}

@test "fcgi: SIGHUP: requests in hand are answered, the process goes on" {
	in_flight HUP
	wait_for 10 log_times 2 'serving FastCGI'
	alive "$FCGI_PID"
	snapshot evt_4
	gets 200
}

@test "fcgi: SIGTERM while nothing is to be done" {
	GATE=raw
	need spawn-fcgi
	usual
	gate_open
	wait_for 10 says 'serving FastCGI'
	kill -TERM "$FCGI_PID"
	wait_for 5 ended "$FCGI_PID"
	wait "$FCGI_PID"
}

@test "fcgi: a second SIGTERM does not wait" {
	local status=0

	need nginx spawn-fcgi curl
	usual_slow
	GATE=fcgi
	gate_open
	load_start evt_1 1
	wait_for 20 ran_times slow 1
	kill -TERM "$FCGI_PID"
	sleep 0.1 # so that the two are not merged into one
	kill -TERM "$FCGI_PID"
	wait_for 10 ended "$FCGI_PID"
	wait "$FCGI_PID" || status=$?
	is 1 "$status" "exit status"
	: >"$T/go"
}

# A peer that is still sending its parameters has a request in hand, too.
slow_peer() {
	usual 'threads = 2'
	raw_open
	snapshot evt_1
	prepare
	client_start --pause 1 "${PARAMS[@]}"
	wait_for 10 grep -q paused "$CLIENT_OUT.err"
	kill "-$1" "$FCGI_PID"
	wait $! || fail "no answer: $(cat "$CLIENT_OUT.err")"
	grep -q '^Status: 200' "$CLIENT_OUT"
	is 1 "$(stored evt_1)" "events in the store"
}

@test "raw: SIGTERM while parameters arrive" {
	slow_peer TERM
	wait_for 10 ended "$FCGI_PID"
}

@test "raw: SIGHUP while parameters arrive" {
	slow_peer HUP
	wait_for 10 log_times 2 'serving FastCGI'
}

@test "raw: SIGTERM with a stalled peer ends all the same" {
	usual
	raw_open
	snapshot evt_1
	prepare
	stall params
	kill -TERM "$FCGI_PID"
	wait_for 20 ended "$FCGI_PID"
}

@test "raw: SIGHUP executes the program that is there by then" {
	usual
	cp "$CGI" "$T/program"
	CGI=$T/program
	raw_open
	wait_for 10 says 'serving FastCGI'
	cp "$T/program" "$T/newer"
	mv "$T/newer" "$T/program"
	kill -HUP "$FCGI_PID"
	wait_for 10 log_times 2 'serving FastCGI'
	[ "/proc/$FCGI_PID/exe" -ef "$T/program" ]
	snapshot evt_1
	gets 200
}

# Changed configurations ----------------------------------------------------------------

@test "fcgi: changed under load: no request is lost" {
	local i

	need nginx spawn-fcgi curl
	usual
	GATE=fcgi
	gate_open
	wait_for 10 says 'serving FastCGI'
	load_start evt_a
	load_start evt_b
	for i in 1 2 3 4 5; do
		echo "# change $i" >>"$STRIPEHOOK_CONFIG"
		wait_for 10 log_times $((i + 1)) 'serving FastCGI'
	done
	load_end
	log_times 5 'the configuration has changed: starting afresh'
	alive "$FCGI_PID"
	is "$(wc -l <"$T/loads")" "$("$COMMAND" list -n 0 --json | wc -l)" \
	    "events in the store"
}

@test "fcgi: many SIGHUP under load: no request is lost" {
	local i

	need nginx spawn-fcgi curl
	usual
	GATE=fcgi
	gate_open
	wait_for 10 says 'serving FastCGI'
	load_start evt_a
	load_start evt_b
	load_start evt_c
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		kill -HUP "$FCGI_PID"
		wait_for 10 log_times $((i + 1)) 'serving FastCGI'
	done
	load_end
	alive "$FCGI_PID"
}

@test "fcgi: a bad change is not used, and said once; then a good one" {
	need nginx spawn-fcgi curl
	usual
	GATE=fcgi
	gate_open
	wait_for 10 says 'serving FastCGI'
	load_start evt_a
	cp "$STRIPEHOOK_CONFIG" "$T/good"
	echo 'tresholds = 3' >>"$STRIPEHOOK_CONFIG"
	wait_for 10 says 'the changed configuration is not used'
	log_has "$STRIPEHOOK_CONFIG:$(wc -l <"$STRIPEHOOK_CONFIG"): "
	sed 's/^log =/unhandled = "ignore"\nlog =/' "$T/good" >"$T/good.new"
	# Not said again, although it is looked at again: until a HUP asks.
	kill -HUP "$FCGI_PID"
	wait_for 10 log_times 2 'the changed configuration is not used'
	mv "$T/good.new" "$STRIPEHOOK_CONFIG"
	wait_for 10 log_times 2 'serving FastCGI'
	load_end
	log_times 2 'the changed configuration is not used'
	snapshot evt_1 invoice.paid
	gets 200
}

@test "raw: a secret is rolled by its file alone" {
	usual
	raw_open
	wait_for 10 says 'serving FastCGI'
	snapshot evt_1
	gets 400 -s "$(sign "$EVENT" 0 "$OTHER_SECRET")"
	cp "$T/other.whsec" "$T/next.whsec"
	chmod 600 "$T/next.whsec"
	mv "$T/next.whsec" "$T/shop.whsec"
	wait_for 10 log_times 2 'serving FastCGI'
	gets 200 -s "$(sign "$EVENT" 0 "$OTHER_SECRET")"
	gets 400
}

@test "raw: a secret that is gone: the old one goes on, and the log says why" {
	usual
	raw_open
	wait_for 10 says 'serving FastCGI'
	mv "$T/shop.whsec" "$T/away"
	wait_for 10 says 'the changed configuration is not used'
	log_has "$T/shop.whsec"
	snapshot evt_1
	gets 200
	mv "$T/away" "$T/shop.whsec"
	snapshot evt_2
	gets 200
	log_times 1 'serving FastCGI'
}
