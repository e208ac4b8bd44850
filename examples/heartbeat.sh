#!/bin/sh
# Prints a line every so many seconds (the argument, 5 without one) and ends at once when told to.
trap 'echo "heartbeat: ended"; exit 0' TERM INT
echo "heartbeat: pid $$"
while :; do
    sleep "${1:-5}" &
    wait $!
    echo "heartbeat: alive at $(date -u +%H:%M:%S)"
done
