package org.postbane.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.postbane.parse.LogEvent;
import org.postbane.parse.Peer;

/** Prints events, one on each line. */
sealed interface EventWriter extends AutoCloseable {

    /** @param file null where only one is read */
    void write(@Nullable String file, long line, LogEvent event) throws IOException;

    @Override
    void close() throws IOException;

    /** {@code {"line": 12, "time": "...", "program": "postfix/smtpd", "event": "client", ...}}. */
    final class AsJson implements EventWriter {

        private final Json out;

        AsJson(PrintStream stream) throws IOException {
            out = new Json(stream);
        }

        @Override
        @SuppressWarnings("unchecked")
        public void write(@Nullable String file, long line, LogEvent event) throws IOException {
            out.begin().member("file", file).member("line", line).object("time", event.at());
            out.member("program", event.by().name()).member("event", name(event));
            for (Map.Entry<String, Object> member : members(event).entrySet()) {
                Object value = member.getValue();
                if (value instanceof Long number) {
                    out.member(member.getKey(), number.longValue());
                } else if (value instanceof Double number) {
                    out.member(member.getKey(), number.doubleValue());
                } else if (value instanceof List<?> list) {
                    out.list(member.getKey(), list);
                } else {
                    out.object(member.getKey(), value);
                }
            }
            out.end();
        }

        @Override
        public void close() throws IOException {
            out.endLine();
            out.close();
        }
    }

    /** {@code 12  2026-11-21T09:15:23Z  postfix/smtpd  client  queueId=3064E52EAC1 client=203.0.113.1}. */
    final class AsText implements EventWriter {

        private final PrintStream out;

        AsText(PrintStream out) {
            this.out = out;
        }

        @Override
        public void write(@Nullable String file, long line, LogEvent event) {
            StringBuilder text = new StringBuilder();
            text.append(file == null ? "" : file + ":")
                    .append(line)
                    .append("  ")
                    .append(event.at());
            text.append("  ")
                    .append(event.by().name())
                    .append("  ")
                    .append(name(event))
                    .append(' ');
            members(event)
                    .forEach((name, value) ->
                            text.append(' ').append(name).append('=').append(value));
            out.println(Table.printable(text.toString()));
        }

        @Override
        public void close() {
            out.flush();
        }
    }

    private static String name(LogEvent event) {
        if (event instanceof LogEvent.Connect) {
            return "connect";
        }
        if (event instanceof LogEvent.Disconnect) {
            return "disconnect";
        }
        if (event instanceof LogEvent.Client || event instanceof LogEvent.Pickup) {
            return "client";
        }
        if (event instanceof LogEvent.MessageId) {
            return "message-id";
        }
        if (event instanceof LogEvent.Queued) {
            return "queued";
        }
        if (event instanceof LogEvent.Recipients) {
            return "recipients";
        }
        if (event instanceof LogEvent.Delivery) {
            return "delivery";
        }
        if (event instanceof LogEvent.ProxyReply) {
            return "delivery";
        }
        if (event instanceof LogEvent.Removed) {
            return "removed";
        }
        if (event instanceof LogEvent.Verdict) {
            return "verdict";
        }
        if (event instanceof LogEvent.Reject) {
            return "reject";
        }
        if (event instanceof LogEvent.Match) {
            return "match";
        }
        if (event instanceof LogEvent.AuthFailure) {
            return "auth-failure";
        }
        if (event instanceof LogEvent.Login) {
            return "login";
        }
        if (event instanceof LogEvent.ProtocolError) {
            return "protocol-error";
        }
        if (event instanceof LogEvent.RateLimit) {
            return "rate-limit";
        }
        if (event instanceof LogEvent.Postscreen) {
            return "postscreen";
        }
        throw new AssertionError(event);
    }

    /** What the line states; members that it does not state are missing. Long, Double, List of texts, or text. */
    private static Map<String, Object> members(LogEvent event) {
        Members of = new Members();
        if (event instanceof LogEvent.Connect connect) {
            of.peer("client", connect.client());
        } else if (event instanceof LogEvent.Disconnect disconnect) {
            of.peer("client", disconnect.client());
            of.add("recipients", disconnect.recipients() < 0 ? null : (Object) (long) disconnect.recipients());
        } else if (event instanceof LogEvent.Client client) {
            of.add("queueId", client.queueId()).peer("client", client.client()).add("account", client.account());
            of.add("origQueueId", client.origQueueId());
            if (client.origClient() != null) {
                of.peer("origClient", client.origClient());
            }
        } else if (event instanceof LogEvent.Pickup pickup) {
            of.add("queueId", pickup.queueId()).add("uid", (long) pickup.uid()).add("from", pickup.sender());
        } else if (event instanceof LogEvent.MessageId id) {
            of.add("queueId", id.queueId()).add("messageId", id.messageId());
        } else if (event instanceof LogEvent.Queued queued) {
            of.add("queueId", queued.queueId()).add("from", queued.sender()).add("size", queued.size());
            of.add("recipients", (long) queued.recipients());
        } else if (event instanceof LogEvent.Recipients counted) {
            of.add("queueId", counted.queueId()).add("recipients", (long) counted.count());
        } else if (event instanceof LogEvent.Delivery delivery) {
            of.add("queueId", delivery.queueId())
                    .add("to", List.of(delivery.to()))
                    .add("origTo", delivery.origTo());
            of.add("relay", delivery.relay())
                    .add("status", delivery.status().name().toLowerCase(Locale.ROOT));
            of.add("queuedAs", delivery.queuedAs())
                    .add("filterId", delivery.filterId())
                    .add("reason", delivery.reply());
        } else if (event instanceof LogEvent.ProxyReply reply) {
            of.add("from", reply.sender()).add("to", reply.recipient() == null ? null : List.of(reply.recipient()));
            of.add("code", (long) reply.code()).add("queuedAs", reply.queuedAs());
            of.add("filterId", reply.filterId()).add("reason", reply.reply());
        } else if (event instanceof LogEvent.Removed removed) {
            of.add("queueId", removed.queueId());
        } else if (event instanceof LogEvent.Verdict verdict) {
            of.verdict(verdict);
        } else if (event instanceof LogEvent.Reject reject) {
            of.add("queueId", reject.queueId()).peer("client", reject.client()).add("from", reject.sender());
            of.add("to", reject.recipient() == null ? null : List.of(reject.recipient()));
            of.add("stage", reject.stage()).add("code", (long) reject.code());
            of.add("kind", reject.kind().name().toLowerCase(Locale.ROOT).replace('_', '-'))
                    .add("reason", reject.reason());
        } else if (event instanceof LogEvent.Match match) {
            of.add("queueId", match.queueId()).peer("client", match.client()).add("from", match.sender());
            of.add("to", match.recipient() == null ? null : List.of(match.recipient()));
            of.add("stage", match.stage()).add("action", match.action()).add("reason", match.reason());
        } else if (event instanceof LogEvent.AuthFailure failure) {
            of.peer("client", failure.client()).add("account", failure.account());
            of.add("mechanism", failure.mechanism().isEmpty() ? null : failure.mechanism());
            of.add("attempts", failure.attempts() == 1 ? null : (Object) (long) failure.attempts())
                    .add("reason", failure.reason());
        } else if (event instanceof LogEvent.Login login) {
            of.peer("client", login.client()).add("account", login.account());
            of.add("mechanism", login.mechanism().isEmpty() ? null : login.mechanism());
        } else if (event instanceof LogEvent.ProtocolError error) {
            of.peer("client", error.client()).add("stage", error.stage().isEmpty() ? null : error.stage());
            of.add("reason", error.reason());
        } else if (event instanceof LogEvent.RateLimit limit) {
            of.peer("client", limit.client()).add("limit", limit.limit());
            of.add("count", limit.count() == 0 ? null : (Object) (long) limit.count());
        } else if (event instanceof LogEvent.Postscreen postscreen) {
            of.peer("client", postscreen.client()).add("test", postscreen.test());
            of.add("failed", String.valueOf(postscreen.failed()))
                    .add("reason", postscreen.reason().isEmpty() ? null : postscreen.reason());
        } else {
            throw new AssertionError(event);
        }
        return of.members;
    }

    /** Members in the order in which they are printed. */
    final class Members {

        private final Map<String, Object> members = new LinkedHashMap<>();

        private Members() {}

        Members add(String name, @Nullable Object value) {
            if (value != null) {
                members.put(name, value);
            }
            return this;
        }

        Members peer(String name, Peer peer) {
            add(name, peer.address()).add(name + "Name", peer.name().isEmpty() ? null : peer.name());
            return peer.port() == 0 ? this : add(name.equals("client") ? "port" : name + "Port", (long) peer.port());
        }

        void verdict(LogEvent.Verdict verdict) {
            add("queueId", verdict.queueId());
            if (verdict.client() != null) {
                peer("client", verdict.client());
            }
            add("from", verdict.sender()).add("to", verdict.recipients().isEmpty() ? null : verdict.recipients());
            add("messageId", verdict.messageId());
            add("verdict", verdict.judgement().name().toLowerCase(Locale.ROOT));
            add("category", verdict.category());
            add("points", Double.isNaN(verdict.points()) ? null : (Object) verdict.points());
            add("size", verdict.size() == 0 ? null : (Object) verdict.size());
            boolean tells =
                    verdict.filter().equals("amavis") || verdict.filter().equals("rspamd");
            add("blocked", tells ? String.valueOf(verdict.blocked()) : null);
            add(
                    "queuedAs",
                    verdict.queuedAs().isEmpty() ? null : verdict.queuedAs().get(0));
            add("filter", verdict.filter()).add("filterId", verdict.filterId());
        }
    }
}
