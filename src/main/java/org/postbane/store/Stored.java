package org.postbane.store;

import java.time.Instant;
import org.postbane.decide.Ban;
import org.postbane.score.Offence;
import org.postbane.score.Standing;
import org.postbane.score.Standing.Weight;

/**
 * Values as they will be read back, cut when they are saved, so that nothing changes with a restart: times to {@link
 * Micros}, texts for people to {@value #MOST_TEXT} characters, as strangers decide how long they are.
 */
final class Stored {

    static final int MOST_TEXT = 1000;
    private static final int MOST_KEY = 200;

    private Stored() {}

    static Ban of(Ban ban) {
        return new Ban(
                ban.subject(), ban.jail(), of(ban.from()), Micros.at(Micros.ofEnd(ban.until())), of(ban.reason()));
    }

    static Offence of(Offence o) {
        return new Offence(of(o.at()), o.subject(), o.jail(), o.kind(), o.weight(), of(o.evidence()));
    }

    static Standing of(Standing s) {
        return new Standing(
                s.points(),
                of(s.asOf()),
                s.evidence(),
                s.window().stream().map(w -> new Weight(of(w.at()), w.points())).toList(),
                s.victims(),
                s.messages());
    }

    private static Instant of(Instant t) {
        return Micros.at(Micros.of(t));
    }

    private static String of(String text) {
        return text.length() <= MOST_TEXT ? text : text.substring(0, MOST_TEXT - 3) + "...";
    }

    /** A copy, as the caller may go on using its array. */
    static byte[] row(String key, byte[] row) {
        if (key.isEmpty() || key.length() > MOST_KEY) {
            throw new IllegalArgumentException("key of %d characters, not 1 to %d".formatted(key.length(), MOST_KEY));
        }
        if (row.length > StateStore.MAX_ROW) {
            throw new IllegalArgumentException(
                    "row of %d bytes, at most %d can be kept".formatted(row.length, StateStore.MAX_ROW));
        }
        return row.clone();
    }
}
