#!/bin/bash
# A real mail server for one test: Postfix, amavisd-new with SpamAssassin behind it, and rsyslogd, with the paths and log
# lines of an ordinary installation, but in namespaces of their own, so that nothing of the machine is touched and nothing
# stays behind.
#
#   mailserver.sh run DIR traditional|rfc3339
#
# Prints "ready PID NETNS" once mail is accepted: PID lives in the server's namespaces (nsenter -t PID ...), NETNS is the
# network namespace of the clients, in which all documentation addresses are local. Runs until standard input ends, so it
# cannot outlive whoever started it. DIR/mail.log is the log. Needs root. Exit 1: something did not come up; standard error
# says what.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
here=$(cd "$(dirname "$0")" && pwd)
dir=$2
format=$3

fail() {
  echo "mailserver: $*" >&2
  exit 1
}

network() { # the server at one end of a cable, all the clients of the world at the other
  ip netns add "$server"
  ip netns add "$clients"
  ip -n "$server" link add lan type veth peer name lan netns "$clients"
  for ns in "$server" "$clients"; do
    ip -n "$ns" link set lo up
    ip -n "$ns" link set lan up
  done
  ip -n "$server" addr add 10.25.25.1/30 dev lan
  ip -n "$clients" addr add 10.25.25.2/30 dev lan
  ip -n "$server" addr add fd25::1/64 dev lan nodad
  ip -n "$clients" addr add fd25::2/64 dev lan nodad
  for net in 192.0.2.0/24 198.51.100.0/24 203.0.113.0/24; do
    ip -n "$server" route add "$net" via 10.25.25.2
    ip -n "$clients" route add local "$net" dev lo
  done
  ip -n "$server" route add 2001:db8::/32 via fd25::2
  ip -n "$clients" route add local 2001:db8::/32 dev lo
  ip netns exec "$clients" sh -c 'echo 1 >/proc/sys/net/ipv6/ip_nonlocal_bind'
}

cleanup() {
  ip netns del "$clients" 2>/dev/null || true
  ip netns del "$server" 2>/dev/null || true
}

run() {
  server=mail$$s
  clients=mail$$c
  trap cleanup EXIT
  network
  chmod 755 "$dir" # the daemons run as users of their own
  ip netns exec "$server" unshare --mount --uts --ipc --pid --fork --kill-child bash "$0" inside "$dir" "$format" "$clients"
}

# instead SOURCE TARGET: within these namespaces SOURCE stands at TARGET, if there is a TARGET
instead() {
  if [ -e "$2" ]; then
    mount --bind "$1" "$2"
  fi
}

devices() { # a /dev of our own, as the programs log to /dev/log
  mkdir -p "$dir/dev"
  mount -t tmpfs -o mode=755 none "$dir/dev"
  for device in null zero full random urandom tty; do
    touch "$dir/dev/$device"
    mount --bind "/dev/$device" "$dir/dev/$device"
  done
  mkdir -m 1777 "$dir/dev/shm"
  ln -s /proc/self/fd "$dir/dev/fd"
  mount --rbind "$dir/dev" /dev
}

files() {
  mkdir -p "$dir/etc" "$dir/spool" "$dir/lib" "$dir/amavis/tmp" "$dir/amavis/db" "$dir/amavis/virusmails" "$dir/mail" "$dir/rsyslog"
  for name in postfix amavis spamassassin; do
    cp -aL "/etc/$name" "$dir/etc/$name"
    instead "$dir/etc/$name" "/etc/$name"
  done
  cp "$here/main.cf" "$here/master.cf" "$here/mailboxes" /etc/postfix/
  cp "$here/amavis.conf" /etc/amavis/conf.d/50-user
  cp "$here/spamassassin.cf" /etc/spamassassin/local.cf
  chmod -R u=rwX,go=rX "$dir/etc"
  postconf -e "virtual_mailbox_base=$dir/mail"
  chown -R postfix: "$dir/lib"
  chown -R amavis: "$dir/amavis"
  chown 5000:5000 "$dir/mail"
  instead "$dir/spool" /var/spool/postfix
  instead "$dir/lib" /var/lib/postfix
  instead "$dir/amavis" /var/lib/amavis
  printf '127.0.0.1 localhost\n::1 localhost\n10.25.25.1 mx.example.org mx\n192.0.2.25 relay.example.net\n' >"$dir/etc/hosts"
  printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >"$dir/etc/resolv.conf" # nobody answers, at once
  echo mx.example.org >"$dir/etc/mailname"
  for name in hosts resolv.conf mailname; do
    instead "$dir/etc/$name" "/etc/$name"
  done
  hostname mx.example.org
}

logger_start() {
  local template=RSYSLOG_TraditionalFileFormat
  if [ "$format" = rfc3339 ]; then
    template=RSYSLOG_FileFormat
  fi
  sed -e "s#@DIR@#$dir#g" -e "s#@TEMPLATE@#$template#" "$here/rsyslog.conf" >"$dir/etc/rsyslog.conf"
  touch "$dir/mail.log"
  rsyslogd -n -f "$dir/etc/rsyslog.conf" -i NONE </dev/null >"$dir/rsyslogd.out" 2>&1 &
  for ((i = 0; i < 100; i++)); do
    if [ -S /dev/log ]; then
      return
    fi
    sleep 0.1
  done
  fail "rsyslogd made no /dev/log: $(tail -n 3 "$dir/rsyslogd.out")"
}

wait_for_port() { # NAME PORT FILE_WITH_ITS_OUTPUT
  for ((i = 0; i < 300; i++)); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; then
      return
    fi
    sleep 0.1
  done
  fail "$1 does not listen on port $2: $(tail -n 3 "$3")"
}

inside() {
  read -r pid _ </proc/self/stat # as the machine counts: its /proc is still here
  mount -t proc proc /proc
  devices
  files
  logger_start
  amavisd start </dev/null >"$dir/amavisd.out" 2>&1 || fail "amavisd: $(tail -n 3 "$dir/amavisd.out")"
  postfix start </dev/null >"$dir/postfix.out" 2>&1 || fail "postfix: $(tail -n 3 "$dir/postfix.out")"
  wait_for_port postfix 25 "$dir/postfix.out"
  wait_for_port amavisd 10024 "$dir/amavisd.out"
  echo "ready $pid $clients"
  cat >/dev/null
  # leaving ends the first process of the process namespace, and with it all others
}

case $1 in
  run) run ;;
  inside)
    clients=$4
    inside
    ;;
  *) fail "usage: mailserver.sh run DIR traditional|rfc3339" ;;
esac
