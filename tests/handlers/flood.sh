#!/bin/sh
# flood.sh N: counts to N, then ends on the other output.
seq 1 "$1"
echo "the end" >&2
