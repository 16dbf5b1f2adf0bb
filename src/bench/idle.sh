#!/bin/sh
# What `postbane run` takes while nothing happens: resident memory and CPU time, as packaging/postbane starts it, without bans, with
# built-in jails and actions. Counted from 70 seconds after the start on: after a minute the first snapshot is made.
#
#   src/bench/idle.sh [SECONDS]
#
# Build first: mvn -DskipTests package; packaging/postbane-archive beside it, if an archive is to be used (POSTBANE_ARCHIVE). Needs
# root, a JDK, and nftables in the kernel; changes nothing outside its own network namespace.
. "$(dirname "$0")/namespace.sh"
seconds=${1:-60}
# shellcheck disable=SC2086 # a command and its options
$run 2>"$work/daemon.log" &
daemon=$!
sleep 70
ticks() {
  sed 's/.*) //' "/proc/$daemon/stat" | awk '{ print $12 + $13 }'
}
before=$(ticks)
sleep "$seconds"
after=$(ticks)
awk -v ticks=$((after - before)) -v hertz="$(getconf CLK_TCK)" -v seconds="$seconds" '
  /^VmRSS/ { rss = $2 }
  /^VmHWM/ { peak = $2 }
  END {
    printf "resident %.1f MiB (at most %.1f), CPU time %.2f s in %d s: %.2f %% of a core\n",
      rss / 1024, peak / 1024, ticks / hertz, seconds, 100 * ticks / hertz / seconds
  }' "/proc/$daemon/status"
kill $daemon
wait $daemon || true
