package org.postbane.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.postbane.score.Deeds.T0;
import static org.postbane.score.Deeds.by;
import static org.postbane.score.Deeds.ham;
import static org.postbane.score.Deeds.hamThatIsSpam;
import static org.postbane.score.Deeds.origin;
import static org.postbane.score.Deeds.spam;
import static org.postbane.score.Deeds.victims;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.postbane.correlate.Deed;
import org.postbane.correlate.Deed.Trial;
import org.postbane.correlate.Origin;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.model.Subject;
import org.postbane.score.Weighing.Direction;
import org.postbane.score.Weighing.Memory.HalfLife;
import org.postbane.score.Weighing.Memory.Window;
import org.postbane.score.Weighing.Who;

class ScoreBookTest {

    private static final Weighing SPAM =
            jail("spam", Who.CLIENT, Direction.ANY, Map.of(OffenceKind.SPAM, 1.0, OffenceKind.VIRUS, 5.0));
    private static final Weighing AUTH = new Weighing(
            "auth",
            Who.CLIENT,
            Direction.ANY,
            Map.of(OffenceKind.AUTH_FAILURE, 1.0),
            new Window(Duration.ofMinutes(10)),
            20);
    private static final Weighing TRAP = jail("trap", Who.CLIENT, Direction.ANY, Map.of(OffenceKind.TRAP, 1.0));

    private final ScoreStoreFake store = new ScoreStoreFake();
    private final List<Scored> scored = new ArrayList<>();

    private static Weighing jail(String name, Who who, Direction direction, Map<OffenceKind, Double> weights) {
        return new Weighing(name, who, direction, weights, new HalfLife(Duration.ofDays(14)), 20);
    }

    private ScoreBook book(Weighing... jails) {
        return new ScoreBook(List.of(jails), store, scored::add);
    }

    private static Standing standing(ScoreBook book, String jail, String subject) {
        Standing standing = book.standing(jail, Subject.parse(subject));
        assertNotNull(standing, subject);
        return standing;
    }

    @Test
    void accept_spamWithVictims_scoresOnceForTheVictims() {
        ScoreBook book = book(SPAM);

        book.accept(spam(T0, by("192.0.2.1")));
        book.accept(victims(T0, by("192.0.2.1"), 2));

        assertEquals(1, scored.size());
        Scored only = scored.get(0);
        assertEquals("192.0.2.1", only.subject().toString());
        assertEquals(2, only.points());
        assertEquals(2, only.standing().victims());
        assertEquals(1, only.standing().messages());
        assertEquals(Math.log10(11.8), only.standing().evidence().log10(), 1e-3);
        assertEquals(1 - Math.exp(-0.1), only.severity(), 1e-12);
    }

    @Test
    void accept_refusal_countsAsItsKindWhereThatIsWeighed() {
        ScoreBook book = book(
                jail("any", Who.CLIENT, Direction.ANY, Map.of(OffenceKind.REJECT, 1.0)),
                jail("relay", Who.CLIENT, Direction.ANY, Map.of(OffenceKind.REJECT_RELAY, 3.0)),
                jail(
                        "both",
                        Who.CLIENT,
                        Direction.ANY,
                        Map.of(OffenceKind.REJECT, 1.0, OffenceKind.REJECT_RELAY, 3.0)));
        Origin client = by("192.0.2.1");

        book.accept(new Deed.Refused(T0, client, "RCPT", 554, "554 5.7.1 <x@y.example>: Relay access denied"));
        book.accept(new Deed.Refused(T0, client, "EHLO", 501, "501 5.5.2 <x>: Helo command rejected: Invalid name"));

        assertEquals(2, standing(book, "any", "192.0.2.1").points());
        assertEquals(3, standing(book, "relay", "192.0.2.1").points());
        assertEquals(4, standing(book, "both", "192.0.2.1").points());
    }

    @Test
    void accept_misbehaviour_countsAsItsKind() {
        ScoreBook book = book(
                jail("protocol", Who.CLIENT, Direction.ANY, Map.of(OffenceKind.PROTOCOL_ERROR, 1.0)),
                jail("postscreen", Who.CLIENT, Direction.ANY, Map.of(OffenceKind.POSTSCREEN, 2.0)));
        Origin client = by("192.0.2.1");

        for (Deed.Fault fault : Deed.Fault.values()) {
            book.accept(new Deed.Misbehaved(T0, client, fault, "x"));
        }

        assertEquals(1, standing(book, "protocol", "192.0.2.1").points());
        assertEquals(2, standing(book, "postscreen", "192.0.2.1").points());
    }

    @Test
    void accept_ham_lowersTheEvidenceAndSaysNothing() {
        ScoreBook book = book(SPAM, AUTH);

        book.accept(ham(T0, by("192.0.2.1")));

        assertTrue(scored.isEmpty());
        assertTrue(standing(book, "spam", "192.0.2.1").evidence().log10() < 0);
        assertNull(book.standing("auth", Subject.parse("192.0.2.1")));
    }

    @Test
    void accept_hamThatIsSpamAfterAll_isASpamTrialOnly() {
        ScoreBook book = book(SPAM);

        book.accept(ham(T0, by("192.0.2.1")));
        book.accept(hamThatIsSpam(T0, by("192.0.2.1")));

        assertEquals(
                Math.log10(11.8), standing(book, "spam", "192.0.2.1").evidence().log10(), 1e-3);
    }

    @Test
    void accept_virusVictims_weighAsTheJailSays() {
        ScoreBook book = book(SPAM);

        book.accept(new Deed.Victims(T0, by("192.0.2.1"), Judgement.VIRUS, 3));
        book.accept(new Deed.Victims(T0, by("192.0.2.1"), Judgement.BANNED, 3));

        assertEquals(1, scored.size());
        assertEquals(15, scored.get(0).points());
    }

    @Test
    void accept_answerToATrapsForgedMail_isNoOffence() {
        ScoreBook book = book(SPAM, TRAP, AUTH);
        Origin server = Origin.of(by("192.0.2.1").client(), null, "");

        book.accept(new Deed.Trapped(T0, server, "trap@example.org", Trial.UNCHANGED, false));

        assertEquals(List.of(), scored);
        assertNull(book.standing("trap", Subject.parse("192.0.2.1")));
    }

    @Test
    void accept_trapHit_isATrialInEveryMailJailAndPointsInOne() {
        ScoreBook book = book(SPAM, TRAP, AUTH);

        book.accept(new Deed.Trapped(T0, by("192.0.2.1"), "trap@example.org", Trial.SPAM, false));

        assertEquals(1, scored.size());
        assertEquals("trap", scored.get(0).weighing().jail());
        assertEquals(1, scored.get(0).points());
        for (String jail : List.of("spam", "trap")) {
            assertEquals(
                    Math.log10(11.8),
                    standing(book, jail, "192.0.2.1").evidence().log10(),
                    1e-3);
        }
        assertNull(book.standing("auth", Subject.parse("192.0.2.1")));
    }

    @Test
    void accept_authFailures_countInTheirWindow() {
        ScoreBook book = book(SPAM, AUTH);
        Origin client = Origin.of(Deeds.address("192.0.2.1"), null, null);

        for (int minute = 0; minute < 15; minute += 3) {
            book.accept(new Deed.AuthFailed(T0.plus(Duration.ofMinutes(minute)), client, "root"));
        }

        assertEquals(
                List.of(1.0, 2.0, 3.0, 4.0, 4.0),
                scored.stream().map(Scored::points).toList());
    }

    @Test
    void accept_refusedAndUnjudged_countOnlyWhereWeighed() {
        ScoreBook book = book(SPAM, jail("reject", Who.CLIENT, Direction.ANY, Map.of(OffenceKind.REJECT, 0.5)));
        Origin client = Origin.of(Deeds.address("192.0.2.1"), null, "s@x");

        book.accept(new Deed.Unjudged(T0, client, false));
        book.accept(new Deed.Refused(T0, client, "RCPT", 554, "5.7.1 denied"));

        assertEquals(1, scored.size());
        assertEquals(0.5, scored.get(0).points());
    }

    @Test
    void accept_eachKindOfSubject_isJudgedWhereKnown() {
        Map<OffenceKind, Double> weights = Map.of(OffenceKind.SPAM, 1.0);
        ScoreBook book = book(
                jail("c", Who.CLIENT, Direction.ANY, weights),
                jail("n", Who.NETWORK, Direction.ANY, weights),
                jail("a", Who.ACCOUNT, Direction.OUT, weights),
                jail("s", Who.SENDER, Direction.ANY, weights),
                jail("in", Who.CLIENT, Direction.IN, weights));

        book.accept(victims(T0, origin("2001:db8::1:2:3", "bob", "S@X", null), 1));
        book.accept(victims(T0, origin("192.0.2.77", null, "", null), 1));

        assertEquals(
                List.of(
                        "c 2001:db8::1:2:3",
                        "n 2001:db8::/64",
                        "a account:bob",
                        "s sender:s@x",
                        "c 192.0.2.77",
                        "n 192.0.2.0/24",
                        "in 192.0.2.77"),
                scored.stream()
                        .map(s -> s.weighing().jail() + " " + s.subject())
                        .toList());
    }

    @Test
    void accept_addressesOfOneNetwork_addUp() {
        ScoreBook book = book(jail("n", Who.NETWORK, Direction.ANY, Map.of(OffenceKind.SPAM, 1.0)));

        book.accept(victims(T0, by("2001:db8::1"), 1));
        book.accept(victims(T0, by("2001:db8::2"), 1));
        book.accept(victims(T0, by("2001:db8:0:1::2"), 1));

        assertEquals(List.of(1.0, 2.0, 1.0), scored.stream().map(Scored::points).toList());
    }

    @Test
    void flush_changed_isInTheStoreAndReadBackByTheNextBook() {
        ScoreBook before = book(SPAM);
        before.accept(spam(T0, by("192.0.2.1")));
        before.accept(victims(T0, by("192.0.2.1"), 2));
        before.flush();
        before.flush();

        ScoreBook after = book(SPAM);
        after.accept(victims(T0.plus(Duration.ofDays(14)), by("192.0.2.1"), 1));

        assertEquals(1, store.writes);
        assertEquals(2, scored.get(1).points(), 1e-12);
        assertEquals(3, scored.get(1).standing().victims());
        Offence offence = store.offences.get(0);
        assertEquals("3064E52EAC1 from=<s2@x> 2 victims, SPAM by amavis", offence.evidence());
        assertEquals(2, offence.weight());
    }

    /** However small the batches are and whatever is dropped from the cache between them. */
    @Test
    void flush_atAnyTime_changesNothing() {
        List<Deed> deeds = new ArrayList<>();
        java.util.Random random = new java.util.Random(51);
        for (int i = 0; i < 60_000; i++) {
            Origin origin = new Origin(IpPrefix.ofIpv4(0xc0000200 + random.nextInt(15_000)), null, "s@x", null, null);
            deeds.add(random.nextBoolean() ? ham(T0.plusSeconds(i), origin) : victims(T0.plusSeconds(i), origin, 1));
        }
        List<Scored> expected = new ArrayList<>();
        ScoreBook whole = new ScoreBook(List.of(SPAM, AUTH), new ScoreStoreFake(), expected::add);
        deeds.forEach(whole);

        ScoreBook book = book(SPAM, AUTH);
        for (int i = 0; i < deeds.size(); i++) {
            book.accept(deeds.get(i));
            if (random.nextInt(1000) == 0) {
                book.flush();
            }
        }

        assertEquals(expected, scored);
        List<Scored> replayed = new ArrayList<>();
        deeds.forEach(ScoreBook.forReplay(List.of(SPAM, AUTH), replayed::add));
        assertEquals(expected, replayed);
        assertTrue(store.reads > 15_000, "the cache was never too small: " + store.reads);
    }

    @Test
    void forgive_banned_startsFromNothing() {
        ScoreBook book = book(SPAM, TRAP);
        book.accept(spam(T0, by("192.0.2.1")));
        book.accept(victims(T0, by("192.0.2.1"), 40));
        book.flush();

        book.forgive(Subject.parse("192.0.2.1"));
        book.forgive(Subject.parse("192.0.2.2"));
        book.accept(victims(T0, by("192.0.2.1"), 1));
        book.flush();

        assertEquals(1, scored.get(1).points());
        assertEquals(0, scored.get(1).standing().evidence().log10(), 1e-12);
        assertEquals(2, store.offences.size());
        assertNull(book.standing("spam", Subject.parse("192.0.2.2")));
    }

    @Test
    void accept_lateLine_isWeighedAsIfInTime() {
        ScoreBook book = book(SPAM);
        Instant late = T0.minus(Duration.ofDays(14));

        book.accept(victims(T0, by("192.0.2.1"), 8));
        book.accept(victims(late, by("192.0.2.1"), 4));

        assertEquals(late, scored.get(1).at());
        assertEquals(10, scored.get(1).points(), 1e-12);
        assertEquals(T0, scored.get(1).standing().asOf());
    }

    @Test
    void evidence_strangersText_isOneBoundedLine() {
        ScoreBook book = book(SPAM);
        String hostile = "a\nb\u001b[31m\u202e\u2028\ud800" + "x".repeat(500);

        book.accept(victims(T0, origin("192.0.2.1", null, hostile, null), 1));
        book.flush();

        String evidence = store.offences.get(0).evidence();
        assertTrue(evidence.startsWith("from=<a?b?[31m???x"), evidence);
        assertEquals(200, evidence.length());
    }

    @Test
    void evidence_eachDeed_saysWhatItWas() {
        ScoreBook book =
                book(TRAP, AUTH, jail("reject", Who.CLIENT, Direction.ANY, Map.of(OffenceKind.REJECT, 1.0)), SPAM);
        Origin none = Origin.of(Deeds.address("192.0.2.1"), null, null);

        book.accept(new Deed.Trapped(T0, by("192.0.2.1"), "trap@example.org", Trial.SPAM, false));
        book.accept(new Deed.AuthFailed(T0, none, null));
        book.accept(new Deed.AuthFailed(T0, none, "root"));
        book.accept(new Deed.Refused(T0, none, "RCPT", 554, "5.7.1 denied"));
        book.accept(victims(T0, origin("192.0.2.1", "bob", "s@x", null), 1));
        book.flush();

        assertEquals(
                List.of(
                        "3064E52EAC1 from=<s2@x> to trap <trap@example.org>",
                        "login failed",
                        "login failed: root",
                        "RCPT refused: 554 5.7.1 denied",
                        "from=<s@x> account=bob 1 victim, SPAM"),
                store.offences.stream().map(Offence::evidence).toList());
    }
}
