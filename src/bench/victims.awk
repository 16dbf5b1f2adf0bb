# The simplest program that joins queue ids to victims: for amavis after the queue, with XFORWARD, and nothing else. Prints
# client, spam messages, victims. No decay, no bans, no aliases, no other order of lines, nothing hostile.
/: client=/ {
  for (i = 6; i < NF && $i !~ /^client=/; i++) { }
  id = $(i - 1)
  sub(/:$/, "", id)
  client = $i
  sub(/^client=[^[]*\[/, "", client)
  sub(/\].*/, "", client)
  from[id] = client
  next
}
/ amavis\[.* (Passed|Blocked) SPAM/ {
  if (!match($0, /, Queue-ID: [^,]*/)) next
  id = substr($0, RSTART + 12, RLENGTH - 12)
  if (!(id in from)) next
  client = from[id]
  text = substr($0, 1, RSTART - 1)
  sub(/.*> -> /, "", text)
  spam[client]++
  victims[client] += gsub(/</, "<", text)
  next
}
/: removed$/ {
  id = $6
  sub(/:$/, "", id)
  delete from[id]
}
END {
  for (client in spam) print client "\t" spam[client] "\t" victims[client]
}
