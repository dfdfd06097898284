#!/bin/sh
# Says what it is limited to.
# shellcheck disable=SC3045 # every sh that we meet has them
echo "nice $(nice)"
echo "memory $(ulimit -v) $(ulimit -Hv)"
echo "files $(ulimit -n) $(ulimit -Hn)"
echo "core $(ulimit -c) $(ulimit -Hc)"
