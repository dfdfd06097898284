#!/bin/sh
# Reads its input three times: as it comes, and twice by name.
cat
cat /dev/fd/0
cat /dev/stdin
