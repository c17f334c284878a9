#!/bin/sh
# What a test printer prints with: notes what it was asked for, then waits while REASON is there, as one without paper
# does. The printer turns the STATE lines into its printer-state-reasons.
here=$(dirname -- "$0")
env | grep -E '^IPP_(COPIES|MEDIA|MEDIA_COL|SIDES|JOB_NAME|PRINT_SCALING)=' >"$1.asked"
last=
while [ -s "$here/REASON" ]; do
    reason=$(cat "$here/REASON")
    [ "$reason" = "$last" ] || { echo "STATE: +$reason" >&2; last=$reason; }
    sleep 0.1
done
[ -z "$last" ] || echo "STATE: -$last" >&2
