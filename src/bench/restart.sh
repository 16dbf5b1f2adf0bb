#!/bin/sh
# From the start of `postbane run` to the moment when all bans of its database hold again in an empty kernel.
#
#   src/bench/restart.sh [BANS]
#
# Build first: mvn -DskipTests package. Needs root, a JDK, nft, and nftables in the kernel; changes nothing outside its own
# network namespace.
. "$(dirname "$0")/namespace.sh"
bans=${1:-100000}
java -cp "$work/classes:$jar" Restart fill "jdbc:h2:file:$work/state" "$bans"
for round in 1 2 3; do
  nft flush ruleset
  # shellcheck disable=SC2086 # a command and its options
  java -cp "$work/classes:$jar" Restart measure "$bans" $run 2>"$work/daemon.log" || {
    tail -n 5 "$work/daemon.log" >&2
    exit 1
  }
  held=$(nft list ruleset | grep -o ' expires ' | wc -l)
  echo "  round $round: $held elements in the kernel"
done
