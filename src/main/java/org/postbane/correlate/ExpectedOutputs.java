package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.model.QueueId;

/**
 * Messages that a next hop said to have queued as a message of which nothing is known yet: the line with its client may come a
 * little later, as lines of different programs change places. Where the filter is not told of clients by XFORWARD, nothing
 * else tells what its output was made of.
 *
 * <p>Memory: {@value #MOST} of them, the oldest of which go for others; those that are too old go whenever one comes.
 */
final class ExpectedOutputs {

    private static final int MOST = 1000;

    private final Duration patience;
    private final Map<QueueId, Expected> byId = new LinkedHashMap<>();
    private boolean changed;

    /** @param hop who said so */
    record Expected(Mail source, IpPrefix hop, Instant at) {}

    ExpectedOutputs(Duration patience) {
        this.patience = patience;
    }

    void expect(QueueId id, Mail source, IpPrefix hop, Instant at) {
        changed = true;
        byId.remove(id); // to be the youngest
        byId.put(id, new Expected(source, hop, at));
        Iterator<Expected> oldest = byId.values().iterator();
        while (isOver(oldest.next(), at) || byId.size() > MOST) {
            oldest.remove();
        }
    }

    /** What was said of it, if that was not too long before {@code at}; once. */
    @Nullable
    Expected take(QueueId id, Instant at) {
        Expected expected = byId.isEmpty() ? null : byId.remove(id);
        changed |= expected != null;
        return expected == null || isOver(expected, at) ? null : expected;
    }

    private boolean isOver(Expected expected, Instant at) {
        return expected.at().plus(patience).isBefore(at);
    }

    /** Whether something changed since this was asked last. */
    boolean takeChanged() {
        boolean was = changed;
        changed = false;
        return was;
    }

    byte[] toRow() {
        RowWriter row = new RowWriter();
        row.number(byId.size());
        byId.forEach((id, expected) -> {
            row.number(id.high());
            row.number(id.low());
            row.number(expected.source().serial);
            row.address(expected.hop());
            row.time(expected.at());
        });
        return row.toBytes();
    }

    /** @param mails the messages that were read back, by serial number; null for one that is not there */
    void restore(RowReader row, LongFunction<@Nullable Mail> mails) {
        for (long left = row.number(); left > 0; left--) {
            QueueId id = new QueueId(row.number(), row.number());
            Mail source = mails.apply(row.number());
            IpPrefix hop = Objects.requireNonNull(row.address());
            Instant at = Objects.requireNonNull(row.time());
            if (source != null) {
                byId.put(id, new Expected(source, hop, at));
            }
        }
    }
}
