#!/usr/bin/env bats
# Nothing is left behind: memory, descriptors, processes.

load lib

setup() {
	place_open
}

teardown() {
	place_close
}

# Every byte that was allocated is freed, also on the ways of refusal. Where
# the programs are sanitized, their own account is looked at instead.
@test "cgi: no leak and no error in memory" {
	script fulfil <<<ran
	script later <<<ran
	{
		shop
		handler fulfil '"payment_intent.*"' 'run = "inline"'
		handler later '"*"'
	} | conf
	if [ "${SANITIZED-}" != yes ]; then
		need valgrind
		WRAPPER=(valgrind -q --leak-check=full --show-leak-kinds=all
		    --errors-for-leak-kinds=all --error-exitcode=99
		    --child-silent-after-fork=yes "--log-file=$T/valgrind.%p")
	fi
	snapshot evt_1
	gets 200
	gets 200
	PENDING=9 snapshot evt_1
	gets 200
	gets 400 -s ''
	gets 400 -s "$(sign "$EVENT" 0 whsec_wrong)"
	gets 413 -l 999999999
	echo nonsense >>"$STRIPEHOOK_CONFIG"
	gets 503
	for report in "$T"/valgrind.*; do
		[ ! -s "$report" ] || fail "$(cat "$report")"
	done
	refute grep -q Sanitizer "$T/cgi.err"
	ran fulfil 'evt_1 1'
}

descriptors() {
	find "/proc/$FCGI_PID/fd" -mindepth 1 -maxdepth 1 | wc -l
}

resident() {
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$FCGI_PID/status"
}

# many N: the event again and again by one curl, half of it wrongly signed.
many() {
	local half=$(($1 / 2)) signature

	signature=$(sign "$EVENT")
	curl -sS --max-time 120 -o "$T/many" -w '%{http_code}\n' -Z \
	    --parallel-max 4 -H "Stripe-Signature: $signature" -H 'Expect:' \
	    --data-binary "@$EVENT" "$URL?[1-$half]" >"$T/codes" \
	    2>"$T/curl.err"
	[ "$(grep -cx 200 "$T/codes")" -eq "$half" ] ||
	    fail "$(sort "$T/codes" | uniq -c)"
	curl -sS --max-time 120 -o "$T/many" -w '%{http_code}\n' -Z \
	    --parallel-max 4 -H "Stripe-Signature: ${signature}0" -H 'Expect:' \
	    --data-binary "@$EVENT" "$URL?[1-$half]" >"$T/codes" \
	    2>"$T/curl.err"
	[ "$(grep -cx 400 "$T/codes")" -eq "$half" ] ||
	    fail "$(sort "$T/codes" | uniq -c)"
}

@test "fcgi: no descriptor and no memory is lost over many requests" {
	local fds kilobytes i

	need nginx spawn-fcgi curl
	usual_inline 'threads = 2'
	GATE=fcgi
	gate_open
	for i in 1 2 3 4 5 6 7 8 9 10; do
		snapshot "evt_$i"
		gets 200
	done
	many 200
	fds=$(descriptors)
	kilobytes=$(resident)
	many 500
	for i in 1 2 3 4 5 6 7 8 9 10; do
		snapshot "evt_more_$i"
		gets 200
	done
	is "$fds" "$(descriptors)" "open descriptors"
	[ "${SANITIZED-}" = yes ] ||
	    [ "$(resident)" -lt $((kilobytes + 1024)) ] ||
	    fail "from $kilobytes kB to $(resident) kB"
}

@test "fcgi: no descriptor is lost by starting afresh" {
	local fds i

	need nginx spawn-fcgi curl
	usual_inline 'threads = 2'
	GATE=fcgi
	gate_open
	wait_for 10 says 'serving FastCGI'
	snapshot evt_1
	gets 200
	fds=$(descriptors)
	for i in 1 2 3 4 5; do
		kill -HUP "$FCGI_PID"
		wait_for 10 log_times $((i + 1)) 'serving FastCGI'
		gets 200
	done
	# How many threads have opened the store by now is left to chance.
	[ "$(descriptors)" -le $((fds + 6)) ] ||
	    fail "from $fds to $(descriptors): $(ls -l "/proc/$FCGI_PID/fd")"
}
