#!/bin/sh
# Wants 200 MB, and says so.
echo hungry
exec dd if=/dev/zero of=/dev/null bs=200000000 count=1
