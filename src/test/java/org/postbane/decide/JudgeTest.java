package org.postbane.decide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postbane.decide.Decision.Cause;
import org.postbane.decide.Sentencing.Limit;
import org.postbane.decide.Sentencing.Term;
import org.postbane.model.IpPrefix;
import org.postbane.model.Subject;
import org.postbane.score.OffenceKind;
import org.postbane.score.Scored;
import org.postbane.score.Standing;
import org.postbane.score.Weighing;
import org.postbane.score.Weighing.Direction;
import org.postbane.score.Weighing.Memory;
import org.postbane.score.Weighing.Memory.HalfLife;
import org.postbane.score.Weighing.Memory.Window;
import org.postbane.score.Weighing.Who;

class JudgeTest {

    private static final Instant T0 = Instant.parse("2026-03-01T00:00:00Z");
    private static final Subject CLIENT = Subject.parse("192.0.2.1");
    private static final Duration DAY = Duration.ofDays(1);

    private static final Weighing SPAM = weighing("spam", OffenceKind.SPAM, new HalfLife(Duration.ofDays(14)));
    private static final Weighing AUTH = weighing("auth", OffenceKind.AUTH_FAILURE, new Window(Duration.ofMinutes(10)));
    private static final Weighing TRAP = weighing("trap", OffenceKind.TRAP, new HalfLife(Duration.ofDays(14)));

    private static final Sentencing BY_SEVERITY = new Sentencing(
            "spam",
            new Limit.Severity(0.1),
            OptionalDouble.of(0.001),
            new Term.Decay(Duration.ofHours(1), Duration.ofDays(60)),
            List.of("nftables"));
    private static final Sentencing BY_COUNT = new Sentencing(
            "auth",
            new Limit.Count(5),
            OptionalDouble.empty(),
            new Term.Fixed(Duration.ofHours(1), true, 1, Duration.ofDays(7)),
            List.of());
    private static final Sentencing BY_TRAP = new Sentencing(
            "trap",
            new Limit.Count(1),
            OptionalDouble.empty(),
            new Term.Fixed(DAY, false, 1, Sentencing.FOREVER),
            List.of());

    private final BanStoreFake store = new BanStoreFake();
    private final List<Decision> decisions = new ArrayList<>();
    private final Judge judge = judge(Guards.LEAST);

    private static Weighing weighing(String jail, OffenceKind kind, Memory memory) {
        return new Weighing(jail, Who.CLIENT, Direction.ANY, Map.of(kind, 1.0), memory, 20);
    }

    private Judge judge(Guards guards) {
        Judge made = new Judge(List.of(BY_SEVERITY, BY_COUNT, BY_TRAP), guards, store, decisions::add);
        made.restore(ban -> {});
        return made;
    }

    private static Scored scored(Weighing weighing, Subject subject, Standing standing) {
        return new Scored(
                standing.asOf(), weighing, subject, standing.pointsAt(standing.asOf(), weighing.memory()), standing);
    }

    /** So many spams of so many victims each, so much ham. */
    private static Scored spammer(Instant at, double points, int spam, int ham) {
        Standing standing = Standing.clean(at).plus(at, points, SPAM.memory()).plusTrials(at, spam, ham, SPAM.memory());
        return scored(SPAM, CLIENT, standing);
    }

    private static Scored guesser(Instant at, int failures) {
        Standing standing = Standing.clean(at);
        for (int i = 0; i < failures; i++) {
            standing = standing.plus(at, 1, AUTH.memory());
        }
        return scored(AUTH, CLIENT, standing);
    }

    private static Scored trapped(Instant at) {
        return scored(TRAP, CLIENT, Standing.clean(at).plus(at, 1, TRAP.memory()));
    }

    private Ban only() {
        assertEquals(1, judge.inForce().size());
        assertEquals(store.inForce, judge.inForce());
        return judge.inForce().get(0);
    }

    @ParameterizedTest
    @CsvSource({
        "2.1, 3, 0, false",
        "2.108, 3, 0, true",
        "2.108, 2, 0, false",
        "1000, 2, 0, false",
        "5, 5, 995, false",
        "12, 3, 1, false",
        "12, 4, 1, true"
    })
    void accept_severityAndCertainty_areBothAsked(double points, int spam, int ham, boolean banned) {
        judge.accept(spammer(T0, points, spam, ham));

        assertEquals(banned ? 1 : 0, decisions.size());
    }

    @Test
    void accept_overTheLimit_bansUntilTheSeverityHasDecayed() {
        Standing standing = new Standing(12, T0, org.postbane.score.Evidence.NONE.plus(3, 0), List.of(), 12, 3);

        judge.accept(scored(SPAM, CLIENT, standing));

        Ban ban = only();
        assertEquals(
                "severity 0.451 (limit 0.1), certainty 10^3.4 (asked 10^3.0), 12 victims in 3 messages", ban.reason());
        assertEquals(T0, ban.from());
        double limit = -20 * Math.log(0.9);
        assertEquals(
                14 * 86_400 * Math.log(12 / limit) / Math.log(2),
                Duration.between(T0, ban.until()).toMillis() / 1000.0,
                0.01);
        assertTrue(standing.pointsAt(ban.until(), SPAM.memory()) < limit);
    }

    @Test
    void accept_termOfDecay_isBoundedOnBothSides() {
        judge.accept(spammer(T0, 2.108, 3, 0));
        assertEquals(T0.plus(Duration.ofHours(1)), only().until());

        judge.accept(spammer(T0, 1e9, 3, 0));
        assertEquals(T0.plus(Duration.ofDays(60)), only().until());
    }

    @Test
    void accept_moreSpam_prolongsInPlaceWhenItMatters() {
        judge.accept(spammer(T0, 10, 5, 0));
        Ban first = only();
        judge.accept(spammer(T0.plusSeconds(5), 10.01, 5, 0));
        judge.accept(spammer(T0.plusSeconds(6), 9, 5, 0));
        assertEquals(List.of(new Decision.Impose(first)), decisions);

        judge.accept(spammer(T0.plusSeconds(7), 12, 5, 0));

        Ban second = only();
        assertEquals(2, decisions.size());
        assertEquals(T0, second.from());
        assertTrue(second.until().isAfter(first.until()));
        assertTrue(second.reason().startsWith("severity 0.451"));
    }

    /** A message with a thousand recipients, one by one, must not make a thousand changes. */
    @Test
    void accept_aThousandVictims_makesFewChanges() {
        for (int victims = 3; victims <= 1000; victims++) {
            judge.accept(spammer(T0, victims, 5, 0));
        }

        assertTrue(decisions.size() < 120, "changes: " + decisions.size());
        Duration exact = Duration.between(T0, Terms.end(BY_SEVERITY, spammer(T0, 1000, 5, 0), 0));
        Duration given = Duration.between(T0, only().until());
        assertTrue(given.toMillis() >= exact.toMillis() * 0.99, exact + " " + given);
    }

    @Test
    void accept_fixedTerm_staysWhileInForce() {
        judge.accept(trapped(T0));
        judge.accept(trapped(T0.plusSeconds(10)));

        assertEquals(1, decisions.size());
        assertEquals("mail to a trap: 1 hit (limit 1)", only().reason());
        assertEquals(T0.plus(DAY), only().until());
    }

    @Test
    void accept_countBelowLimit_isNoBan() {
        judge.accept(guesser(T0, 4));
        assertTrue(decisions.isEmpty());

        judge.accept(guesser(T0, 5));
        assertEquals("5 auth failures within 10m (limit 5)", only().reason());
    }

    @Test
    void accept_repeatOffender_doublesLikeFail2ban() {
        Instant at = T0;
        List<Long> hours = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            judge.accept(guesser(at, 5));
            hours.add(Duration.between(only().from(), only().until()).toHours());
            at = only().until().plusSeconds(1);
        }

        assertEquals(List.of(1L, 2L, 4L, 8L, 16L, 32L, 64L, 128L, 168L, 168L), hours);
    }

    @Test
    void accept_banThatHasEnded_isLiftedFirst() {
        judge.accept(trapped(T0));
        Ban first = only();
        judge.accept(trapped(T0.plus(DAY)));

        assertEquals(
                List.of(
                        new Decision.Impose(first),
                        new Decision.Lift(first, Cause.EXPIRED),
                        new Decision.Impose(only())),
                decisions);
        assertEquals(first.until(), store.ended.get(0).at());
    }

    @Test
    void accept_unknownJail_isOurMistake() {
        Weighing other = weighing("other", OffenceKind.SPAM, SPAM.memory());

        assertThrows(IllegalArgumentException.class, () -> judge.accept(scored(other, CLIENT, Standing.clean(T0))));
    }

    @Test
    void accept_guarded_isNotBanned() {
        Judge guarding = judge(new Guards(List.of(new AllowList(List.of(Subject.parse("192.0.2.0/24"))))));

        guarding.accept(trapped(T0));

        assertTrue(decisions.isEmpty());
        assertEquals(1, guarding.guarded());
    }

    @Test
    void expire_due_areLiftedInOrderAndOnce() {
        List<Ban> bans = new ArrayList<>();
        Random random = new Random(61);
        for (int i = 0; i < 20_000; i++) {
            Instant until = T0.plusSeconds(1 + random.nextInt(1000));
            bans.add(new Ban(new Subject.Client(IpPrefix.ofIpv4(i + 0x01000000)), "spam", T0, until, "test"));
        }
        store.inForce.addAll(bans);
        Judge loaded = judge(Guards.LEAST);
        store.inForce.clear(); // a list is slow to remove from

        int checked = 0;
        for (int second = 0; second <= 1000; second++) {
            Instant now = T0.plusSeconds(second);
            loaded.expire(now);
            assertTrue(decisions.stream()
                    .skip(checked)
                    .allMatch(decision -> decision.ban().until().equals(now)));
            checked = decisions.size();
        }

        assertEquals(20_000, decisions.size());
        assertTrue(loaded.inForce().isEmpty());
        Instant before = T0;
        for (Decision decision : decisions) {
            assertTrue(!decision.ban().until().isBefore(before));
            before = decision.ban().until();
        }
    }

    @Test
    void expire_prolonged_waitsForTheNewEnd() {
        judge.accept(spammer(T0, 3, 3, 0));
        Instant firstEnd = only().until();
        judge.accept(spammer(T0, 30, 3, 0));

        judge.expire(firstEnd);

        assertEquals(2, decisions.size());
        judge.expire(only().until());
        assertTrue(judge.inForce().isEmpty());
    }

    @Test
    void ban_byHandForever_neverExpires() throws GuardedException {
        judge.ban(CLIENT, Sentencing.FOREVER, Ban.MANUAL, "a\nb", T0);

        judge.expire(T0.plus(Duration.ofDays(400_000)));

        assertTrue(only().isPermanent());
        assertEquals("a b", only().reason());
        assertEquals(1, judge.inForce().size());
    }

    @Test
    void ban_guarded_isRefusedWithTheGuardsWords() {
        GuardedException refused = assertThrows(
                GuardedException.class, () -> judge.ban(Subject.parse("127.0.0.1"), DAY, Ban.MANUAL, "test", T0));

        assertEquals("127.0.0.1 is guarded (loopback)", refused.getMessage());
        assertTrue(decisions.isEmpty());
    }

    @Test
    void unban_subject_isLiftedInAllItsJails() throws GuardedException {
        judge.accept(trapped(T0));
        judge.accept(spammer(T0, 10, 5, 0));
        Ban network = judge.ban(Subject.parse("192.0.2.0/24"), DAY, Ban.MANUAL, "test", T0);

        List<Ban> lifted = judge.unban(CLIENT, T0.plusSeconds(1));

        assertEquals(List.of("trap", "spam"), lifted.stream().map(Ban::jail).toList());
        assertEquals(List.of(network), judge.bansOf(CLIENT));
        assertEquals(List.of(network), store.inForce);
        assertEquals(Cause.OPERATOR, store.ended.get(0).cause());
        assertEquals(List.of(network), judge.unbanAll(T0.plusSeconds(2)));
        assertEquals(List.of(), judge.unban(CLIENT, T0.plusSeconds(3)));
    }

    @Test
    void bansOf_address_areItsOwnAndItsNetworks() throws GuardedException {
        for (String text : List.of(
                "2001:db8::/32", "2001:db8::/64", "2001:db8::1", "2001:db8::2", "192.0.2.0/24", "account:bob")) {
            judge.ban(Subject.parse(text), DAY, Ban.MANUAL, "test", T0);
        }

        assertEquals(List.of("2001:db8::1", "2001:db8::/64", "2001:db8::/32"), covering("2001:db8::1"));
        assertEquals(List.of("2001:db8::/64", "2001:db8::/32"), covering("2001:db8::/64"));
        assertEquals(List.of("192.0.2.0/24"), covering("192.0.2.255"));
        assertEquals(List.of(), covering("192.0.3.0"));
        assertEquals(List.of("account:bob"), covering("account:bob"));
    }

    private List<String> covering(String subject) {
        return judge.bansOf(Subject.parse(subject)).stream()
                .map(ban -> ban.subject().toString())
                .toList();
    }

    @Test
    void guard_newAllowList_liftsThoseOnIt() throws GuardedException {
        Ban ban = judge.ban(CLIENT, DAY, Ban.MANUAL, "test", T0);
        Ban other = judge.ban(Subject.parse("account:bob"), DAY, Ban.MANUAL, "test", T0);

        List<Ban> lifted = judge.guard(new Guards(List.of(new AllowList(List.of(CLIENT)))), T0.plusSeconds(1));

        assertEquals(List.of(ban), lifted);
        assertEquals(new Decision.Lift(ban, Cause.ALLOWED), decisions.get(2));
        assertEquals(List.of(other), judge.inForce());
    }

    @Test
    void constructor_store_bringsTheBansBack() {
        judge.accept(trapped(T0));

        Judge restarted = judge(Guards.LEAST);
        restarted.accept(trapped(T0.plusSeconds(1)));

        assertEquals(judge.inForce(), restarted.inForce());
        assertEquals(1, decisions.size());
    }
}
