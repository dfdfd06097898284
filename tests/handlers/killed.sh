#!/bin/sh
# killed.sh SIGNAL: dies of a signal.
kill -s "$1" $$
sleep 60
