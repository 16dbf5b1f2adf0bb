package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.decide.Decision.Cause;
import org.postbane.decide.Decision.Impose;
import org.postbane.decide.Decision.Lift;

class RosterTest {

    private static final Instant START = Instant.parse("2026-11-21T12:00:00Z");

    private final Roster roster = new Roster();

    private static Ban ban(String jail, long seconds) {
        return new Ban(Bans.subject("192.0.2.1"), jail, START, START.plusSeconds(seconds), "a test");
    }

    private @Nullable Decision impose(Ban ban) {
        return roster.apply(new Impose(ban));
    }

    private @Nullable Decision lift(Ban ban) {
        return roster.apply(new Lift(ban, Cause.EXPIRED));
    }

    @Test
    void impose_first_isHandedOn() {
        assertEquals(new Impose(ban("spam", 60)), impose(ban("spam", 60)));
        assertEquals(List.of(ban("spam", 60)), roster.inForce());
    }

    @Test
    void impose_sameAgain_changesNothing() {
        impose(ban("spam", 60));

        assertNull(impose(ban("spam", 60)));
    }

    @Test
    void impose_shorterOfAnotherJail_changesNothing() {
        impose(ban("spam", 60));

        assertNull(impose(ban("trap", 30)));
        assertEquals(List.of(ban("spam", 60)), roster.inForce());
        assertEquals(1, roster.size());
    }

    @Test
    void impose_longerOfAnotherJail_isHandedOn() {
        impose(ban("spam", 60));

        assertEquals(new Impose(ban("trap", 90)), impose(ban("trap", 90)));
    }

    @Test
    void impose_shorterOfTheSameJail_takesThePlace() {
        impose(ban("spam", 60));

        assertEquals(new Impose(ban("spam", 30)), impose(ban("spam", 30)));
    }

    @Test
    void impose_sameJailShorterThanAnother_leavesTheOther() {
        impose(ban("trap", 40));
        impose(ban("spam", 60));

        assertEquals(new Impose(ban("trap", 40)), impose(ban("spam", 30)));
    }

    @Test
    void lift_longestOfTwo_handsOnTheOther() {
        impose(ban("spam", 60));
        impose(ban("trap", 30));

        assertEquals(new Impose(ban("trap", 30)), lift(ban("spam", 60)));
        assertEquals(new Lift(ban("trap", 30), Cause.EXPIRED), lift(ban("trap", 30)));
        assertEquals(0, roster.size());
    }

    @Test
    void lift_shorterOfTwo_changesNothing() {
        impose(ban("spam", 60));
        impose(ban("trap", 30));

        assertNull(lift(ban("trap", 30)));
    }

    @Test
    void lift_unknown_changesNothing() {
        assertNull(lift(ban("spam", 60)));
        impose(ban("spam", 60));
        assertNull(lift(ban("trap", 60)));
    }

    @Test
    void forEver_isLongerThanAnyTerm() {
        Ban ever = new Ban(Bans.subject("192.0.2.1"), "manual", START, Instant.MAX, "by hand");
        impose(ever);

        assertNull(impose(ban("spam", 1_000_000_000)));
    }

    @Test
    void impose_severalJailsOfASubject_knowsTheLongest() {
        List.of(ban("spam", 60), ban("trap", 90), ban("auth", 30)).forEach(this::impose);

        assertEquals(List.of(ban("trap", 90)), roster.inForce());
    }
}
