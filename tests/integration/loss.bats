#!/usr/bin/env bats
# The proof: endpoint and workers are killed at any moment, again and again,
# under load; nothing that was acknowledged is lost, nothing that succeeded
# runs again, and every run is accounted for.
#
# LOSS_KILLS: how many kills (default 200). LOSS_KILLS_PGSQL: how many where the
# store is PostgreSQL (default 100). LOSS_SEED: what is left to chance
# (default: another one each time; printed). LOSS_WORKERS: how many (default 2).

load lib

CHAOS=$srcdir/tests/integration/chaos.py
LEDGER=$srcdir/tests/integration/ledger.py

setup() {
	place_open
	need sqlite3 openssl
}

teardown() {
	tell
	place_close
}

# None of them depends on another: each sees every event.
handlers() {
	# Succeeds.
	marked good <<-'SCRIPT'
	begin
	end
	SCRIPT
	# Fails now and then, says so in its mark, and takes its time.
	marked flaky <<-'SCRIPT'
	begin
	sleep "0.0$((STRIPEHOOK_ATTEMPT * 7 % 10))"
	case $STRIPE_EVENT_ID$STRIPEHOOK_ATTEMPT in
	*[147]1 | *[14]2)
		mark F
		exit 1
		;;
	esac
	end
	SCRIPT
	# Is parked after two attempts for every tenth event.
	marked hopeless <<-'SCRIPT'
	begin
	case $STRIPE_EVENT_ID in
	*5)
		mark F
		exit 1
		;;
	esac
	end
	SCRIPT
	shop
	handler good '"*"'
	handler flaky '"*"' 'backoff = 1' 'backoff-max = 1' 'lane = "customer"'
	handler hopeless '"*"' 'backoff = 1' 'attempts = 2' 'lane = "none"'
}

# More attempts than anybody kills, so that none is parked for that.
patient() {
	sed -i 's/^handler "\(good\|flaky\)" {/&\n\tattempts = 1000/' \
	    "$STRIPEHOOK_CONFIG"
}

# proof KILLS [CHAOS-OPTION...]
proof() {
	local kills=$1 seed=${LOSS_SEED:-$RANDOM} chaos status=0

	shift
	need nginx
	echo "# LOSS_SEED=$seed LOSS_KILLS=$kills" >&3
	handlers | conf 'concurrency = 4'
	patient
	GATE=fcgi
	"$PYTHON" "$CHAOS" --seed "$seed" --kills "$kills" \
	    --workers "${LOSS_WORKERS:-2}" --socket "$T/fcgi.sock" \
	    --store "$STORE" --enough "$T/enough" "$@" "$CGI" "$WORKER" \
	    </dev/null >"$T/chaos.out" 2>"$T/chaos.err" 3>&- &
	chaos=$!
	started "$chaos"
	wait_for 10 test -S "$T/fcgi.sock"
	nginx_start
	"$PYTHON" "$LOAD" --secret "$SECRET" --url "$URL" --until "$T/enough" \
	    --clients 8 --objects 40 --customers 15 --repeat 0.2 \
	    --seed "$seed" --pause "${LOSS_PAUSE:-0.3}" \
	    </dev/null >"$T/sent" 2>"$T/load.err" 3>&- || status=$?
	is 0 "$status" "the load's exit code: $(cat "$T/load.err")"
	wait "$chaos" || status=$?
	is 0 "$status" "exit code of the killer: $(cat "$T/chaos.err")"
	# Whatever is left: those of the last ones who died, and those due later.
	worker_once
	leases_over
	worker_once --linger 30
	sound
	"$PYTHON" "$LEDGER" --store "$STORE" --sent "$T/sent" \
	    --marks "$T/marks" >"$T/ledger" 2>&1 || fail "$(cat "$T/ledger")"
	{
		cat "$T/chaos.out" "$T/ledger"
		paste -sd ' ' "$T/load.err"
	} | sed 's/^/# /' >&3
	"$COMMAND" stats >"$T/stats"
	grep -q '^running  *0$' "$T/stats"
	grep -q '^pending  *0$' "$T/stats"
}

@test "nothing is lost, nothing succeeds twice" {
	proof "${LOSS_KILLS:-200}"
}

@test "the same in PostgreSQL, whose server is killed as well" {
	place_pgsql
	proof "${LOSS_KILLS_PGSQL:-100}" \
	    --crash "sh '$srcdir/tests/pgsql.sh' -crash '$PGSQL'"
}
