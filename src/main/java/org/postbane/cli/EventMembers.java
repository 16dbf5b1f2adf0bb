package org.postbane.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.postbane.parse.LogEvent;
import org.postbane.parse.Peer;

/**
 * An event as it is printed: its name and what its line states, in the order of printing; what a line does not state is missing.
 * For one event after the other, each read before the next one comes.
 */
final class EventMembers implements LogEvent.Visitor {

    private final Map<String, Object> members = new LinkedHashMap<>();
    private String name = "";

    /** Takes the place of the event before. */
    EventMembers of(LogEvent event) {
        members.clear();
        event.accept(this);
        return this;
    }

    /** {@code message-id}. */
    String name() {
        return name;
    }

    /** Values are Long, Double, a List of texts, or text. */
    Map<String, Object> members() {
        return members;
    }

    @Override
    public void visit(LogEvent.Connect event) {
        name = "connect";
        peer("client", event.client());
    }

    @Override
    public void visit(LogEvent.Disconnect event) {
        name = "disconnect";
        peer("client", event.client());
        addIf(event.recipients() >= 0, "recipients", (long) event.recipients());
    }

    @Override
    public void visit(LogEvent.Client event) {
        name = "client";
        add("queueId", event.queueId()).peer("client", event.client()).add("account", event.account());
        add("origQueueId", event.origQueueId());
        if (event.origClient() != null) {
            peer("origClient", event.origClient());
        }
    }

    @Override
    public void visit(LogEvent.Pickup event) {
        name = "client";
        add("queueId", event.queueId()).add("uid", (long) event.uid()).add("from", event.sender());
        add("origQueueId", event.origQueueId());
    }

    @Override
    public void visit(LogEvent.MessageId event) {
        name = "message-id";
        add("queueId", event.queueId()).add("messageId", event.messageId());
    }

    @Override
    public void visit(LogEvent.Queued event) {
        name = "queued";
        add("queueId", event.queueId()).add("from", event.sender()).add("size", event.size());
        add("recipients", (long) event.recipients());
    }

    @Override
    public void visit(LogEvent.Recipients event) {
        name = "recipients";
        add("queueId", event.queueId()).add("recipients", (long) event.count());
    }

    @Override
    public void visit(LogEvent.Delivery event) {
        name = "delivery";
        add("queueId", event.queueId()).add("to", List.of(event.to())).add("origTo", event.origTo());
        add("relay", event.relay()).add("status", word(event.status()));
        add("queuedAs", event.queuedAs()).add("filterId", event.filterId()).add("reason", event.reply());
    }

    @Override
    public void visit(LogEvent.ProxyReply event) {
        name = "delivery";
        add("from", event.sender()).recipient(event.recipient());
        add("code", (long) event.code()).add("queuedAs", event.queuedAs());
        add("filterId", event.filterId()).add("reason", event.reply());
    }

    @Override
    public void visit(LogEvent.Removed event) {
        name = "removed";
        add("queueId", event.queueId());
    }

    @Override
    public void visit(LogEvent.Verdict event) {
        name = "verdict";
        add("queueId", event.queueId());
        if (event.client() != null) {
            peer("client", event.client());
        }
        add("from", event.sender()).addIf(!event.recipients().isEmpty(), "to", event.recipients());
        add("messageId", event.messageId());
        add("verdict", word(event.judgement()));
        add("category", event.category());
        addIf(!Double.isNaN(event.points()), "points", event.points());
        addIf(event.size() != 0, "size", (long) event.size());
        boolean tells = event.filter().equals("amavis") || event.filter().equals("rspamd");
        addIf(tells, "blocked", String.valueOf(event.blocked()));
        add("queuedAs", event.queuedAs().isEmpty() ? null : event.queuedAs().get(0));
        add("filter", event.filter()).add("filterId", event.filterId());
    }

    @Override
    public void visit(LogEvent.Reject event) {
        name = "reject";
        add("queueId", event.queueId()).peer("client", event.client()).add("from", event.sender());
        recipient(event.recipient());
        add("stage", event.stage()).add("code", (long) event.code());
        add("kind", word(event.kind())).add("reason", event.reason());
    }

    @Override
    public void visit(LogEvent.Match event) {
        name = "match";
        add("queueId", event.queueId()).peer("client", event.client()).add("from", event.sender());
        recipient(event.recipient());
        add("stage", event.stage()).add("action", event.action()).add("reason", event.reason());
    }

    @Override
    public void visit(LogEvent.AuthFailure event) {
        name = "auth-failure";
        peer("client", event.client()).add("account", event.account());
        addStated("mechanism", event.mechanism());
        addIf(event.attempts() != 1, "attempts", (long) event.attempts()).add("reason", event.reason());
    }

    @Override
    public void visit(LogEvent.Login event) {
        name = "login";
        peer("client", event.client()).add("account", event.account());
        addStated("mechanism", event.mechanism());
    }

    @Override
    public void visit(LogEvent.ProtocolError event) {
        name = "protocol-error";
        peer("client", event.client()).addStated("stage", event.stage());
        add("reason", event.reason());
    }

    @Override
    public void visit(LogEvent.RateLimit event) {
        name = "rate-limit";
        peer("client", event.client()).add("limit", event.limit());
        addIf(event.count() != 0, "count", (long) event.count());
    }

    @Override
    public void visit(LogEvent.Postscreen event) {
        name = "postscreen";
        peer("client", event.client()).add("test", event.test());
        add("failed", String.valueOf(event.failed())).addStated("reason", event.reason());
    }

    private EventMembers add(String member, @Nullable Object value) {
        if (value != null) {
            members.put(member, value);
        }
        return this;
    }

    private EventMembers addIf(boolean stated, String member, Object value) {
        return stated ? add(member, value) : this;
    }

    private EventMembers addStated(String member, String value) {
        return addIf(!value.isEmpty(), member, value);
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private EventMembers recipient(@Nullable String address) {
        return add("to", address == null ? null : List.of(address));
    }

    private EventMembers peer(String member, Peer peer) {
        add(member, peer.address()).addStated(member + "Name", peer.name());
        return addIf(peer.port() != 0, member.equals("client") ? "port" : member + "Port", (long) peer.port());
    }
}
