package org.postbane.parse;

import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;

/**
 * A {@link LogEvent.Verdict} while its line is being read. What the line does not say stays what {@code Verdict} says such a
 * thing is: null, nothing, NaN.
 */
final class VerdictDraft {

    private final SyslogHeader header;
    private final String filter;
    private final String category;
    private final Judgement judgement;
    private double points = Double.NaN;
    private boolean blocked;
    private @Nullable QueueId queueId;
    private @Nullable Peer client;
    private @Nullable String sender;
    private List<String> recipients = List.of();
    private LogEvent.Listed recipientsAre = LogEvent.Listed.ALL;
    private @Nullable String messageId;
    private long size;
    private int took;
    private @Nullable Instant begun;
    private List<QueueId> queuedAs = List.of();
    private @Nullable String filterId;
    private @Nullable String quarantine;

    /** @param header of the line */
    VerdictDraft(SyslogHeader header, String filter, String category, Judgement judgement) {
        this.header = header;
        this.filter = filter;
        this.category = category;
        this.judgement = judgement;
    }

    VerdictDraft points(double number) {
        points = number;
        return this;
    }

    VerdictDraft blocked(boolean isBlocked) {
        blocked = isBlocked;
        return this;
    }

    VerdictDraft on(@Nullable QueueId id) {
        queueId = id;
        return this;
    }

    VerdictDraft from(@Nullable Peer peer, @Nullable String address) {
        client = peer;
        sender = address;
        return this;
    }

    /** @param what the addresses are, if there are any */
    VerdictDraft to(List<String> addresses, LogEvent.Listed what) {
        recipients = addresses;
        recipientsAre = addresses.isEmpty() ? LogEvent.Listed.ALL : what;
        return this;
    }

    /** No recipients are known. */
    VerdictDraft listed(LogEvent.Listed what) {
        recipientsAre = what;
        return this;
    }

    VerdictDraft message(@Nullable String id, long bytes) {
        messageId = id;
        size = bytes;
        return this;
    }

    /** @param millis how long it took the filter */
    VerdictDraft took(int millis) {
        took = millis;
        return this;
    }

    /** @param at the stamp of the line that told of it */
    VerdictDraft begun(@Nullable Instant at) {
        begun = at;
        return this;
    }

    VerdictDraft queuedAs(List<QueueId> ids) {
        queuedAs = ids;
        return this;
    }

    VerdictDraft filterId(@Nullable String id) {
        filterId = id;
        return this;
    }

    VerdictDraft quarantine(@Nullable String address) {
        quarantine = address;
        return this;
    }

    void state(Consumer<LogEvent> out) {
        out.accept(new LogEvent.Verdict(
                header.at(),
                header.by(),
                filter,
                category,
                judgement,
                points,
                blocked,
                queueId,
                client,
                sender,
                recipients,
                messageId,
                (int) Math.min(size, Integer.MAX_VALUE),
                took,
                begun,
                queuedAs,
                filterId,
                recipientsAre,
                quarantine));
    }
}
