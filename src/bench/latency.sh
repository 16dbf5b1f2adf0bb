#!/bin/sh
# From the write of a line that convicts a client, to the first connection of this client that is not made: read, parsed,
# judged, committed to disk, enforced by nftables. With the jails and actions that are built in, the daemon as packaging/postbane
# starts it. Prints median, p95 and maximum.
#
#   src/bench/latency.sh [ROUNDS]
#
# Build first: mvn -DskipTests package. Needs root, a JDK, and nftables in the kernel; changes nothing outside its own network
# namespace.
. "$(dirname "$0")/namespace.sh"
# shellcheck disable=SC2086 # a command and its options
$run 2>"$work/daemon.log" &
daemon=$!
i=0
until [ -S "$work/postbane.sock" ] || [ $i -gt 100 ]; do
  i=$((i + 1))
  sleep 0.1
done
sleep 1
if ! java -cp "$work/classes:$jar" Latency "$work/mail.log" trap@example.org "${1:-200}"; then
  tail -n 5 "$work/daemon.log" >&2
  kill $daemon
  exit 1
fi
kill $daemon
wait $daemon || true
