#!/bin/sh
# Leaves a child behind in a session of its own, with the output open.
setsid sh -c 'echo "$$"; exec sleep 300' &
# setsid became the shell and then sleep: wait until it has got so far
until grep -q sleep /proc/$!/comm; do
	sleep 0.01
done
exit 0
