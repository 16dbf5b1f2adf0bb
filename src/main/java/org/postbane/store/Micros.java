package org.postbane.store;

import java.time.Instant;

/**
 * Times as stores keep them: microseconds since 1970, as logs have no finer ones. The ends of the {@code long} stand for
 * {@link Instant#MIN} and {@link Instant#MAX} ("for ever"), and for the times beyond what a {@code long} can hold.
 */
final class Micros {

    private static final long PER_SECOND = 1_000_000;
    private static final long LAST_SECOND = Long.MAX_VALUE / PER_SECOND - 1;

    private Micros() {}

    static long of(Instant t) {
        long second = t.getEpochSecond();
        if (second > LAST_SECOND) {
            return Long.MAX_VALUE;
        }
        return second < -LAST_SECOND ? Long.MIN_VALUE : second * PER_SECOND + t.getNano() / 1000;
    }

    /** The end of a ban: never earlier than {@code t}, so that a ban shorter than a microsecond is still one. */
    static long ofEnd(Instant t) {
        long cut = of(t);
        return at(cut).isBefore(t) ? cut + 1 : cut;
    }

    static Instant at(long micros) {
        if (micros == Long.MAX_VALUE) {
            return Instant.MAX;
        }
        if (micros == Long.MIN_VALUE) {
            return Instant.MIN;
        }
        return Instant.ofEpochSecond(Math.floorDiv(micros, PER_SECOND), 1000L * Math.floorMod(micros, PER_SECOND));
    }
}
