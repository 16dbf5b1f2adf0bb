package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;

/**
 * Trap hits that were refused for now, by a greylister for instance: the message comes again, and is one. Nothing but client,
 * sender and recipient tells that it is the same; a client that sends another one at once is not waiting.
 *
 * <p>Memory: {@value #MOST}; the oldest go where there are too many.
 */
final class DeferredTraps extends Remembered {

    private static final int MOST = 1000;
    /** Nobody tries again sooner: RFC 5321, section 4.5.4.1 asks for 30 minutes, Postfix waits 5. */
    private static final Duration SOONEST = Duration.ofMinutes(1);
    /** What greylisters accept, and longer than most clients wait. */
    private static final Duration LATEST = Duration.ofHours(6);

    private final Map<String, Instant> hits = new LinkedHashMap<>();

    /** Whether this is such a message again, once: if it is refused for now again, it is to be added again. */
    boolean takeAgain(IpPrefix client, @Nullable String sender, String trap, Instant at) {
        String key = hits.isEmpty() ? "" : key(client, sender, trap);
        Instant before = hits.get(key);
        if (before == null || at.isBefore(before.plus(SOONEST)) || at.isAfter(before.plus(LATEST))) {
            return false;
        }
        hits.remove(key);
        changed = true;
        return true;
    }

    /** It was refused for now. */
    void add(IpPrefix client, @Nullable String sender, String trap, Instant at) {
        String key = key(client, sender, trap);
        hits.remove(key);
        hits.put(key, at);
        Iterator<Instant> oldest = hits.values().iterator();
        while (oldest.hasNext() && (oldest.next().plus(LATEST).isBefore(at) || hits.size() > MOST)) {
            oldest.remove();
        }
        changed = true;
    }

    private static String key(IpPrefix client, @Nullable String sender, String trap) {
        return client + " " + Recipients.fold(trap) + " " + sender;
    }

    byte[] toRow() {
        RowWriter row = new RowWriter();
        row.number(hits.size());
        hits.forEach((key, at) -> {
            row.text(key);
            row.time(at);
        });
        return row.toBytes();
    }

    void restore(RowReader row) {
        for (long left = row.number(); left > 0; left--) {
            hits.put(row.someText(), Objects.requireNonNull(row.time()));
        }
    }
}
