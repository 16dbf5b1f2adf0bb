package org.postbane.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class PaceTest {

    private static final Instant START = Instant.parse("2026-11-21T12:00:00Z");
    private static final Instant CALM = START.plus(Pace.CALM);

    private final Pace pace = new Pace(START, Duration.ofDays(1));

    @Test
    void sleep_isShort_untilACalmWhileHasPassed() {
        assertEquals(Pace.TICK, pace.sleep(START));
        assertEquals(Pace.TICK, pace.sleep(CALM.minusMillis(1)));
        assertEquals(Pace.QUIET, pace.sleep(CALM));
    }

    @Test
    void event_makesSleepShort_forAWhile() {
        pace.event(CALM);

        assertEquals(Pace.TICK, pace.sleep(CALM));
        assertEquals(Pace.QUIET, pace.sleep(CALM.plus(Pace.CALM)));
    }

    private void oversleep(int times) {
        for (int i = 0; i < times; i++) {
            pace.slept(Pace.QUIET, true);
            pace.read(CALM);
        }
    }

    @Test
    void read_afterNothingHasWokenSeveralTimes_keepsSleepShortForGood() {
        oversleep(Pace.MOST);
        pace.slept(Pace.TICK, false);
        pace.read(CALM);

        assertEquals(Pace.TICK, pace.sleep(CALM.plus(Duration.ofDays(1))));
    }

    @Test
    void read_inTime_letsSleepBeLongAgain() {
        oversleep(Pace.MOST - 1);
        pace.slept(Pace.QUIET, false);
        pace.read(CALM);
        oversleep(Pace.MOST - 1);
        pace.slept(Pace.TICK, true); // a line and the end of a short sleep may well meet
        pace.read(CALM);
        pace.slept(Pace.QUIET, true);
        pace.event(CALM); // a command
        pace.read(CALM);

        assertEquals(Pace.QUIET, pace.sleep(CALM.plus(Pace.CALM)));
    }

    @Test
    void sleep_isNoLongerThanSomebodyWaitsForASignOfLife() {
        assertEquals(Duration.ofSeconds(2), new Pace(START, Duration.ofSeconds(2)).sleep(CALM));
        assertEquals(Pace.TICK, new Pace(START, Duration.ofMillis(300)).sleep(CALM));
    }

    @Test
    void sleep_clockWasSetBack_isShort() {
        assertEquals(Pace.TICK, pace.sleep(START.minusSeconds(86_400)));
    }
}
