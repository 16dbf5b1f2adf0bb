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

/**
 * What next hops have said of messages before it was heard of: the queue id of a filter's output, or the id under which amavis
 * judged. The line with it may come a little later, as lines of different programs change places. Where the filter is not told
 * of clients by XFORWARD, nothing else tells whose its output, or its verdict, is. Likewise verdicts under a queue id that nobody knows,
 * of which the next hop's reply may tell yet.
 *
 * <p>Memory: {@value #MOST} ids, the oldest of which go for others; those that are too old go whenever one comes.
 */
final class Announced extends Remembered {

    private static final int MOST = 1000;

    private final Duration patience;
    private final Map<String, Said> byId = new LinkedHashMap<>();

    /** @param hop who said so; null where that is no address */
    record Said(Mail source, @Nullable IpPrefix hop, Instant at) {}

    Announced(Duration patience) {
        this.patience = patience;
    }

    void add(String id, Said said) {
        changed = true;
        byId.remove(id); // to be the youngest
        byId.put(id, said);
        Iterator<Said> oldest = byId.values().iterator();
        while (isOver(oldest.next(), said.at()) || byId.size() > MOST) {
            oldest.remove();
        }
    }

    /** Mostly; then no id need be made a text to ask. */
    boolean isEmpty() {
        return byId.isEmpty();
    }

    /** What was said of it, if that was not too long before {@code at}, and the message is not done with. */
    @Nullable
    Said find(String id, Instant at) {
        Said said = byId.get(id);
        return said == null || said.source().settled || isOver(said, at) ? null : said;
    }

    private boolean isOver(Said said, Instant at) {
        return said.at().plus(patience).isBefore(at);
    }

    byte[] toRow() {
        RowWriter row = new RowWriter();
        row.number(byId.size());
        byId.forEach((id, said) -> {
            row.text(id);
            row.number(said.source().serial);
            row.address(said.hop());
            row.time(said.at());
        });
        return row.toBytes();
    }

    /** @param mails the messages that were read back, by serial number; null for one that is not there */
    void restore(RowReader row, LongFunction<@Nullable Mail> mails) {
        for (long left = row.number(); left > 0; left--) {
            String id = row.someText();
            Mail source = mails.apply(row.number());
            IpPrefix hop = row.address();
            Instant at = Objects.requireNonNull(row.time());
            if (source != null) {
                byId.put(id, new Said(source, hop, at));
            }
        }
    }
}
