#!/bin/sh
# Shows how a handler refuses an event for good.
#
# Exit 100: no repeat will help. The delivery is parked as failed, where a
# person sees it ("stripehook list --state failed") and decides. Say why: the
# words are kept. Use it for what cannot change, and any other code but 0 for
# what may: a server that is down, a full disk, a bug in this script.
set -eu

if [ "$STRIPE_LIVEMODE" != true ]; then
	echo "$STRIPE_EVENT_ID is a test event, and this is the live shop"
	exit 100
fi
echo "$STRIPE_EVENT_ID is live"
