package org.postbane.correlate;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoField;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.postbane.parse.LogEvent;

/**
 * A delivery agent ran a command for a message, a filter's perhaps, and told of it when that had ended. If the filter gave its verdict
 * in this run, the run lasts from before the filter began to look at the message until shortly after the verdict.
 *
 * <p>Postfix tells how long it took with two digits at most, or as many as {@code delay_logging_resolution_limit} says; and traditional
 * stamps are those of the second in which something happened. So all is known within bounds only.
 *
 * @param process of the agent, which runs one command at a time
 * @param from when it began at the earliest
 * @param to when it ended at the latest
 * @param waited how long the message was queued before, in milliseconds; the same for all recipients for whom it was run
 * @param longest how long it took at most, in milliseconds
 */
record Run(int process, Instant from, Instant to, int waited, long longest) {

    /** What ran a filter has so little to do after the verdict: to hand the message in again. */
    static final Duration LEAVING = Duration.ofSeconds(5);

    /** A line is stamped at most so much later than it was written. */
    private static final Duration LATE = Duration.ofMillis(50);
    /** The stamps of lines of different programs may be so much out of order. */
    private static final Duration OUT_OF_ORDER = Duration.ofMillis(10);
    /** More are not told apart. */
    private static final int MOST = 64;

    /**
     * By a line that tells how long it took.
     *
     * @param before the stamp of the last line about another request that the process had; null if there was none
     */
    static Run of(LogEvent.Delivery event, LogEvent.Delays delays, @Nullable Instant before) {
        long longest = (long) delays.ran() + digit(delays.ran());
        Instant from = event.at().minusMillis(longest).minus(LATE);
        if (before != null && before.minus(OUT_OF_ORDER).isAfter(from)) {
            from = before.minus(OUT_OF_ORDER);
        }
        return new Run(event.by().pid(), from, latest(event.at()).plus(OUT_OF_ORDER), delays.waited(), longest);
    }

    /** What the last digit of so many milliseconds stands for, as they are printed. */
    private static int digit(long millis) {
        return millis % 1000 <= 1 ? 1000 : millis % 100 == 0 ? 100 : 10;
    }

    /** The end of the second, where the stamp has no more. */
    static Instant latest(Instant stamp) {
        return stamp.get(ChronoField.NANO_OF_SECOND) == 0 ? stamp.plusSeconds(1) : stamp;
    }

    /** Whether the verdict may come from it. */
    boolean holds(Unplaced verdict) {
        return longest >= verdict.scan
                && !to.isBefore(verdict.earliest())
                && !from.isAfter(verdict.begunAtLatest())
                && !to.isAfter(verdict.latest().plus(LEAVING));
    }

    /** Adds this one, if it is not told of again, for another recipient. */
    List<Run> addedTo(List<Run> runs) {
        for (Run other : runs) {
            if (isSame(other)) {
                return runs;
            }
        }
        List<Run> all = runs.isEmpty() ? new ArrayList<>(2) : runs; // as mostly there is one
        if (all.size() >= MOST) {
            Run first = all.remove(0);
            Run second = all.remove(0);
            all.add(0, first.and(second));
        }
        all.add(this);
        return all;
    }

    /** Whether both are what lines of one request tell: of two that one process had, the second waited for the first. */
    private boolean isSame(Run other) {
        long apart = Math.abs(Duration.between(other.to, to).toMillis());
        return other.process == process
                && other.waited == waited
                && apart <= longest / 2
                && Math.abs(other.longest - longest) <= Math.max(digit(longest), 100);
    }

    private Run and(Run later) {
        Instant begin = from.isBefore(later.from) ? from : later.from;
        Instant end = to.isAfter(later.to) ? to : later.to;
        return new Run(process, begin, end, waited, Math.max(longest, later.longest));
    }

    void write(RowWriter row) {
        row.number(process);
        row.time(from);
        row.time(to);
        row.number(waited);
        row.number(longest);
    }

    static Run read(RowReader row) {
        return new Run(
                (int) row.number(),
                Objects.requireNonNull(row.time()),
                Objects.requireNonNull(row.time()),
                (int) row.number(),
                row.number());
    }
}
