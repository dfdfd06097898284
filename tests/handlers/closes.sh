#!/bin/sh
# Closes its output, goes on, and has its own exit code.
exec >/dev/null 2>&1
sleep 0.2
exit 7
