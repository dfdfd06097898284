#!/bin/sh
# Tries to change its input: in place, at its end, and to nothing.
(printf x >&0) 2>/dev/null && echo "written to 0"
(printf x >>/dev/fd/0) 2>/dev/null && echo "written by name"
(printf x 1<>/dev/fd/0) 2>/dev/null && echo "written in place by name"
(: >/dev/fd/0) 2>/dev/null
cat /dev/fd/0
