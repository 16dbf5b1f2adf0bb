#!/bin/sh
# What actions cost with many bans: nftables, ipset and Postfix maps, beside fail2ban's way of one process for each ban.
#
#   src/bench/actions.sh [FEW [MANY]]      # 100000 and 1000000
#
# Build first: mvn -DskipTests package (or name the classes and libraries in CLASSES). Needs root, a JDK and nft; ipset and
# postmap where they are to be measured. Changes nothing outside its own network namespace.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${POSTBANE_BENCH_INSIDE:-}" ]; then
  export POSTBANE_BENCH_INSIDE=1
  exec unshare --net -- sh "$here/actions.sh" "$@"
fi
classes=${CLASSES:-$here/../../target/postbane.jar}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ip link set lo up
echo 'compatibility_level = 3.6' >"$work/main.cf" # postmap wants one
javac -d "$work" -cp "$classes" "$here/java/Actions.java"
echo "load $(cut -d ' ' -f 1-3 /proc/loadavg)"
java -cp "$work:$classes" Actions "$work" "${1:-100000}" "${2:-1000000}" 200
echo "elements left: $(nft list set inet postbane banned4 | grep -o ' expires ' | wc -l)"
