#!/bin/sh
# Exits at once and leaves a child behind that holds the output open.
sleep 300 &
echo "$!"
exit 0
