package org.postbane.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision.Cause;
import org.postbane.model.Subject;
import org.postbane.score.Evidence;
import org.postbane.score.Offence;
import org.postbane.score.OffenceKind;
import org.postbane.score.Standing;
import org.postbane.score.Standing.Weight;
import org.postbane.source.Position;

/** What every store promises. Each test is run with what was saved read at once, after a commit, and after whatever else. */
abstract class StateStoreContract {

    static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");
    static final Subject CLIENT = Subject.parse("192.0.2.1");
    static final Subject NETWORK = Subject.parse("2001:db8:1:2::/64");
    /** What an attacker may log in as: quotes, SQL, half a surrogate pair, and no letter of ASCII. */
    static final Subject ACCOUNT = Subject.parse("account:'; DROP TABLE ban; --\"\\ \uD83D%_\u00e4\u202e");

    StateStore store;

    abstract StateStore open() throws Exception;

    /** What lies between saving and reading: nothing, a commit, a restart. */
    abstract void pass() throws Exception;

    @BeforeEach
    void openStore() throws Exception {
        store = open();
    }

    @AfterEach
    void closeStore() throws Exception {
        store.close();
    }

    static Ban ban(Subject subject, String jail, Instant until) {
        return new Ban(subject, jail, NOON, until, "12 victims in 3 spam messages");
    }

    static Standing standing(double points, Instant asOf) {
        return new Standing(points, asOf, Evidence.NONE.plus(3, 1), List.of(), 12, 3);
    }

    static Offence offence(Subject subject, Instant at, String evidence) {
        return new Offence(at, subject, "spam", OffenceKind.AUTH_FAILURE, 2.5, evidence);
    }

    Map<String, byte[]> rows() {
        Map<String, byte[]> rows = new HashMap<>();
        store.forEachRow((key, row) -> assertNull(rows.put(key, row), "twice: " + key));
        return rows;
    }

    // positions

    @Test
    void position_neverSaved_isEmpty() {
        assertEquals(Optional.empty(), store.position("mail"));
    }

    @Test
    void position_savedTwice_isTheLast() throws Exception {
        store.save("mail", new Position("fd01:4711", 10));
        store.save("other", new Position("", 0));
        pass();
        store.save("mail", new Position("fd01:4712", Long.MAX_VALUE));
        pass();

        assertEquals(Optional.of(new Position("fd01:4712", Long.MAX_VALUE)), store.position("mail"));
        assertEquals(Optional.of(new Position("", 0)), store.position("other"));
    }

    // open messages

    @Test
    void rows_savedReplacedRemoved_areVisitedOnce() throws Exception {
        store.saveRow("a", new byte[] {1});
        store.saveRow("b", new byte[] {2});
        store.saveRow("c", new byte[0]);
        pass();
        store.saveRow("a", new byte[] {-1, 0, 1});
        store.removeRow("b");
        store.removeRow("never saved");
        store.saveRow("d", new byte[] {4});
        store.removeRow("d");
        pass();

        Map<String, byte[]> rows = rows();
        assertEquals(Set.of("a", "c"), rows.keySet());
        assertArrayEquals(new byte[] {-1, 0, 1}, rows.get("a"));
        assertArrayEquals(new byte[0], rows.get("c"));
    }

    @Test
    void rows_manyOfThem_areAllVisited() throws Exception {
        for (int i = 0; i < 1234; i++) {
            store.saveRow("key " + i, ("row " + i).getBytes(UTF_8));
        }
        pass();

        Map<String, byte[]> rows = rows();
        assertEquals(1234, rows.size());
        assertArrayEquals("row 777".getBytes(UTF_8), rows.get("key 777"));
    }

    @Test
    void rows_savedWhileVisited_doNotDisturb() throws Exception {
        store.saveRow("a", new byte[] {1});
        store.saveRow("b", new byte[] {2});
        pass();

        store.forEachRow((key, row) -> {
            store.removeRow(key);
            store.saveRow(key + "'", row);
        });
        pass();

        assertEquals(Set.of("a'", "b'"), rows().keySet());
    }

    @Test
    void row_arrayChangedAfterwards_isAsItWasSaved() throws Exception {
        byte[] row = {1};
        store.saveRow("a", row);
        row[0] = 2;
        pass();

        assertArrayEquals(new byte[] {1}, rows().get("a"));
    }

    @Test
    void row_tooLong_isRefusedAtOnce() throws Exception {
        store.saveRow("k".repeat(200), new byte[StateStore.MAX_ROW]);

        assertThrows(IllegalArgumentException.class, () -> store.saveRow("b", new byte[StateStore.MAX_ROW + 1]));
        assertThrows(IllegalArgumentException.class, () -> store.saveRow("k".repeat(201), new byte[0]));
        assertThrows(IllegalArgumentException.class, () -> store.saveRow("", new byte[0]));
        pass();
        assertArrayEquals(new byte[StateStore.MAX_ROW], rows().get("k".repeat(200)));
    }

    // scores

    @Test
    void standing_neverSaved_isNull() {
        assertNull(store.standing("spam", CLIENT));
    }

    @Test
    void standing_saved_isReadBackExactly() throws Exception {
        Standing full = new Standing(
                0.1 + 0.2,
                NOON.plusNanos(123_456_000),
                new Evidence(-1e300, Math.PI, 1e-300, 17, -0.25),
                IntStream.range(0, Standing.MAX_WINDOW)
                        .mapToObj(i -> new Weight(NOON.plusSeconds(i), i / 3.0))
                        .toList(),
                Long.MAX_VALUE,
                7);
        store.save("spam", ACCOUNT, full);
        store.save("spam", CLIENT, standing(1, NOON));
        store.save("auth", CLIENT, standing(2, NOON));
        pass();
        store.save("spam", CLIENT, standing(3, Instant.parse("1969-12-31T23:59:59.999999Z")));
        pass();

        assertEquals(full, store.standing("spam", ACCOUNT));
        assertEquals(standing(3, Instant.parse("1969-12-31T23:59:59.999999Z")), store.standing("spam", CLIENT));
        assertEquals(standing(2, NOON), store.standing("auth", CLIENT));
        assertNull(store.standing("spam", NETWORK));
    }

    @Test
    void standing_subjectsThatLookAlike_areDifferent() throws Exception {
        store.save("spam", Subject.parse("account:bob"), standing(1, NOON));
        store.save("spam", Subject.parse("account:Bob"), standing(2, NOON));
        store.save("spam", Subject.parse("account:bob "), standing(3, NOON));
        store.save("spam", Subject.parse("sender:bob"), standing(4, NOON));
        pass();

        assertEquals(standing(1, NOON), store.standing("spam", Subject.parse("account:bob")));
        assertEquals(standing(2, NOON), store.standing("spam", Subject.parse("account:Bob")));
        assertEquals(standing(3, NOON), store.standing("spam", Subject.parse("account:bob ")));
        assertEquals(standing(4, NOON), store.standing("spam", Subject.parse("sender:bob")));
    }

    @Test
    void standing_nanoseconds_areCutToMicroseconds() throws Exception {
        store.save("spam", CLIENT, standing(1, NOON.plusNanos(1999)));
        pass();

        assertEquals(standing(1, NOON.plusNanos(1000)), store.standing("spam", CLIENT));
    }

    @Test
    void offences_ofSubject_comeNewestFirst() throws Exception {
        store.append(offence(CLIENT, NOON, "first"));
        store.append(offence(CLIENT, NOON.plusSeconds(9), "newest"));
        store.append(offence(ACCOUNT, NOON.plusSeconds(99), "another's"));
        pass();
        store.append(offence(CLIENT, NOON.plusSeconds(5), "late line"));
        store.append(offence(CLIENT, NOON, "same moment as the first"));
        pass();

        assertEquals(
                List.of(
                        offence(CLIENT, NOON.plusSeconds(9), "newest"),
                        offence(CLIENT, NOON.plusSeconds(5), "late line"),
                        offence(CLIENT, NOON, "same moment as the first"),
                        offence(CLIENT, NOON, "first")),
                store.offences(CLIENT, 10));
        assertEquals(List.of(offence(CLIENT, NOON.plusSeconds(9), "newest")), store.offences(CLIENT, 1));
        assertEquals(List.of(), store.offences(NETWORK, 10));
    }

    @Test
    void offence_evidenceOfStrangers_isKeptButCut() throws Exception {
        String hostile = "\0\uD83D'); DROP TABLE offence; --\u202e";
        store.append(offence(CLIENT, NOON, hostile));
        store.append(offence(CLIENT, NOON.plusSeconds(1), "x".repeat(2_000_000)));
        pass();

        assertEquals(hostile, store.offences(CLIENT, 2).get(1).evidence());
        assertEquals("x".repeat(997) + "...", store.offences(CLIENT, 2).get(0).evidence());
    }

    @Test
    void forgetBefore_oldStandingsAndOffences_areGoneInTheEnd() throws Exception {
        for (int i = 0; i < 1200; i++) {
            store.save("spam", Subject.parse("account:" + i), standing(1, NOON.minusSeconds(i)));
            store.append(offence(CLIENT, NOON.minusSeconds(i), "offence " + i));
        }
        pass();

        for (int minute = 0; minute < 5; minute++) {
            store.forgetBefore(NOON.minusSeconds(10));
            store.commit();
        }
        pass();

        assertEquals(11, store.offences(CLIENT, 2000).size());
        assertEquals(standing(1, NOON.minusSeconds(10)), store.standing("spam", Subject.parse("account:10")));
        for (int i = 11; i < 1200; i++) {
            assertNull(store.standing("spam", Subject.parse("account:" + i)));
        }
    }

    // bans

    @Test
    void bans_ofAllKinds_areReadBackExactly() throws Exception {
        Set<Ban> bans = Set.of(
                ban(CLIENT, "spam", NOON.plusSeconds(1)),
                ban(CLIENT, "trap", Instant.MAX),
                ban(NETWORK, "spam", NOON.plus(Duration.ofDays(365_000))),
                ban(ACCOUNT, "a\"'b", NOON.plusNanos(1000)));
        bans.forEach(store::save);
        pass();

        assertEquals(bans, new HashSet<>(store.inForce()));
        assertEquals(4, store.inForce().size());
    }

    @Test
    void ban_ofTheSameSubjectAndJail_takesThePlace() throws Exception {
        store.save(ban(CLIENT, "spam", NOON.plusSeconds(1)));
        pass();
        store.save(ban(CLIENT, "spam", NOON.plusSeconds(2)));
        pass();

        assertEquals(List.of(ban(CLIENT, "spam", NOON.plusSeconds(2))), store.inForce());
        assertEquals(0, store.earlier(CLIENT, "spam"));
    }

    @Test
    void ban_shorterThanAMicrosecond_isStillOne() throws Exception {
        store.save(ban(CLIENT, "spam", NOON.plusNanos(1)));
        pass();

        assertEquals(List.of(ban(CLIENT, "spam", NOON.plusNanos(1000))), store.inForce());
    }

    @Test
    void ban_untilTheEndOfTheWorld_isForEver() throws Exception {
        store.save(ban(CLIENT, "spam", Instant.MAX.minusSeconds(1)));
        pass();

        assertEquals(List.of(ban(CLIENT, "spam", Instant.MAX)), store.inForce());
    }

    @Test
    void end_banInForce_goesToTheHistory() throws Exception {
        store.save(ban(CLIENT, "spam", NOON.plusSeconds(1)));
        store.save(ban(CLIENT, "trap", NOON.plusSeconds(1)));
        pass();
        store.end(ban(CLIENT, "spam", NOON.plusSeconds(1)), NOON.plusSeconds(1), Cause.EXPIRED);
        pass();
        store.save(ban(CLIENT, "spam", NOON.plusSeconds(2)));
        store.end(ban(CLIENT, "spam", NOON.plusSeconds(2)), NOON, Cause.OPERATOR);
        pass();

        assertEquals(List.of(ban(CLIENT, "trap", NOON.plusSeconds(1))), store.inForce());
        assertEquals(2, store.earlier(CLIENT, "spam"));
        assertEquals(0, store.earlier(CLIENT, "trap"));
        assertEquals(0, store.earlier(NETWORK, "spam"));
    }

    @Test
    void end_banNotInForce_changesNothing() throws Exception {
        store.end(ban(CLIENT, "spam", NOON.plusSeconds(1)), NOON, Cause.OPERATOR);
        pass();

        assertEquals(List.of(), store.inForce());
        assertEquals(0, store.earlier(CLIENT, "spam"));
    }

    @Test
    void forgetEndedBefore_oldOnes_areGoneInTheEnd() throws Exception {
        for (int i = 0; i < 1200; i++) {
            store.save(ban(CLIENT, "spam", NOON.plusSeconds(1)));
            store.end(ban(CLIENT, "spam", NOON.plusSeconds(1)), NOON.minusSeconds(i), Cause.ALLOWED);
        }
        store.save(ban(NETWORK, "spam", NOON.plusSeconds(1)));
        pass();
        assertEquals(1200, store.earlier(CLIENT, "spam"));

        for (int minute = 0; minute < 5; minute++) {
            store.forgetEndedBefore(NOON.minusSeconds(10));
            store.commit();
        }
        pass();

        assertEquals(11, store.earlier(CLIENT, "spam"));
        assertEquals(1, store.inForce().size());
    }
}
