#!/bin/sh
# Runs for payment_method.attached.
#
# Exit 0 means: done, never run this again for this event. With "set -e" any
# command that fails ends the script with another code, which means: later.
set -eu

echo "PaymentMethod was attached to a Customer!"
echo "$STRIPE_OBJECT_ID to ${STRIPE_CUSTOMER:-nobody}"
