#!/bin/sh
# Ends at TERM, and says that all is well.
trap 'echo stopping; kill $!; exit 0' TERM
echo "ready $$"
sleep 300 &
wait
