#!/bin/sh
# A daemon as packaging/postbane starts it reads a log of many lines that is written at 20,000 lines a second at most (RATE), and
# rotated in five ways. Prints its memory, CPU time and the size of its database over time, and whether it counted each line once.
#
#   src/bench/soak.sh [LINES [ROTATIONS]]        (10000000, 50)
#
# Build first: mvn -DskipTests package. Needs root, a JDK, nftables in the kernel, and room in $TMPDIR for the log: 150 bytes a
# line. Changes nothing outside its own network namespace. Exit status: 1 if a line was lost or counted twice.
. "$(dirname "$0")/namespace.sh"
sed -i 's/^path = .*/&\nzone = UTC/' "$work/config/postbane.conf"
head -c 2000 "$here/../test/resources/sample/mail.log" >"$work/mail.log" # it begins at the end of what is there
echo >>"$work/mail.log"
# shellcheck disable=SC2086 # a command and its options
$run 2>"$work/daemon.log" &
daemon=$!
i=0
until $here/../../packaging/postbane status --config "$work/config" >/dev/null 2>&1 || [ $i -gt 30 ]; do
  i=$((i + 1))
  sleep 1
done
status=0
java -Xmx256m -Drate="${RATE:-20000}" -cp "$work/classes" Soak $daemon "$work/mail.log" "$here/../test/resources/sample/mail.log" \
  "${1:-10000000}" "${2:-50}" "$here/../../packaging/postbane" status --json --config "$work/config" || status=$?
grep -E 'WARN|ERROR' "$work/daemon.log" | head -n 20 >&2 || true
kill $daemon
wait $daemon || true
ls -l "$work"/state* | awk '{ print "afterwards " $NF ": " $5 " bytes" }'
exit $status
