package org.postbane.parse;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.function.Supplier;
import org.postbane.source.Line;
import org.postbane.source.LineClock;

/**
 * Clocks for several logs that are read together, one for each, in the order in which they are named: in any of the forms that
 * {@link LogParser} understands. One thread.
 */
public final class LineTimes implements Supplier<LineClock> {

    /**
     * Logs of a known year, whose stamps have none, begin at most so long after the one that is named before, and the rest of a year
     * before it at most: rotated logs follow one another, and those of several programs begin together.
     */
    private static final Duration LATER = Duration.ofDays(305);

    private final ZoneId zone;
    private final boolean hasYear;
    private Instant reference;
    private boolean any;

    /** The arguments are those of {@link LogParser}, for all of the logs as one. */
    public LineTimes(ZoneId zone, Instant reference, boolean followLines) {
        this.zone = zone;
        this.reference = reference;
        this.hasYear = followLines;
    }

    @Override
    public LineClock get() {
        SyslogHeader header = new SyslogHeader(zone, reference, hasYear && !any);
        return new LineClock() {
            private boolean began;

            @Override
            public long second(Line line) {
                if (!header.parse(line) && header.parseOwn(line) < 0) {
                    return NONE;
                }
                Instant stamp = header.stamp();
                if (!began) {
                    began = true;
                    any = true;
                    reference = hasYear ? stamp.plus(LATER) : reference;
                }
                return stamp.getEpochSecond();
            }
        };
    }
}
