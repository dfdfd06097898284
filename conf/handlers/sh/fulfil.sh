#!/bin/sh
# Fulfils a paid Checkout session, once: puts the order into a folder, which
# is what the people or programs that pack it look at.
#
#	handler "fulfil" {
#		events      = { "checkout.session.completed",
#		    "checkout.session.async_payment_succeeded" }
#		command     = { "/usr/local/lib/stripehook/fulfil.sh" }
#		environment = { "ORDERS=/var/lib/shop/orders" }
#	}
#
# The idempotency key is the session's id, the same in every attempt and in
# both events. It is the name of the order's file, which appears whole or not
# at all, and only one run can make it. So leave the files where they are.
#
# Before you ship, compare amount and currency with your price: with a payment
# link, the customer can choose the client_reference_id. Test events are
# refused; LIVEMODE=false in the environment takes them instead.
#
# It needs jq. Exit 0: done, or nothing to do. 100: never. Else: later.
set -eu
LC_ALL=C
export LC_ALL
: "${ORDERS:?say where: environment = { \"ORDERS=/var/lib/shop/orders\" }}"

never() {
	echo "$STRIPE_EVENT_ID: $*"
	exit 100
}

command -v jq >/dev/null || {
	echo "jq is not installed; apt-get install jq"
	exit 1
}
# A line for each, empty where it is no text or number or holds a control
# character: no value can pass for two.
facts=$(jq -r '
	def line: if type == "string" or type == "number" then tostring
	    else "" end | if test("[[:cntrl:]]") then "" else . end;
	.data.object | (.object, .payment_status, .id, .client_reference_id,
	    .amount_total, .currency, ".") | line') || exit 1
{
	IFS= read -r object
	IFS= read -r status
	IFS= read -r session
	IFS= read -r order
	IFS= read -r amount
	IFS= read -r currency
} <<EOF
$facts
EOF
[ "$object" = checkout.session ] || never "not a Checkout session"
[ "$STRIPE_LIVEMODE" = "${LIVEMODE:-true}" ] ||
	never "livemode is $STRIPE_LIVEMODE, see LIVEMODE in this script"

case $status in
paid | no_payment_required) ;;
unpaid)
	echo "not paid yet; async_payment_succeeded will tell"
	exit 0
	;;
*) never "unknown payment_status" ;;
esac

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

umask 027
draft=$(mktemp "$ORDERS/.draft.XXXXXX") || exit 1
trap 'rm -f "$draft"' EXIT
# The amount stays in the currency's smallest unit.
printf '{"session":"%s","order":"%s","amount":%s,"currency":"%s"}\n' \
    "$session" "$order" "$amount" "$currency" >"$draft"
sync "$draft"
if ln "$draft" "$ORDERS/$session" 2>/dev/null; then
	sync "$ORDERS"
	echo "order $order is fulfilled"
elif [ -f "$ORDERS/$session" ]; then
	echo "order $order was fulfilled before"
else
	echo "cannot make $ORDERS/$session"
	exit 1
fi
