package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.postbane.act.Bans.ban;
import static org.postbane.act.Bans.forEver;
import static org.postbane.act.Bans.impose;
import static org.postbane.act.Bans.lift;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.testing.Opened;

/**
 * What {@link Action} promises, of an action that holds addresses and networks. A subclass says how to open the action, and how
 * to look at, and to break, the place behind it.
 */
abstract class ActionContract {

    /** What {@link #held} says of a ban without end. */
    static final Duration FOR_EVER = Duration.ofSeconds(Long.MAX_VALUE);

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);

    @RegisterExtension
    final Opened opened = new Opened();

    private Action action;

    /** A new object over the same place. */
    abstract Action open() throws Exception;

    /** The place as it is: subjects as text, and how long each has left, or {@link #FOR_EVER}. */
    abstract Map<String, Duration> held() throws Exception;

    /** Takes the place away, as an operator would by mistake. */
    abstract void destroy() throws Exception;

    /** Whether the place knows when a ban ends. Where it does not, {@link #held} says what it likes of that. */
    boolean knowsEnds() {
        return true;
    }

    /** The longest that a ban may have left in the place. */
    Duration longest() {
        return Duration.ofDays(3650);
    }

    @BeforeEach
    void start() throws Exception {
        action = opened.add(open());
    }

    private void assertHeld(String... subjects) throws Exception {
        assertEquals(Set.of(subjects), held().keySet());
    }

    private void assertLeft(Duration expected, String subject) throws Exception {
        Duration left = Objects.requireNonNull(held().get(subject), subject);
        if (!knowsEnds()) {
            return;
        }
        if (expected.equals(FOR_EVER)) {
            assertEquals(FOR_EVER, left, subject);
        } else {
            assertTrue(
                    left.compareTo(expected.plusSeconds(2)) < 0 && left.compareTo(expected.minusSeconds(30)) > 0,
                    subject + " has " + left + " left, not " + expected);
        }
    }

    @Test
    void reconcile_fromNothing_holdsBothFamiliesAndNetworks() throws Exception {
        action.reconcile(List.of(
                ban("192.0.2.1", HOUR),
                ban("2001:db8::1", DAY),
                ban("198.51.100.0/24", HOUR),
                ban("2001:db8:1::/64", DAY),
                forEver("192.0.2.2"),
                forEver("203.0.113.0/25")));

        assertHeld("192.0.2.1", "2001:db8::1", "198.51.100.0/24", "2001:db8:1::/64", "192.0.2.2", "203.0.113.0/25");
        assertLeft(HOUR, "192.0.2.1");
        assertLeft(DAY, "2001:db8::1");
        assertLeft(HOUR, "198.51.100.0/24");
        assertLeft(DAY, "2001:db8:1::/64");
        assertLeft(FOR_EVER, "192.0.2.2");
        assertLeft(FOR_EVER, "203.0.113.0/25");
    }

    @Test
    void reconcile_withNothing_holdsNothing() throws Exception {
        action.reconcile(List.of());
        action.reconcile(List.of());

        assertHeld();
    }

    @Test
    void reconcile_withOtherBans_holdsExactlyThose() throws Exception {
        action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("198.51.100.0/24", HOUR), ban("192.0.2.3", HOUR)));

        action.reconcile(List.of(ban("192.0.2.1", DAY), ban("2001:db8:1::/64", DAY)));

        assertHeld("192.0.2.1", "2001:db8:1::/64");
        assertLeft(DAY, "192.0.2.1");
    }

    @Test
    void apply_imposesAndLifts_leavesTheOthers() throws Exception {
        action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("198.51.100.0/24", HOUR), ban("2001:db8::5", HOUR)));

        action.apply(List.of(
                impose("192.0.2.9", HOUR), lift("192.0.2.1"), impose("2001:db8:2::/48", DAY), lift("198.51.100.0/24")));

        assertHeld("192.0.2.9", "2001:db8:2::/48", "2001:db8::5");
        assertLeft(DAY, "2001:db8:2::/48");
    }

    @Test
    void apply_severalChangesOfOneSubject_lastOneHolds() throws Exception {
        action.reconcile(List.of());

        action.apply(List.of(
                impose("192.0.2.1", HOUR),
                lift("192.0.2.1"),
                impose("192.0.2.1", DAY),
                impose("192.0.2.2", HOUR),
                lift("192.0.2.2")));

        assertHeld("192.0.2.1");
        assertLeft(DAY, "192.0.2.1");
    }

    @Test
    void apply_twice_isAsOnce() throws Exception {
        action.reconcile(List.of(ban("192.0.2.2", HOUR)));
        List<Decision> changes = List.of(impose("192.0.2.1", HOUR), lift("192.0.2.2"));

        action.apply(changes);
        action.apply(changes);

        assertHeld("192.0.2.1");
    }

    @Test
    void apply_liftOfWhatIsNotThere_spoilsNothing() throws Exception {
        action.reconcile(List.of());

        action.apply(
                List.of(impose("192.0.2.1", HOUR), lift("192.0.2.77"), lift("2001:db8::77"), lift("198.51.100.0/24")));

        assertHeld("192.0.2.1");
    }

    @Test
    void apply_nothing_changesNothing() throws Exception {
        action.reconcile(List.of(ban("192.0.2.1", HOUR)));

        action.apply(List.of());

        assertHeld("192.0.2.1");
    }

    @Test
    void apply_otherEnd_replacesTheOldOne() throws Exception {
        action.reconcile(
                List.of(ban("192.0.2.1", HOUR), ban("192.0.2.2", DAY), ban("192.0.2.3", DAY), forEver("192.0.2.4")));

        action.apply(List.of(
                impose("192.0.2.1", DAY),
                impose("192.0.2.2", HOUR),
                new Decision.Impose(forEver("192.0.2.3")),
                impose("192.0.2.4", HOUR)));

        assertLeft(DAY, "192.0.2.1");
        assertLeft(HOUR, "192.0.2.2");
        assertLeft(FOR_EVER, "192.0.2.3");
        assertLeft(HOUR, "192.0.2.4");
    }

    @Test
    void networks_oneWithinTheOther_endApart() throws Exception {
        action.reconcile(List.of(ban("198.51.0.0/16", HOUR), ban("198.51.100.0/24", DAY), ban("198.51.100.7", HOUR)));
        action.apply(List.of(
                impose("2001:db8::/32", DAY), impose("2001:db8:1::/64", HOUR), impose("198.51.100.128/25", HOUR)));

        assertHeld(
                "198.51.0.0/16",
                "198.51.100.0/24",
                "198.51.100.7",
                "198.51.100.128/25",
                "2001:db8::/32",
                "2001:db8:1::/64");
        assertLeft(HOUR, "198.51.0.0/16");
        assertLeft(DAY, "198.51.100.0/24");
        action.apply(List.of(lift("198.51.0.0/16"), lift("2001:db8::/32")));
        assertHeld("198.51.100.0/24", "198.51.100.7", "198.51.100.128/25", "2001:db8:1::/64");
    }

    @Test
    void ban_pastItsEnd_isNotHeld() throws Exception {
        Instant now = Instant.now();
        var past = new Ban(Bans.subject("192.0.2.1"), "spam", now.minusSeconds(60), now.minusSeconds(1), "late");
        action.reconcile(List.of(past));
        assertHeld();
        action.apply(List.of(impose("192.0.2.1", HOUR)));

        action.apply(List.of(new Decision.Impose(past)));

        assertHeld();
    }

    @Test
    void ban_atItsEnd_endsByItself() throws Exception {
        action.reconcile(List.of(ban("192.0.2.1", Duration.ofSeconds(1)), ban("2001:db8::/64", Duration.ofSeconds(1))));
        action.apply(List.of(impose("192.0.2.2", Duration.ofSeconds(1)), impose("192.0.2.3", HOUR)));

        Thread.sleep(2500);
        if (!knowsEnds()) { // the lifts come when it is time
            action.apply(List.of(lift("192.0.2.1"), lift("2001:db8::/64"), lift("192.0.2.2")));
        }

        assertHeld("192.0.2.3");
    }

    @Test
    void ban_ofManyYears_isHeld() throws Exception {
        action.reconcile(List.of(ban("192.0.2.1", Duration.ofDays(400_000))));
        action.apply(List.of(impose("192.0.2.2", Duration.ofDays(20)), impose("192.0.2.3", Duration.ofDays(400_000))));

        assertHeld("192.0.2.1", "192.0.2.2", "192.0.2.3");
        assertLeft(Duration.ofDays(20), "192.0.2.2");
        if (knowsEnds()) {
            Duration left = Objects.requireNonNull(held().get("192.0.2.3"));
            assertTrue(left.compareTo(longest().minusDays(1)) > 0, left.toString());
        }
    }

    @Test
    void bans_afterCloseAndStart_holdOn() throws Exception {
        action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("198.51.100.0/24", HOUR)));
        action.close();
        assertHeld("192.0.2.1", "198.51.100.0/24");

        action = opened.add(open());
        action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("203.0.113.0/24", HOUR)));
        assertHeld("192.0.2.1", "203.0.113.0/24");
        action.apply(List.of(impose("192.0.2.2", HOUR), impose("2001:db8::/64", HOUR), lift("203.0.113.0/24")));

        assertHeld("192.0.2.1", "192.0.2.2", "2001:db8::/64");
    }

    @Test
    void place_isGone_isNoticedAndMended() throws Exception {
        action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("2001:db8::/64", HOUR)));
        assertTrue(action.isIntact());
        destroy();

        assertNoticed(List.of(impose("192.0.2.2", HOUR)));
        assertNoticed(List.of(impose("2001:db8:9::/64", HOUR)));
        action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("192.0.2.2", HOUR)));
        assertTrue(action.isIntact());
        action.apply(List.of(impose("192.0.2.3", HOUR)));

        assertHeld("192.0.2.1", "192.0.2.2", "192.0.2.3");
    }

    /** The change fails, or puts everything right by itself, or else the next look sees it. */
    private void assertNoticed(List<Decision> changes) throws Exception {
        try {
            action.apply(changes);
        } catch (ActionException failure) {
            String message = String.valueOf(failure.getMessage());
            assertTrue(message.startsWith(action.name() + ": "), message);
            return;
        }
        assertTrue(held().containsKey("192.0.2.1") || !action.isIntact(), "somebody has taken the place away");
    }

    @Test
    void holds_isAsHeld_whereThePlaceCanBeAsked() throws Exception {
        action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("2001:db8:1::/64", HOUR)));

        for (String subject : List.of("192.0.2.1", "2001:db8:1::/64", "192.0.2.9", "2001:db8:9::/64", "2001:db8::1")) {
            boolean expected = held().containsKey(subject);
            assertEquals(expected, action.holds(Bans.subject(subject)).orElse(expected), subject);
        }
    }

    @Test
    void accounts_arePassedOver() throws Exception {
        action.reconcile(List.of(ban("account:bob", HOUR), ban("192.0.2.1", HOUR)));
        action.apply(List.of(impose("sender:x@example.net", HOUR)));

        assertHeld("192.0.2.1");
    }

    @Test
    void apply_manyChanges_holdsAll() throws Exception {
        action.reconcile(List.of());

        action.apply(IntStream.range(0, 1000)
                .mapToObj(i -> impose("10.0.%d.%d".formatted(i >> 8, i & 255), HOUR))
                .toList());

        assertEquals(1000, held().size());
    }
}
