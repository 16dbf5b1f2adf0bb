package org.postbane.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.postbane.score.Weighing.Memory;
import org.postbane.score.Weighing.Memory.HalfLife;
import org.postbane.score.Weighing.Memory.Window;

class StandingTest {

    private static final Instant T0 = Instant.parse("2026-03-01T00:00:00Z");
    private static final Memory HALF_LIFE = new HalfLife(Duration.ofDays(14));
    private static final Memory WINDOW = new Window(Duration.ofDays(20));

    private record Event(Instant at, double points, boolean spam) {}

    private static List<Event> someEvents(Random random, int most, Duration within) {
        List<Event> events = new ArrayList<>();
        for (int i = random.nextInt(most) + 1; i > 0; i--) {
            Instant at = T0.plusMillis((long) (random.nextDouble() * within.toMillis()));
            events.add(new Event(at, random.nextInt(20) + random.nextDouble(), random.nextBoolean()));
        }
        return events;
    }

    private static Standing all(List<Event> events, Memory memory) {
        Standing standing = Standing.clean(events.get(0).at());
        for (Event event : events) {
            standing = standing.plus(event.at(), event.points(), memory)
                    .plusTrials(event.at(), event.spam() ? 1 : 0, event.spam() ? 0 : 1, memory);
        }
        return standing;
    }

    private static double byDefinition(List<Event> events, Instant t, Memory memory) {
        double sum = 0;
        for (Event event : events) {
            double age = Duration.between(event.at(), t).toNanos() * 1e-9;
            if (memory instanceof HalfLife halfLife) {
                sum += event.points() * Math.pow(2, -age / halfLife.halfLife().toSeconds());
            } else {
                sum += age < ((Window) memory).length().toSeconds() ? event.points() : 0;
            }
        }
        return sum;
    }

    private static void assertClose(double expected, double actual, String what) {
        assertEquals(expected, actual, 1e-9 * Math.max(1, Math.abs(expected)), what);
    }

    @Test
    void plus_anyOrder_isTheDefinition() {
        Random random = new Random(41);
        for (int i = 0; i < 500; i++) {
            List<Event> events = someEvents(random, 200, Duration.ofDays(60));
            Instant t = T0.plus(Duration.ofDays(60 + random.nextInt(30)));
            Collections.shuffle(events, random);
            for (Memory memory : List.of(HALF_LIFE, WINDOW)) {
                assertClose(byDefinition(events, t, memory), all(events, memory).pointsAt(t, memory), "points");
            }
        }
    }

    @Test
    void plus_twoOrders_areTheSameStanding() {
        Random random = new Random(42);
        for (int i = 0; i < 500; i++) {
            List<Event> events = someEvents(random, 100, Duration.ofDays(60));
            for (Memory memory : List.of(HALF_LIFE, WINDOW)) {
                Standing one = all(events, memory);
                List<Event> shuffled = new ArrayList<>(events);
                Collections.shuffle(shuffled, random);
                Standing other = all(shuffled, memory);

                assertEquals(one.asOf(), other.asOf());
                assertClose(one.points(), other.points(), "points");
                assertEquals(one.window(), other.window());
                assertClose(one.evidence().log10(), other.evidence().log10(), "evidence");
            }
        }
    }

    @Test
    void plus_lateLine_neverDecaysBackwards() {
        Standing standing = Standing.clean(T0).plus(T0, 8, HALF_LIFE);

        Standing late = standing.plus(T0.minus(Duration.ofDays(14)), 4, HALF_LIFE);

        assertEquals(T0, late.asOf());
        assertEquals(10, late.points(), 1e-12);
        assertSame(standing, standing.at(T0.minusSeconds(1), HALF_LIFE));
        assertEquals(8, standing.pointsAt(T0.minusSeconds(1), HALF_LIFE));
    }

    @Test
    void plus_laterThanTheWindow_countsNothing() {
        Standing standing = Standing.clean(T0).plus(T0, 8, WINDOW);

        assertEquals(8, standing.plus(T0.minus(Duration.ofDays(20)), 4, WINDOW).pointsAt(T0, WINDOW));
        assertEquals(
                12,
                standing.plus(T0.minus(Duration.ofDays(20)).plusMillis(1), 4, WINDOW)
                        .pointsAt(T0, WINDOW));
    }

    @Test
    void at_twoSteps_isOneStep() {
        Random random = new Random(43);
        for (int i = 0; i < 2000; i++) {
            for (Memory memory : List.of(HALF_LIFE, WINDOW)) {
                Standing standing = all(someEvents(random, 20, Duration.ofDays(30)), memory);
                Instant middle = standing.asOf().plusMillis(random.nextInt(2_000_000_000));
                Instant end = middle.plusMillis(random.nextInt(2_000_000_000));

                Standing twoSteps = standing.at(middle, memory).at(end, memory);
                Standing oneStep = standing.at(end, memory);

                assertClose(oneStep.pointsAt(end, memory), twoSteps.pointsAt(end, memory), "points");
                assertClose(oneStep.evidence().log10(), twoSteps.evidence().log10(), "evidence");
            }
        }
    }

    @Test
    void pointsAt_leftAlone_neverGrowsNorIsNegative() {
        Random random = new Random(44);
        for (int i = 0; i < 1000; i++) {
            for (Memory memory : List.of(HALF_LIFE, WINDOW)) {
                Standing standing = all(someEvents(random, 50, Duration.ofDays(30)), memory);
                double before = Double.POSITIVE_INFINITY;
                for (int day = 0; day < 40; day++) {
                    double points = standing.pointsAt(standing.asOf().plus(Duration.ofDays(day)), memory);
                    assertTrue(points >= 0 && points <= before);
                    before = points;
                }
            }
        }
    }

    @Test
    void fallsBelow_anyStanding_isTheFirstSuchMillisecond() {
        Random random = new Random(45);
        for (int i = 0; i < 2000; i++) {
            for (Memory memory : List.of(HALF_LIFE, WINDOW)) {
                Standing standing = all(someEvents(random, 50, Duration.ofDays(30)), memory);
                double limit = 0.1 + 50 * random.nextDouble();

                Instant until = standing.fallsBelow(limit, memory);

                assertTrue(standing.pointsAt(until, memory) < limit);
                if (until.isAfter(standing.asOf())) {
                    Instant justBefore = until.minusMillis(2);
                    assertTrue(
                            !justBefore.isAfter(standing.asOf()) || standing.pointsAt(justBefore, memory) >= limit,
                            until + " " + standing);
                }
            }
        }
    }

    @Test
    void fallsBelow_hugeNumbers_isAtMostTheEndOfTime() {
        Memory slow = new HalfLife(Duration.ofSeconds(Long.MAX_VALUE));
        Standing standing = Standing.clean(T0).plus(T0, Double.MAX_VALUE, slow).plus(T0, Double.MAX_VALUE, slow);

        assertEquals(Instant.MAX, standing.fallsBelow(1e-300, slow));
        assertEquals(Double.MAX_VALUE, standing.points());
        Memory forever = new Window(Duration.ofSeconds(Long.MAX_VALUE));
        assertEquals(Instant.MAX, Standing.clean(T0).plus(T0, 1, forever).fallsBelow(1, forever));
    }

    /** The original's rule: 20 days, and 1 - exp(-V/20) >= 0.1. */
    @Test
    void window_ofTwentyDays_forgetsAllAtOnce() {
        Standing standing = Standing.clean(T0).plus(T0, 2, WINDOW).plus(T0.plus(Duration.ofDays(1)), 1, WINDOW);

        assertEquals(3, standing.pointsAt(T0.plus(Duration.ofDays(20)).minusNanos(1), WINDOW));
        assertEquals(1, standing.pointsAt(T0.plus(Duration.ofDays(20)), WINDOW));
        assertEquals(T0.plus(Duration.ofDays(20)), standing.fallsBelow(2.107, WINDOW));
    }

    @Test
    void window_ofMoreThanItsEntries_isBoundedAndNeverTooShortNorLongByMoreThanASlot() {
        Random random = new Random(46);
        List<Event> events = someEvents(random, 1, Duration.ofDays(1));
        for (int i = 0; i < 20_000; i++) {
            events.add(new Event(T0.plusMillis((long) (random.nextDouble() * 60 * 86_400_000.0)), 1, true));
        }
        events.sort((a, b) -> a.at().compareTo(b.at()));
        Standing standing = Standing.clean(T0);
        Duration slot = Duration.ofDays(20).dividedBy(128);
        List<Event> soFar = new ArrayList<>();
        int i = 0;
        for (Event event : events) {
            standing = standing.plus(event.at(), event.points(), WINDOW);
            soFar.add(event);
            assertTrue(standing.window().size() <= Standing.MAX_WINDOW);
            if (i++ % 500 == 0) {
                double points = standing.pointsAt(event.at(), WINDOW);
                double exact = byDefinition(soFar, event.at(), WINDOW);
                double longer = byDefinition(
                        soFar, event.at(), new Window(Duration.ofDays(20).plus(slot)));
                assertTrue(points >= exact - 1e-6 && points <= longer + 1e-6, exact + " " + points + " " + longer);
            }
        }
    }

    @Test
    void plusTrials_steadyStream_weighsAsMuchInWindowAsItsLength() {
        Standing standing = Standing.clean(T0);
        for (int hour = 0; hour < 24 * 400; hour++) {
            standing = standing.plusTrials(T0.plus(Duration.ofHours(hour)), 0, 1, WINDOW);
        }

        double hams = standing.evidence().l20() / Evidence.NONE.plus(0, 1).l20();

        assertEquals(20 * 24, hams, 1);
    }

    @Test
    void constructor_nonsensePoints_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Standing(-1, T0, Evidence.NONE, List.of(), 0, 0));
        assertThrows(
                IllegalArgumentException.class, () -> new Standing(Double.NaN, T0, Evidence.NONE, List.of(), 0, 0));
        assertFalse(Standing.clean(T0).pointsAt(Instant.MAX, HALF_LIFE) > 0);
    }
}
