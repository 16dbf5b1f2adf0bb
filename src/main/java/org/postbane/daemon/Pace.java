package org.postbane.daemon;

import java.time.Duration;
import java.time.Instant;

/**
 * How long to sleep between looks at sources that have nothing to tell: {@link #TICK}, and {@link #QUIET} when nothing has happened
 * for {@link #CALM}, as each look wakes a processor that could rest. What happens wakes the sleeper; but no file system tells of what
 * other machines write: where {@link #MOST} times in a row lines were there and nothing had woken the sleeper, no sleep is long any
 * more. (Once may be chance: they come just when the time is over.)
 *
 * <p>One thread.
 */
final class Pace {

    static final Duration TICK = Duration.ofSeconds(1);
    static final Duration QUIET = Duration.ofSeconds(4);
    static final Duration CALM = Duration.ofSeconds(10);
    static final int MOST = 3;

    private final Duration longest;
    private Instant lastEvent;
    private boolean woken;
    private boolean late;
    private int overslept;

    /**
     * @param since when it all began
     * @param longest how long somebody waits at most for a sign of life
     */
    Pace(Instant since, Duration longest) {
        this.lastEvent = since;
        this.longest = longest.compareTo(QUIET) < 0 ? longest : QUIET;
    }

    /** How long to sleep, if nothing wakes. */
    Duration sleep(Instant now) {
        boolean calm = !now.isBefore(lastEvent.plus(CALM));
        return calm && overslept < MOST && longest.compareTo(TICK) > 0 ? longest : TICK;
    }

    /** @param whole nothing has woken before the time was over */
    void slept(Duration time, boolean whole) {
        woken = !whole;
        late = whole && time.compareTo(TICK) > 0;
    }

    /** Lines were there. */
    void read(Instant now) {
        if (late) {
            overslept++;
        } else if (woken && overslept < MOST) {
            overslept = 0;
        }
        event(now);
    }

    /** Something was done that may have to be gone on with soon. */
    void event(Instant now) {
        woken = false;
        late = false;
        lastEvent = now;
    }
}
