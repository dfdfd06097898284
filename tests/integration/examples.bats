#!/usr/bin/env bats
# The examples of stripehook(1) are executed as they stand there, in a place
# where what they name exists.

load lib
load command
: "${srcdir:=.}"

setup() {
	command_open
}

teardown() {
	place_close
}

# examples: the command lines of the manual's examples that begin with "$",
# one a line, continuation lines joined.
examples() {
	awk '
	    /^\.Sh EXAMPLES/ { inside = 1 }
	    /^\.Sh SEE ALSO/ { inside = 0 }
	    /^\.Ed/ { if (line != "") print line; line = "" }
	    !inside || /^\./ { next }
	    /^\$ / { if (line != "") print line; line = substr($0, 3); next }
	    line != "" { line = line " " $0 }' "$srcdir/man/stripehook.1" |
	    sed 's/\\e / /g; s/\\e$//; s/  */ /g'
}

# What the examples name, on this machine.
localized() {
	sed "s|http://127.0.0.1/stripe/webhook|$URL|g
	    s|/usr/lib/cgi-bin/stripehook.cgi|$CGI|g
	    s|evt_1Pqrst|evt_bad|g
	    s|cus_123|cus_1|g"
}

# The shell has the commands of the build, and a handler's new version.
place_of_examples() {
	script fulfil <<-'SCRIPT'
	case $STRIPE_EVENT_ID in evt_bad) exit 100 ;; esac
	SCRIPT
	{
		shop
		handler fulfil '"*"' 'run = "inline"'
	} | conf
	printf '#!/bin/sh\necho new\n' >"$T/fulfil.new"
	# A request that was saved at the time that the example has, and a
	# new secret.
	snapshot evt_saved
	cp "$EVENT" "$T/event.json"
	"$COMMAND" sign -t 2026-11-24T08:00:00Z "$EVENT" >"$T/header.txt"
	echo whsec_NewSecretNewSecretNewSecret03 >"$T/new.txt"
	chmod 755 "$T/fulfil.new"
	GATE=fcgi gate_open
	run_command trigger --cgi "$CGI" --id evt_bad \
	    --override customer=cus_1 payment_intent.succeeded
	export PATH=$builddir/src:$PATH
	cd "$T"
}

# run_example LINE: with the variables that earlier ones set.
run_example() {
	local code=0

	case $1 in
	# One that is meant to be refused, and one that goes on until Ctrl-C.
	*--forged*)
		(eval "$1") >"$T/out" 2>"$T/said" || code=$?
		is 1 "$code" "$1"
		out_has '[400]'
		;;
	'stripehook listen --failed')
		timeout -s INT 2 stripehook listen --failed \
		    >"$T/out" 2>"$T/said" || code=$?
		is 124 "$code" "$1"
		;;
	*'listen '*'--count 1'*)
		(eval "$1") >"$T/out" 2>"$T/said" &
		wait_for 10 grep -q listening "$T/said"
		stripehook trigger --cgi "$CGI" --id evt_heard \
		    payment_intent.created >/dev/null
		wait $! || fail "$1: $(cat "$T/said")"
		is '"evt_heard"' "$(cat "$T/out")" "$1"
		;;
	url=*) eval "$1" ;;
	*)
		(eval "$1") >"$T/out" 2>"$T/said" ||
		    fail "$1: $(cat "$T/out" "$T/said")"
		;;
	esac
}

@test "the examples of the manual do what they say" {
	local line

	need nginx spawn-fcgi curl jq openssl
	place_of_examples
	examples | localized >"$T/examples"
	while IFS= read -r line; do
		echo "$line" >>"$T/done"
		run_example "$line"
	done <"$T/examples"
	[ "$(wc -l <"$T/done")" -ge 20 ] || fail "only $(cat "$T/done")"
}

@test "every command has an example" {
	local name

	examples >"$T/examples"
	for name in check init sign trigger listen list show replay retry \
	    stats metrics completion explain route secrets; do
		grep -qE "stripehook $name( |$)" "$T/examples" || fail "$name"
	done
	# cron has no prompt
	grep -qE '^17 3 .* stripehook prune ' "$srcdir/man/stripehook.1"
}
