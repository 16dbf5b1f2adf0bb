package org.postbane.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.postbane.score.Deeds.T0;
import static org.postbane.score.Deeds.address;
import static org.postbane.score.Deeds.by;
import static org.postbane.score.Deeds.ham;
import static org.postbane.score.Deeds.hamThatIsSpam;
import static org.postbane.score.Deeds.origin;
import static org.postbane.score.Deeds.spam;
import static org.postbane.score.Deeds.victims;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.postbane.correlate.Deed;
import org.postbane.correlate.Deed.Trial;
import org.postbane.correlate.Origin;
import org.postbane.model.Judgement;

class TallyTest {

    private final Tally tally = new Tally();

    private ClientTally only() {
        assertEquals(1, tally.clients().size());
        return tally.clients().iterator().next();
    }

    @Test
    void accept_threeSpamsWithTwelveVictims_isTheDesignsExample() {
        for (int i = 0; i < 3; i++) {
            tally.accept(spam(T0.plusSeconds(i), by("192.0.2.1")));
            tally.accept(victims(T0.plusSeconds(i), by("192.0.2.1"), 4));
        }

        ClientTally client = only();
        assertEquals(address("192.0.2.1"), client.client());
        assertEquals(3, client.spam());
        assertEquals(12, client.victims());
        assertEquals(0.451, client.score(client.lastSeen()), 5e-4);
        assertEquals(3.42, client.evidence(client.lastSeen()), 5e-3);
        assertEquals(T0, client.firstSeen());
        assertEquals(T0.plusSeconds(2), client.lastSeen());
        assertEquals(3, tally.messages());
    }

    @Test
    void score_later_hasDecayed() {
        tally.accept(victims(T0, by("192.0.2.1"), 20));

        assertEquals(1 - Math.exp(-0.5), only().score(T0.plus(Duration.ofDays(14))), 1e-12);
    }

    @Test
    void accept_laterVerdictIsWorse_movesHamToSpam() {
        tally.accept(ham(T0, by("192.0.2.1")));
        tally.accept(hamThatIsSpam(T0, by("192.0.2.1")));
        tally.accept(new Deed.Judged(
                T0, by("192.0.2.1"), Judgement.VIRUS, Judgement.SPAM, Trial.UNCHANGED, Double.NaN, "amavis", false));

        ClientTally client = only();
        assertEquals(0, client.ham());
        assertEquals(0, client.spam());
        assertEquals(1, client.virus());
        assertEquals(1, tally.messages());
        assertEquals(Math.log10(11.8), client.evidence(T0), 1e-3);
    }

    @Test
    void accept_virusAndBanned_haveNoSpamVictims() {
        Origin client = by("192.0.2.1");
        tally.accept(new Deed.Judged(T0, client, Judgement.VIRUS, null, Trial.SPAM, Double.NaN, "amavis", false));
        tally.accept(new Deed.Victims(T0, client, Judgement.VIRUS, 5));
        tally.accept(new Deed.Judged(T0, client, Judgement.BANNED, null, Trial.SPAM, Double.NaN, "amavis", false));
        tally.accept(new Deed.Victims(T0, client, Judgement.BANNED, 5));

        assertEquals(0, only().victims());
        assertEquals(1, only().virus());
        assertEquals(1, only().banned());
        assertEquals(0, only().score(T0));
        assertEquals(2, tally.messages());
    }

    @Test
    void messages_trappedAndJudgedInEitherOrder_areOne() {
        Origin first = origin("192.0.2.1", null, "s@x", "3064E52EAC1");
        tally.accept(new Deed.Trapped(T0, first, "trap@example.org", Trial.SPAM, false));
        tally.accept(new Deed.Judged(T0, first, Judgement.SPAM, null, Trial.UNCHANGED, 9, "amavis", true));
        Origin second = origin("192.0.2.1", null, "s@x", "3064E52EAC2");
        tally.accept(ham(T0, second));
        tally.accept(new Deed.Trapped(T0, second, "trap@example.org", Trial.HAM_TO_SPAM, true));
        Origin third = origin("192.0.2.1", null, "s@x", "3064E52EAC3");
        tally.accept(new Deed.Trapped(T0, third, "trap@example.org", Trial.SPAM, false));
        tally.accept(new Deed.Judged(T0, third, Judgement.CLEAN, null, Trial.UNCHANGED, 1, "amavis", true));
        Origin refused = origin("192.0.2.1", null, "s@x", null);
        tally.accept(new Deed.Trapped(T0, refused, "trap@example.org", Trial.SPAM, false));
        tally.accept(new Deed.Trapped(T0, refused, "trap@example.org", Trial.SPAM, false));

        assertEquals(5, tally.messages());
        assertEquals(5, only().traps());
        assertEquals(0, only().unjudged());
    }

    @Test
    void accept_whatIsNoMessage_isNoMessage() {
        Origin client = Origin.of(address("192.0.2.1"), null, null);
        tally.accept(new Deed.Refused(T0, client, "RCPT", 554, "denied"));
        tally.accept(new Deed.AuthFailed(T0, client, "root"));

        assertEquals(0, tally.messages());
        assertEquals(1, only().rejects());
        assertEquals(1, only().authFailures());
    }

    @Test
    void accounts_fromSeveralClients_countForBoth() {
        Origin home = origin("198.51.100.9", "bob@example.org", "bob@example.org", null);
        Origin stolen = origin("192.0.2.1", "bob@example.org", "x@example.net", null);
        tally.accept(ham(T0, home));
        tally.accept(spam(T0, stolen));
        tally.accept(victims(T0, stolen, 50));
        tally.accept(new Deed.Unjudged(T0, origin("192.0.2.1", "alice", "a@x", null), false));

        assertEquals(
                List.of("alice 0 0 0 [192.0.2.1]", "bob@example.org 1 50 1 [192.0.2.1, 198.51.100.9]"),
                tally.accounts().stream()
                        .map(a -> "%s %d %d %d %s".formatted(a.account(), a.spam(), a.victims(), a.ham(), a.clients()))
                        .toList());
        assertEquals(2, tally.clients().size());
    }
}
