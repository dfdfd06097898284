#!/bin/sh
# Mails the customer a receipt for a paid Checkout session, once.
#
#	handler "receipt" {
#		events      = { "checkout.session.completed",
#		    "checkout.session.async_payment_succeeded" }
#		command     = { "/usr/local/lib/stripehook/receipt.sh" }
#		environment = { "MAIL_FROM=shop@shop.example",
#		    "SENT=/var/lib/shop/receipts" }
#	}
#
# A file in the folder SENT, named by the session, is locked while a run is at
# it and written when the mail is out. Should the machine die in between, the
# mail goes out again: twice is better than never, and the Message-ID is the
# same.
#
# Test events are refused; LIVEMODE=false in the environment takes them
# instead. SENDMAIL names another program than /usr/sbin/sendmail.
#
# It needs jq and flock. Exit 0: done, or nothing to do. 100: never. Else:
# later.
set -eu
LC_ALL=C
export LC_ALL
: "${MAIL_FROM:?say from whom: environment = { \"MAIL_FROM=...\" }}"
: "${SENT:?say where: environment = { \"SENT=/var/lib/shop/receipts\" }}"

never() {
	echo "$STRIPE_EVENT_ID: $*"
	exit 100
}

# money AMOUNT CURRENCY: amounts come in the currency's smallest unit as
# Stripe has it: https://docs.stripe.com/currencies. ISK and UGX come in
# hundredths.
money() {
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

for program in jq flock; do
	command -v "$program" >/dev/null || {
		echo "$program is not installed"
		exit 1
	}
done
# A line for each, empty where it is no text or number or holds a control
# character: no value can pass for two.
facts=$(jq -r '
	def line: if type == "string" or type == "number" then tostring
	    else "" end | if test("[[:cntrl:]]") then "" else . end;
	.data.object | (.object, .payment_status, .id, .client_reference_id,
	    .amount_total, .currency, (.customer_details.email? // null), ".") | line') || exit 1
{
	IFS= read -r object
	IFS= read -r status
	IFS= read -r session
	IFS= read -r order
	IFS= read -r amount
	IFS= read -r currency
	IFS= read -r to
} <<EOF
$facts
EOF
[ "$object" = checkout.session ] || never "not a Checkout session"
[ "$STRIPE_LIVEMODE" = "${LIVEMODE:-true}" ] ||
	never "livemode is $STRIPE_LIVEMODE, see LIVEMODE in this script"
[ "$status" = paid ] || {
	echo "nothing was paid, so there is no receipt"
	exit 0
}

case $session in
'' | *[!A-Za-z0-9_]*) never "strange session id" ;;
esac
case $order in
'' | *[!A-Za-z0-9_-]*) never "no usable client_reference_id" ;;
esac
case $amount in
'' | *[!0-9]* | ?????????????*) never "strange amount" ;;
esac
case $currency in
[a-z][a-z][a-z]) ;;
*) never "strange currency" ;;
esac
# One address, and nothing that means something in a header.
case $to in
*@*@* | *[!A-Za-z0-9@.!#$%\&\'*+/=?^_\`"{|}"~-]*) never "strange e-mail" ;;
?*@?*) ;;
*) never "no e-mail" ;;
esac

umask 077
exec 9>>"$SENT/$session"
flock 9
[ ! -s "$SENT/$session" ] || {
	echo "the receipt for order $order was mailed before"
	exit 0
}
"${SENDMAIL:-/usr/sbin/sendmail}" -t -i 9>&- <<EOF || exit 1
From: $MAIL_FROM
To: $to
Subject: Your payment for order $order
Message-ID: <receipt.$session@${MAIL_FROM##*@}>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Auto-Submitted: auto-generated

Thank you. We have received $(money "$amount" "$currency") for your order $order.
EOF
echo mailed >&9
sync "$SENT/$session"
echo "the receipt for order $order was mailed"
