#!/bin/sh
# Runs for payment_intent.succeeded.
#
# The event is on standard input, its facts are in the environment. What is
# printed here is kept with the attempt; "stripehook show" prints it.
#
# An event may be handled twice: when the machine dies between this script's
# end and its record, say. So do work that is safe to repeat. Printing is. For
# what is not, see the samples named fulfil, or send
# $STRIPEHOOK_IDEMPOTENCY_KEY along as the Idempotency-Key of a call to Stripe.
set -eu

echo "PaymentIntent was successful!"
echo "$STRIPE_OBJECT_ID of event $STRIPE_EVENT_ID, attempt $STRIPEHOOK_ATTEMPT"
