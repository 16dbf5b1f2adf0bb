# To be read by latency.sh and restart.sh: goes into a network namespace of its own, in which all of 198.18.0.0/15 is local, and
# makes a configuration in $work. Needs root.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${POSTBANE_BENCH_INSIDE:-}" ]; then
  export POSTBANE_BENCH_INSIDE=1
  exec unshare --net -- sh "$here/$(basename "$0")" "$@"
fi
ip link set lo up
ip addr add 198.18.0.1/15 dev lo
jar=$(realpath "${JAR:-$here/../../target/postbane.jar}") # as an archive beside it knows it
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/classes" "$work/config"
javac -d "$work/classes" -cp "$jar" "$here"/java/*.java
: >"$work/mail.log"
cat >"$work/config/postbane.conf" <<EOF
[agent]
socket = $work/postbane.sock
[store]
url = jdbc:h2:file:$work/state
[source mail]
path = $work/mail.log
[traps]
addresses = trap@example.org
[allow]
networks = 127.0.0.0/8 ::1
EOF
POSTBANE_JAR=$jar
export POSTBANE_JAR
run="$here/../../packaging/postbane run --config $work/config"
