package org.postbane.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.postbane.correlate.CorrelateSettings;
import org.postbane.correlate.Correlator;
import org.postbane.correlate.Deed;
import org.postbane.correlate.Origin;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.parse.LogParser;
import org.postbane.source.Line;
import org.postbane.testing.Filters;
import org.postbane.testing.Rows;

/**
 * Parser and correlator on logs that attackers wrote into, one after the other, each made from a seed: nobody is blamed whose
 * address stands in strangers' text only, nobody honest for what others did, nothing is thrown, and memory stays bounded.
 *
 * <p>{@code POSTBANE_FUZZ_SECONDS} says for how long (10; in CI 60, nightly as long as you like), {@code POSTBANE_FUZZ_SEED} repeats
 * one log. A failure prints its seed and the fewest sessions that still fail.
 */
final class HostileSessionsTest {

    private static final IpPrefix INNOCENT = prefix("192.0.2.0/24");
    private static final IpPrefix HONEST = prefix("198.51.100.0/24");
    private static final int MOST_OPEN = 25;
    private static final Set<String> TRAPS = Set.of("t1@example.org", "t2@example.org");
    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

    private static IpPrefix prefix(String text) {
        return Optional.ofNullable(IpPrefix.parse(text)).orElseThrow();
    }

    @Test
    void accept_logsThatAttackersWroteInto_blameTheirPeersOnly() {
        String one = System.getenv("POSTBANE_FUZZ_SEED");
        long seconds = Long.parseLong(System.getenv().getOrDefault("POSTBANE_FUZZ_SECONDS", "10"));
        long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
        long first = one == null ? System.nanoTime() : Long.parseLong(one);
        long seed = first;
        int blamed = 0;

        do {
            List<String> log = Sessions.of(seed);
            Run run = new Run();
            Optional<String> fault = run.fault(log);
            if (fault.isPresent()) {
                List<String> least = shrunk(log);
                fail("POSTBANE_FUZZ_SEED=%d: %s\n%s"
                        .formatted(seed, new Run().fault(least).orElseThrow(), String.join("\n", least)));
            }
            blamed += run.blamed;
            seed++;
        } while (one == null && System.nanoTime() < end);

        System.out.printf("hostile sessions: %d logs from seed %d, %d deeds%n", seed - first, first, blamed);
        assertTrue(blamed > seed - first, "the guilty are found, so that something was tried");
    }

    /** Leaves out session after session as long as something is still wrong. */
    private static List<String> shrunk(List<String> log) {
        List<String> least = log;
        for (Integer session :
                log.stream().map(HostileSessionsTest::session).distinct().toList()) {
            List<String> fewer =
                    least.stream().filter(line -> session(line) != session).toList();
            if (new Run().fault(fewer).isPresent()) {
                least = fewer;
            }
        }
        return least;
    }

    private static int session(String line) {
        int bracket = line.indexOf('[');
        return Integer.parseInt(line.substring(bracket + 1, line.indexOf(']', bracket))) / Sessions.SPAN;
    }

    /** One log through parser and correlator. */
    private static final class Run {

        private final List<Deed> said = new ArrayList<>();
        private final Correlator correlator = new Correlator(
                new CorrelateSettings(MOST_OPEN, Duration.ofDays(6), Duration.ofSeconds(10), Duration.ofSeconds(3)),
                TRAPS::contains,
                true,
                said::add);
        private final LogParser parser = new LogParser(Filters.MAIL, ZoneOffset.UTC, NOON, false, correlator);
        private final Rows rows = new Rows();
        private int blamed;

        /** What is wrong with what was said; empty if all is well. */
        Optional<String> fault(List<String> log) {
            try {
                for (String line : log) {
                    parser.accept(Line.of(line));
                    correlator.saveTo(rows);
                    Optional<String> fault = wrong();
                    if (fault.isPresent()) {
                        return fault;
                    }
                }
                correlator.finish();
                return wrong();
            } catch (RuntimeException | AssertionError e) {
                return Optional.of("threw " + e + " at " + e.getStackTrace()[0]);
            }
        }

        private Optional<String> wrong() {
            if (correlator.open() > MOST_OPEN) {
                return Optional.of(correlator.open() + " messages are open");
            }
            if (rows.size() > 4 * MOST_OPEN) {
                return Optional.of(rows.size() + " rows are kept");
            }
            for (Deed deed : said) {
                Origin origin = deed.origin();
                if (INNOCENT.contains(origin.client())) {
                    return Optional.of("blamed an innocent: " + deed);
                }
                if (HONEST.contains(origin.client()) && isBad(deed)) {
                    return Optional.of("blamed the honest: " + deed);
                }
                blamed += isBad(deed) ? 1 : 0;
            }
            said.clear();
            return Optional.empty();
        }

        private static boolean isBad(Deed deed) {
            return !(deed instanceof Deed.Unjudged)
                    && !(deed instanceof Deed.Delivered) // a clean message's recipients: no offence
                    && !(deed instanceof Deed.Judged judged && judged.judgement() == Judgement.CLEAN);
        }
    }
}
