#!/usr/bin/env bats
# The sample handlers for a shop, as shipped, run by the real programs: each
# event is handled by the sample in every language that is here, and all of
# them have to come to the same.

load lib

ALL='sh python php perl'

setup() {
	place_open
	need jq
	LANGUAGES=
	for language in $ALL; do
		! has_language "$language" || LANGUAGES+=" $language"
	done
}

teardown() {
	tell
	place_close
}

has_language() {
	case $1 in
	sh) command -v flock ;;
	php) php -r 'exit((int)!extension_loaded("pdo_sqlite"));' ;;
	python) "$PYTHON" -c '' ;;
	*) command -v "$1" ;;
	esac >"$T/language" 2>&1
}

# each COMMAND...: for every language, with $L as its name and $D as its
# folder.
each() {
	for L in $LANGUAGES; do
		D=$T/$L
		"$@"
	done
}

# shop_of JOB [OPTION...]: a section for the language. With BARRIER=N it begins
# when N of its runs are there, so that they race.
shop_of() {
	local job=$1 suffix=$L events='"checkout.session.*"' orders

	shift
	case $L in
	python) suffix=py ;;
	perl) suffix=pl ;;
	esac
	case $L in
	python) orders=ORDERS_DB=$D/orders.db ;;
	php) orders=ORDERS_DSN=sqlite:$D/orders.db ;;
	*) orders=ORDERS=$D/orders ;;
	esac
	[ "$job" != dispute ] || events='"charge.dispute.*"'
	mkdir -p "$D/orders" "$D/sent" "$D/mail"
	cat >"$D/sendmail" <<-SCRIPT
	#!/bin/sh
	[ ! -e "$T/mail.down" ] || exit 75
	[ "\$*" = '-t -i' ] || exit 64
	mail=\$(mktemp "$D/mail/.XXXXXX") || exit 1
	cat >"\$mail"
	mv "\$mail" "$D/mail/m\${mail##*/.}"
	SCRIPT
	cat >"$T/h/$L" <<-SCRIPT
	#!/bin/sh
	if [ -n "\${BARRIER-}" ]; then
		echo >>"$D/here"
		n=0
		until [ "\$(wc -l <"$D/here")" -ge "\$BARRIER" ] ||
		    [ \$((n += 1)) -gt 1000 ]; do
			sleep 0.02
		done
	fi
	exec "$srcdir/conf/handlers/$L/$job.$suffix"
	SCRIPT
	chmod 755 "$D/sendmail" "$T/h/$L"
	handler "$L" "$events" "environment = { \"$orders\",
	    \"SENT=$D/sent\", \"SENDMAIL=$D/sendmail\",
	    \"PATH=${PYTHON%/*}:/usr/bin:/bin\",
	    \"MAIL_FROM=shop@shop.example\", \"MAIL_TO=admin@shop.example\",
	    \"BARRIER=${BARRIER-}\", \"LIVEMODE=${LIVEMODE-true}\" }" "$@"
}

place() {
	{
		shop
		each shop_of "$@"
	} | conf 'concurrency = 24'
}

# event ID TYPE [FILTER [OPTION]]: what trigger makes, changed by jq, sent and
# answered 200.
event() {
	EVENT=$T/$1
	"$COMMAND" trigger --print --id "$1" ${4---live} "$2" |
	    jq "${3:-.}" >"$EVENT"
	gets 200
}

paid() {
	event "$1" checkout.session.completed \
	    ".data.object.id = \"$2\" | ${3:-.}"
}

# What was fulfilled: "SESSION ORDER AMOUNT CURRENCY" in each line.
orders() {
	if [ -e "$D/orders.db" ]; then
		sqlite3 -separator ' ' "$D/orders.db" \
		    'SELECT * FROM paid ORDER BY session'
	else
		find "$D/orders" -type f -exec cat {} + |
		    jq -r '"\(.session) \(.order) \(.amount) \(.currency)"' |
		    sort
	fi
}

orders_are() {
	is "$1" "$(orders)" "$L: orders"
}

mails() {
	is "$1" "$(find "$D/mail" -type f | wc -l)" "$L: mails"
}

mail_has() {
	cat "$D"/mail/* | grep -qxF -- "$1" ||
	    fail "$L: no line \"$1\" in: $(cat "$D"/mail/*)"
}

# all STATE ATTEMPTS ID: in every language.
all() {
	"$COMMAND" show --json "$3" | jq -r '.deliveries[] |
	    "\(.handler) \(.state) \(.attempts | length)"' | sort >"$T/states"
	is "$(printf "%s $1 $2\n" $LANGUAGES | sort)" "$(cat "$T/states")" \
	    "what became of $3"
}

# said ID TEXT: by every language.
said() {
	local lines

	lines=$("$COMMAND" show "$1" | grep -cF -- "$2") || :
	is "$(wc -w <<<"$LANGUAGES")" "$lines" \
	    "how many said \"$2\" of $1: $("$COMMAND" show "$1")"
}

failed() {
	"$COMMAND" list --handler "$L" --state failed --json | wc -l
}

@test "the languages of the samples are here" {
	for language in $ALL; do
		has_language "$language" ||
		    skip "no $language, or not all that its samples need"
	done
}

# Fulfil -----------------------------------------------------------------------

fulfilled() {
	orders_are "$(printf '%s\n' 'cs_1 6735 2099 eur' \
	    'cs_2 A-7_b 500 jpy' 'cs_3 6735 0 eur')"
	is '' "$(find "$D/orders" -name '.draft*')" "drafts"
}

@test "an order is fulfilled once" {
	place fulfil
	paid evt_1 cs_1
	gets 200
	event evt_2 checkout.session.async_payment_succeeded \
	    '.data.object.id = "cs_1"'
	paid evt_3 cs_2 '.data.object |= (.currency = "jpy" |
	    .amount_total = 500 | .client_reference_id = "A-7_b")'
	paid evt_4 cs_3 '.data.object |= (.payment_status =
	    "no_payment_required" | .amount_total = 0)'
	worker_once
	each fulfilled
	for i in 1 2 3 4; do
		all succeeded 1 "evt_$i"
	done
}

raced() {
	orders_are 'cs_1 6735 2099 eur'
	is 1 "$(grep -c "^$L order 6735 is fulfilled" "$T/said")" "$L: new"
	is 5 "$(grep -c "^$L order 6735 was fulfilled" "$T/said")" "$L: old"
}

@test "six runs at once fulfil one order" {
	BARRIER=6 place fulfil 'lane = "none"'
	for i in 1 2 3 4 5 6; do
		paid "evt_$i" cs_1
	done
	worker_once
	for i in 1 2 3 4 5 6; do
		"$COMMAND" show --json "evt_$i"
	done | jq -r '.deliveries[] |
	    "\(.handler) \(.attempts[].output)"' >"$T/said"
	each raced
}

# Bank debits and the like are paid days later.
@test "nothing is fulfilled before it is paid" {
	place fulfil
	paid evt_1 cs_1 '.data.object.payment_status = "unpaid"'
	worker_once
	all succeeded 1 evt_1
	said evt_1 'not paid yet'
	rm -f "$T"/*/orders.db
	each orders_are ''
	event evt_2 checkout.session.async_payment_succeeded \
	    '.data.object.id = "cs_1"'
	worker_once
	each orders_are 'cs_1 6735 2099 eur'
}

no_orders() {
	[ ! -e "$D/orders.db" ] || fail "$L: a table was made"
	orders_are ''
	is "$1" "$(failed)" "$L: refused"
}

@test "strange orders are refused" {
	local i=0 change

	place fulfil
	while IFS= read -r change; do
		i=$((i + 1))
		paid "evt_$i" "cs_$i" ".data.object |= ($change)"
	done <<-'CHANGES'
	.client_reference_id = null
	.client_reference_id = ""
	.client_reference_id = "1\n2"
	.client_reference_id = "12\n"
	.client_reference_id = "../12"
	.client_reference_id = "1'); DROP TABLE paid; --"
	.client_reference_id = "$(id)"
	.client_reference_id = ["12"]
	.client_reference_id = "é"
	.id = "../cs_1"
	.id = "cs_1\u0000"
	.amount_total = -2099
	.amount_total = 20.99
	.amount_total = null
	.amount_total = 1000000000000
	.amount_total = {"a": 1}
	.currency = "eu"
	.currency = "EUR"
	.currency = "eur\n"
	.currency = null
	.payment_status = "surprising"
	.object = "surprising"
	CHANGES
	worker_once
	is 22 "$i" "cases"
	each no_orders 22
	all failed 1 evt_6
}

# mode JOB
mode() {
	place "$1"
	event evt_1 checkout.session.completed . ''
	worker_once
	all failed 1 evt_1
	said evt_1 LIVEMODE
	LIVEMODE=false place "$1"
	event evt_2 checkout.session.completed . ''
	paid evt_3 cs_1
	worker_once
	all succeeded 1 evt_2
	all failed 1 evt_3
}

@test "a test event fulfils no order, unless asked for" {
	mode fulfil
}

@test "a test event mails no receipt, unless asked for" {
	mode receipt
}

away() {
	mv "$D/orders" "$D/away"
	mkdir "$D/orders.db"
}

back() {
	rmdir "$D/orders.db"
	mv "$D/away" "$D/orders"
}

# What may pass is tried again: the order is not lost.
@test "without a place for orders, later" {
	place fulfil
	each away
	paid evt_1 cs_1
	worker_once
	all pending 1 evt_1
	each back
	retries_due
	worker_once
	all succeeded 2 evt_1
	each orders_are 'cs_1 6735 2099 eur'
}

# Receipt ----------------------------------------------------------------------

receipt_mailed() {
	mails 1
	mail_has 'From: shop@shop.example'
	mail_has 'To: jane@example.com'
	mail_has 'Subject: Your payment for order 6735'
	mail_has 'Thank you. We have received EUR 20.99 for your order 6735.'
	tr -d '\n' <"$(find "$D/mail" -type f)" |
	    grep -qF "Message-ID: <receipt.$1@shop.example>" ||
	    fail "$L: no Message-ID: $(cat "$D"/mail/*)"
}

@test "a receipt is mailed once, when mail can be sent" {
	# As long as they come.
	session=cs_live_a1WoyZ2k7k2pYfA9dEHYl3AFkXg5aBzWmQ9SPc8nSdz6e0PvXTQCy1T

	place receipt
	paid evt_1 "$session"
	event evt_2 checkout.session.async_payment_succeeded \
	    ".data.object.id = \"$session\""
	paid evt_3 cs_2 '.data.object |= (.payment_status = "unpaid")'
	: >"$T/mail.down"
	worker_once
	each mails 0
	all pending 1 evt_1
	all pending 1 evt_2
	all succeeded 1 evt_3
	rm "$T/mail.down"
	retries_due
	worker_once
	each receipt_mailed "$session"
	all succeeded 2 evt_1
	all succeeded 2 evt_2
}

@test "six runs at once mail one receipt" {
	BARRIER=6 place receipt 'lane = "none"'
	for i in 1 2 3 4 5 6; do
		paid "evt_$i" cs_1
	done
	worker_once
	each mails 1
	for i in 1 2 3 4 5 6; do
		all succeeded 1 "evt_$i"
	done
}

# Amounts are in the currency's smallest unit, as Stripe has it.
AMOUNTS='500 jpy JPY 500
100000 krw KRW 100000
5 usd USD 0.05
50 usd USD 0.50
100 usd USD 1.00
123456789012 usd USD 1234567890.12
2009 eur EUR 20.09
5 kwd KWD 0.005
5120 kwd KWD 5.120
500 isk ISK 5.00
700 ugx UGX 7.00
300 vnd VND 300'

amounts() {
	mails 12
	while read -r _ _ want; do
		mail_has "Thank you. We have received $want for your order 6735."
	done <<<"$AMOUNTS"
}

@test "amounts of all kinds of currencies" {
	local i=0 amount currency

	place receipt
	while read -r amount currency _; do
		i=$((i + 1))
		paid "evt_$i" "cs_$i" ".data.object |= (.amount_total = $amount
		    | .currency = \"$currency\")"
	done <<<"$AMOUNTS"
	worker_once
	each amounts
}

no_header() {
	is "$1" "$(failed)" "$L: refused"
	mails 1
	mail_has "To: -a.b+c_d!#\$%&'*/=?^\`{|}~@mail.example.com"
	refute grep -rqiw eve "$D/mail" "$D/sent"
	is cs_ok "$(ls "$D/sent")" "$L: marks"
}

@test "no value gets into the header of a mail" {
	local i=0 change

	place receipt
	while IFS= read -r change; do
		i=$((i + 1))
		paid "evt_$i" "cs_$i" ".data.object |= ($change)"
	done <<-'CHANGES'
	.customer_details.email = "jane@example.com\r\nBcc: eve@example.com"
	.customer_details.email = "jane@example.com\nBcc: eve@example.com"
	.customer_details.email = "jane@example.com\n"
	.customer_details.email = "jane@example.com, eve@example.com"
	.customer_details.email = "jane@example.com eve@example.com"
	.customer_details.email = "all: jane@example.com, eve@example.com;"
	.customer_details.email = "Eve <eve@example.com>"
	.customer_details.email = "\"a b\"@example.com"
	.customer_details.email = "jane(comment)@example.com"
	.customer_details.email = "jane@eve@example.com"
	.customer_details.email = "|/bin/sh @example.com"
	.customer_details.email = "jané@example.com"
	.customer_details.email = "jane"
	.customer_details.email = "@example.com"
	.customer_details.email = "jane@"
	.customer_details.email = null
	.customer_details.email = ["jane@example.com"]
	.customer_details = null
	.client_reference_id = "1\r\nBcc: eve@example.com"
	.client_reference_id = "12\n"
	.currency = "eur\n"
	.amount_total = 20.99
	.id = "cs_1\r\nBcc: eve@example.com"
	CHANGES
	# What is harmless, though odd, still goes out.
	paid evt_ok cs_ok '.data.object |= ((.customer_details |=
	    (.email = "-a.b+c_d!#$%&'\''*/=?^`{|}~@mail.example.com" |
	    .name = "Eve\r\nBcc: eve@example.com")) |
	    .metadata.note = "x\r\nBcc: eve@example.com\r\n.\r\n")'
	worker_once
	is 23 "$i" "cases"
	each no_header 23
	all succeeded 1 evt_ok
}

# Dispute ----------------------------------------------------------------------

disputed() {
	event "$1" charge.dispute.created \
	    ".data.object |= (.id = \"$2\" | ${3:-.})" "${4---live}"
}

dispute_told() {
	mails 2
	mail_has 'To: admin@shop.example'
	mail_has 'Subject: Dispute du_1 over EUR 20.99'
	mail_has '2026-11-30 19:07 UTC.'
	mail_has 'Reason:  fraudulent'
	mail_has 'The event: stripehook show evt_1'
	mail_has 'Subject: [test] Dispute du_2 over JPY 2099'
}

@test "a dispute is told once, when mail can be sent" {
	place dispute
	disputed evt_1 du_1 '.evidence_details.due_by = 1796065647'
	: >"$T/mail.down"
	worker_once
	all pending 1 evt_1
	each mails 0
	rm "$T/mail.down"
	retries_due
	worker_once
	disputed evt_2 du_1
	disputed evt_3 du_2 '.currency = "jpy"' ''
	worker_once
	each dispute_told
	all succeeded 2 evt_1
	all succeeded 1 evt_2
}

@test "six runs at once tell a dispute once" {
	BARRIER=6 place dispute 'lane = "none"'
	for i in 1 2 3 4 5 6; do
		disputed "evt_$i" du_1
	done
	worker_once
	each mails 1
	for i in 1 2 3 4 5 6; do
		all succeeded 1 "evt_$i"
	done
}

told_with_gaps() {
	mails 3
	for i in 1 2 3; do
		mail_has "Subject: Dispute du_$i over an unknown amount"
	done
	is 3 "$(failed)" "$L: refused"
	mail_has 'Reason:  unknown'
	mail_has 'unknown.'
	refute grep -rqiw eve "$D/mail"
	is 'du_1 du_2 du_3' "$(cd "$D/sent" && echo *)" "$L: marks"
}

# An alert with gaps is better than none.
@test "a strange dispute is told all the same" {
	place dispute
	disputed evt_1 du_1 '.reason = "x\r\nBcc: eve@example.com" |
	    .status = ["eve"] | .amount = "eve" | .currency = {"eve": 1} |
	    .charge = {"id": "eve"} | .payment_intent = null |
	    .evidence_details = "eve"'
	disputed evt_2 du_2 '.amount = 20.99 | .currency = "e\r\nr" |
	    .evidence_details.due_by = 1e30'
	disputed evt_3 du_3 'del(.reason, .status, .amount, .currency, .charge,
	    .payment_intent, .evidence_details)'
	disputed evt_4 '../du_4'
	disputed evt_5 du_5 '.object = "surprising"'
	disputed evt_6 du_6 '.id = "du_6\n"'
	worker_once
	each told_with_gaps
	for i in 1 2 3; do
		all succeeded 1 "evt_$i"
	done
}

@test "without jq, the samples in sh say so" {
	mkdir "$T/bin"
	for program in cat echo sh; do
		ln -s "$(command -v "$program")" "$T/bin/$program"
	done
	for job in fulfil receipt dispute; do
		run env -i PATH="$T/bin" ORDERS="$T" SENT="$T" MAIL_TO=a@b.c \
		    MAIL_FROM=a@b.c "$srcdir/conf/handlers/sh/$job.sh" <<<'{}'
		is 1 "$status" "$job"
		[[ $output == *jq\ is\ not\ installed* ]] || fail "$output"
	done
}
