#!/bin/sh
# Notes each paid order in the file "orders", in the folder that the
# configuration names. The event is on standard input, what matters of it in
# the environment: see stripehook-handler(7).
set -eu
umask 077
echo "$STRIPE_EVENT_ID $STRIPE_OBJECT_ID" >>orders
