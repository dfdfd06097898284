#!/bin/sh
# Mails a person that a customer disputes a payment, once for each dispute.
#
#	handler "dispute" {
#		events      = { "charge.dispute.created" }
#		command     = { "/usr/local/lib/stripehook/dispute.sh" }
#		environment = { "MAIL_TO=you@shop.example",
#		    "SENT=/var/lib/shop/disputes" }
#	}
#
# An unanswered dispute is lost, so the alert goes out whatever the event
# holds: what is missing or strange in it is shown as "unknown".
#
# A file in the folder SENT, named by the dispute, is locked while a run is at
# it and written when the mail is out. SENDMAIL in the environment names
# another program than /usr/sbin/sendmail.
#
# It needs jq and flock. Exit 0: done. 100: never. Else: later.
set -eu
LC_ALL=C
export LC_ALL
: "${MAIL_TO:?say to whom: environment = { \"MAIL_TO=...\" }}"
: "${SENT:?say where: environment = { \"SENT=/var/lib/shop/disputes\" }}"

# money AMOUNT CURRENCY: amounts come in the currency's smallest unit as
# Stripe has it: https://docs.stripe.com/currencies. ISK and UGX come in
# hundredths.
money() {
	case $1 in
	*[!0-9]* | ?????????????*)
		echo "an unknown amount"
		return
		;;
	esac
	code=$(printf '%s' "$2" | tr '[:lower:]' '[:upper:]')
	case $2 in
	bif | clp | djf | gnf | jpy | kmf | krw | mga | pyg | rwf | vnd | vuv | \
	    xaf | xof | xpf) echo "$code $1" ;;
	bhd | jod | kwd | omr | tnd)
		printf '%s %d.%03d\n' "$code" $(($1 / 1000)) $(($1 % 1000))
		;;
	*) printf '%s %d.%02d\n' "$code" $(($1 / 100)) $(($1 % 100)) ;;
	esac
}

# when SECONDS: as a date, with the date(1) of GNU or that of BSD.
when() {
	case $1 in
	*[!0-9]* | ?????????????*) echo unknown ;;
	*)
		date -u -d "@$1" '+%Y-%m-%d %H:%M UTC' 2>/dev/null ||
			date -u -r "$1" '+%Y-%m-%d %H:%M UTC'
		;;
	esac
}

for program in jq flock; do
	command -v "$program" >/dev/null || {
		echo "$program is not installed"
		exit 1
	}
done
# A line for each, of letters, digits and _, or "unknown".
facts=$(jq -r '
	def line: if type == "string" or type == "number" then tostring
	    else "" end | if test("\\A[A-Za-z0-9_]{1,255}\\z") then .
	    else "unknown" end;
	.data.object | (.object, .id, .amount, .currency,
	    (.evidence_details.due_by? // null), .reason, .status, .charge,
	    .payment_intent, ".") | line') || exit 1
{
	IFS= read -r object
	IFS= read -r dispute
	IFS= read -r amount
	IFS= read -r currency
	IFS= read -r due
	IFS= read -r reason
	IFS= read -r status
	IFS= read -r charge
	IFS= read -r payment
} <<EOF
$facts
EOF
if [ "$object" != dispute ] || [ "$dispute" = unknown ]; then
	echo "$STRIPE_EVENT_ID: not a dispute with an id"
	exit 100
fi
test=
[ "$STRIPE_LIVEMODE" = true ] || test="[test] "

umask 077
exec 9>>"$SENT/$dispute"
flock 9
[ ! -s "$SENT/$dispute" ] || {
	echo "$dispute was told before"
	exit 0
}
"${SENDMAIL:-/usr/sbin/sendmail}" -t -i 9>&- <<EOF || exit 1
To: $MAIL_TO
Subject: ${test}Dispute $dispute over $(money "$amount" "$currency")
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Auto-Submitted: auto-generated

A customer disputes a payment. Answer in the Stripe Dashboard before
$(when "$due").

Dispute: $dispute
Reason:  $reason
Status:  $status
Charge:  $charge
Payment: $payment

The event: stripehook show $STRIPE_EVENT_ID
EOF
echo mailed >&9
sync "$SENT/$dispute"
echo "$dispute was told"
