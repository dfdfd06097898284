#!/usr/bin/env bats
# stripehook explain: why a saved request was refused, or accepted.

load lib
: "${srcdir:=.}"

AT=1790000000 # when the requests of these tests were signed
WHEN=2026-09-21T14:13:20Z

setup() {
	place_open
	export TZ=UTC
	need openssl
	script fulfil </dev/null
	{
		echo "endpoint \"shop\" { secrets = { \"file:$T/other.whsec\","
		echo "\"file:$T/shop.whsec\" } }"
		handler fulfil '"payment_intent.*"'
		handler mail '"*.succeeded"'
	} | sed "s|$T/h/mail|$T/h/fulfil|" | conf
	snapshot evt_1
	HEADER="t=$AT,v1=$(digest "$EVENT" "$AT" "$SECRET")"
}

teardown() {
	no_secret_in "$T/out" "$T/said"
	place_close
}

# explain CODE ARGUMENTS...
explain() {
	local want=$1

	shift
	CODE=0
	"$COMMAND" explain --utc "$@" >"$T/out" 2>"$T/said" || CODE=$?
	[ "$CODE" -eq "$want" ] || fail \
	    "$*: expected $want, got $CODE: $(cat "$T/out" "$T/said")"
}

# With the body as it came in $T/came, a second after it was signed.
came() {
	explain "$1" --body "$T/came" --signature "$HEADER" --time $((AT + 1))
}

# out LINE...: this and nothing else.
out() {
	printf '%s\n' "$@" >"$T/expected"
	diff "$T/expected" "$T/out" || fail "see above"
}

WHO='secret:   endpoint "shop", secret 2 of 2 (30980d5b)'
SIGNED="signed:   $WHEN, 1 s before it came (tolerance 300 s)"
CHANGED='reason:   the body is not the one that was signed: something on the way changed it'

# changed LINE...: that is what is found out.
changed() {
	local lines=()

	while [ $# -gt 0 ]; do
		lines+=("changed:  $1")
		shift
	done
	came 1
	out "$WHO" "$SIGNED" "${lines[@]}" "$CHANGED" \
	    'verdict:  refused: body-changed'
}

@test "accepted: which secret, when, which event, for whom" {
	cp "$EVENT" "$T/came"
	came 0
	out "$WHO" "$SIGNED" 'event:    evt_1, payment_intent.succeeded' \
	    'handlers: fulfil, mail' 'verdict:  accepted'
	explain 0 --body - --signature "Stripe-Signature:  $HEADER" <"$EVENT"
	is "signed:   $WHEN, good until 2026-09-21T14:18:20Z (tolerance 300 s)" \
	    "$(sed -n 2p "$T/out")" signed
}

@test "the example of the manual" {
	cp "$EVENT" "$T/event.json"
	echo "$HEADER" >"$T/header.txt"
	cd "$T"
	explain 0 --body event.json \
	    --signature "$(cat header.txt)" --time 2026-09-21T14:13:21Z
	is 'verdict:  accepted' "$(tail -n 1 "$T/out")" verdict
	grep -qF '$ stripehook explain --body event.json' \
	    "$srcdir/man/stripehook.1"
}

@test "refused: its age" {
	explain 1 -b "$EVENT" -s "$HEADER" -t $((AT + 301))
	out "$WHO" \
	    "signed:   $WHEN, 301 s before it came (tolerance 300 s)" \
	    "reason:   signed 301 seconds ago, tolerance 300: is this \
machine's clock right, or was the request held up or replayed?" \
	    'verdict:  refused: too-old'
	explain 0 -b "$EVENT" -s "$HEADER" -t $((AT + 300))
	explain 1 -b "$EVENT" -s "$HEADER" -t $((AT - 301))
	out "$WHO" "signed:   $WHEN, 301 s after it came (tolerance 300 s)" \
	    "reason:   signed 301 seconds ahead, tolerance 300: is this \
machine's clock right?" 'verdict:  refused: too-new'
	explain 0 -b "$EVENT" -s "$HEADER" -t $((AT - 300))
}

@test "refused: the header" {
	explain 1 -b "$EVENT"
	is 'verdict:  refused: no-signature' "$(tail -n 1 "$T/out")" none
	explain 1 -b "$EVENT" -s ''
	is 'verdict:  refused: no-signature' "$(tail -n 1 "$T/out")" empty
	explain 1 -b "$EVENT" -s 'nonsense'
	is 'verdict:  refused: malformed' "$(tail -n 1 "$T/out")" nonsense
	explain 1 -b "$EVENT" -s "t=$AT,v0=abc"
	is 'verdict:  refused: no-v1' "$(tail -n 1 "$T/out")" v0
}

@test "changed on the way, by what real programs do" {
	{ cat "$EVENT"; echo; } >"$T/came"
	changed 'a final newline was added'
	{ printf '\xef\xbb\xbf'; cat "$EVENT"; } >"$T/came"
	changed 'a byte order mark was put in front'
	sed 's/$/\r/' "$EVENT" | head -c -1 >"$T/came"
	changed 'newlines became CRLF'
	{ cat "$EVENT"; printf '\0\0'; } >"$T/came"
	changed 'NUL bytes were added at the end'
	"$PYTHON" -c 'import json, sys
sys.stdout.buffer.write(
    sys.stdin.buffer.read().decode("cp1252").encode())' \
	    <"$EVENT" >"$T/came"
	changed 'its UTF-8 was taken for another character set and encoded '\
'again'
}

@test "changed on the way: an event laid out as Stripe does" {
	"$PYTHON" -c 'import json, sys
def order(x):
    if isinstance(x, dict):
        return dict(sorted(((k, order(v)) for k, v in x.items()),
            key=lambda i: (i[0] != "id", i[0] != "object", i[0])))
    return x
print(json.dumps(order(json.load(sys.stdin)), ensure_ascii=False, indent=2),
    end="")' <"$EVENT" >"$T/sent"
	HEADER="t=$AT,v1=$(digest "$T/sent" "$AT" "$SECRET")"
	"$PYTHON" -c 'import json, sys
print(json.dumps(json.load(sys.stdin), sort_keys=True), end="")' \
	    <"$T/sent" >"$T/came"
	changed 'the JSON was written with other blanks: it was signed with '\
'an indentation of two' 'characters became \u escapes' 'the keys were sorted'
	"$PYTHON" -c 'import json, sys
print(json.dumps(json.load(sys.stdin), separators=(",", ":")))' \
	    <"$T/sent" >"$T/came"
	changed 'the JSON was written with other blanks: it was signed with '\
'an indentation of two' 'characters became \u escapes'
}

@test "what cannot be proved is not said" {
	head -c 200 "$EVENT" >"$T/came"
	came 1
	is 'changed:  the JSON ends early: it may have been cut off, which only the rest could prove' \
	    "$(head -n 1 "$T/out")" cut
	is 'verdict:  refused: wrong-signature' "$(tail -n 1 "$T/out")" verdict
	sed 's/2000/2001/' "$EVENT" >"$T/came"
	came 1
	out 'changed:  nothing that could be undone makes it fit: another secret, another body, or another change' \
	    'reason:   none of 1 v1 digests fits any of 2 secrets: is this the secret of this very endpoint, and does nothing change the body on the way?' \
	    'verdict:  refused: wrong-signature'
	: >"$T/came"
	came 1
}

@test "refused behind the signature: no event, nobody wants it, too large" {
	printf '{"id":1}' >"$T/came"
	HEADER="t=$AT,v1=$(digest "$T/came" "$AT" "$SECRET")"
	came 1
	is 'verdict:  refused: not-an-event' "$(tail -n 1 "$T/out")" event
	snapshot evt_2 invoice.paid
	explain 1 -b "$EVENT" -s "t=$AT,v1=$(digest "$EVENT" "$AT" "$SECRET")"
	is 'handlers: none
reason:   no handler wants this type, and unhandled is "reject"
verdict:  refused: unhandled' "$(tail -n 3 "$T/out")" unhandled
	sed -i '1i unhandled = "ignore"' "$STRIPEHOOK_CONFIG"
	explain 0 -b "$EVENT" -s "t=$AT,v1=$(digest "$EVENT" "$AT" "$SECRET")"
	sed -i '1i max-body = 100' "$STRIPEHOOK_CONFIG"
	explain 1 -b "$EVENT" -s "$HEADER"
	is 'verdict:  refused: content-length' "$(tail -n 1 "$T/out")" large
}

# request LENGTH: a saved one, whose editor added a newline.
request() {
	printf 'POST /stripe HTTP/1.1\r\nHost: x\r\nContent-Length: %s\r\n' "$1"
	printf 'stripe-signature: %s\r\n\r\n' "$HEADER"
	cat "$EVENT"
	echo
}

@test "a whole request" {
	local n

	n=$(wc -c <"$EVENT")
	request "$n" >"$T/request"
	explain 0 --request "$T/request" --time "$AT"
	is 'note:     what is behind Content-Length was left out: 1
verdict:  accepted' "$(tail -n 2 "$T/out")" newline
	request $((n + 5)) >"$T/request"
	explain 1 --request "$T/request"
	out 'reason:   bytes of the body that are missing: 4' \
	    'verdict:  refused: short-body'
	request "$n" | tr -d '\r' >"$T/request"
	explain 0 --request "$T/request"
	request x >"$T/request"
	explain 1 --request "$T/request"
	is "stripehook: $T/request: Content-Length is not a number" \
	    "$(cat "$T/said")" number
	request "$n" | sed 's/^Content-Length.*/Transfer-Encoding: chunked\r/' \
	    >"$T/request"
	explain 1 --request "$T/request"
	is "stripehook: $T/request: it has a Transfer-Encoding: save the body \
alone, and use --body" "$(cat "$T/said")" chunked
	explain 1 --request "$EVENT"
	is "stripehook: $EVENT: no blank line ends the head of a request" \
	    "$(cat "$T/said")" head
	: >"$T/request"
	explain 1 --request "$T/request"
}

@test "endpoints, arguments, secrets that cannot be read" {
	explain 0 -e shop -b "$EVENT" -s "$HEADER"
	explain 1 -e nobody -b "$EVENT" -s "$HEADER"
	is "stripehook: $STRIPEHOOK_CONFIG: no endpoint \"nobody\"" \
	    "$(cat "$T/said")" nobody
	explain 2
	explain 2 -b "$EVENT" -r "$EVENT"
	explain 2 -r "$EVENT" -s "$HEADER"
	explain 2 -b "$EVENT" -t yesterday
	explain 1 -b "$T/none" -s "$HEADER"
	is "stripehook: $T/none: No such file or directory" \
	    "$(cat "$T/said")" none
	rm "$T/other.whsec"
	explain 0 -b "$EVENT" -s "$HEADER"
	is "not tried: endpoint \"shop\", secret 1: secret \
\"file:$T/other.whsec\": No such file or directory" \
	    "$(grep '^not tried' "$T/out")" "not tried"
	rm "$T/shop.whsec"
	explain 1 -b "$EVENT" -s "$HEADER"
	is "stripehook: no secret can be read: run this as a user who may, \
such as that of the endpoint: secret \"file:$T/other.whsec\": No such file or \
directory" "$(cat "$T/said")" "nothing to read"
}

@test "hostile events reach no terminal raw" {
	printf '%s' '{"id":"evt_\u202e","object":"event","type":"a.\u009bb",
	"created":1,"livemode":false,"data":{"object":{"id":"x",
	"object":"x"}}}' >"$T/came"
	HEADER="t=$AT,v1=$(digest "$T/came" "$AT" "$SECRET")"
	came 1
	refute grep -qE "$(printf '\033|\342\200\256|\302\233')" "$T/out"
	is 'event:    evt_\u{202e}, a.\u{9b}b' "$(grep '^event' "$T/out")" event
}
