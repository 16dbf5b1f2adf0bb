#!/bin/sh
# Runs `postbane scan --json` over one log, side by side with what else could read it: wc -l, grep, and an awk program that joins
# queue ids to victims as scan does in its simplest case. Prints CPU seconds, peak memory and lines per CPU-second of each, and
# the ratios. With the truth of a generated log, compares spam messages and victims client by client.
#
#   src/bench/scan.sh LOG [TRUTH.tsv]
#
# Build first: mvn -DskipTests package. Needs GNU time (/usr/bin/time). TRUTH.tsv has a header line and the columns ip,
# spam_msgs, spam_victims first. LOG has stamps of 2026, in UTC.
#
#   JAVA_OPTS   options for the JVM; none by default, as nobody gives any to `java -jar`
#   JAR         the jar, if not target/postbane.jar
#
# Exit status: 1 if a number differs from the truth.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
log=${1:?usage: scan.sh LOG [TRUTH.tsv]}
truth=${2:-}
jar=${JAR:-$here/../../target/postbane.jar}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat "$log" >/dev/null # all read it from the page cache

# measure NAME COMMAND...: its output into $work/NAME.out, "user system wall KiB" into $work/NAME.time
measure() {
  name=$1
  shift
  /usr/bin/time -f '%U %S %e %M' -o "$work/$name.time" "$@" >"$work/$name.out"
}

measure wc wc -l "$log"
measure grep grep -c 'status=sent' "$log"
measure awk awk -f "$here/victims.awk" "$log"
# shellcheck disable=SC2086 # a list
measure postbane java ${JAVA_OPTS:-} -jar "$jar" scan --json --year 2026 --zone UTC "$log"

lines=$(awk '{ print $1 }' "$work/wc.out")
printf '%s lines\n\n%-10s %10s %10s %10s %14s %10s\n' "$lines" program 'CPU s' 'wall s' 'MiB' 'lines/CPU s' 'CPU ratio'
base=$(awk '{ print $1 + $2 }' "$work/postbane.time")
for name in wc grep awk postbane; do
  awk -v name="$name" -v lines="$lines" -v base="$base" '{
    cpu = $1 + $2
    if (cpu < 0.01) cpu = 0.01
    printf "%-10s %10.2f %10.2f %10.1f %14.0f %10.2f\n", name, cpu, $3, $4 / 1024, lines / cpu, base / cpu
  }' "$work/$name.time"
done
echo "(CPU ratio: how many times the program's CPU time postbane took)"

if [ -n "$truth" ]; then
  echo
  # scan's JSON, one client per line: address, spam, victims
  sed 's/{"client":/\n&/g' "$work/postbane.out" |
    sed -n 's/^{"client":"\([^"]*\)","spam":\([0-9]*\),"victims":\([0-9]*\),.*/\1\t\2\t\3/p' >"$work/postbane.tsv"
  status=0
  for name in awk.out postbane.tsv; do
    awk -F '\t' -v name="${name%.*}" '
      FNR == NR { spam[$1] = $2; victims[$1] = $3; next }
      FNR > 1 && ($2 != spam[$1] + 0 || $3 != victims[$1] + 0) {
        if (wrong++ < 5) printf "  %s: spam %d, truth %d; victims %d, truth %d\n", $1, spam[$1], $2, victims[$1], $3
      }
      FNR > 1 { clients++; delete spam[$1] }
      END {
        for (client in spam) if (spam[client] > 0) { strangers++ }
        printf "%s: %d clients, %d differ from the truth, %d it does not know\n", name, clients, wrong, strangers
        exit (wrong + strangers > 0)
      }' "$work/$name" "$truth" || status=1
    [ "$name" = postbane.tsv ] || status=0 # awk may err, we may not
  done
  exit $status
fi
