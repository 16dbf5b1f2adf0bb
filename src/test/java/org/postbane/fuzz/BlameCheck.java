package org.postbane.fuzz;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
 * One log of {@link Sessions} through parser and correlator: nobody is blamed but those whose address stands where the software
 * itself writes a peer's, none of these who is honest, and memory stays bounded.
 */
final class BlameCheck {

    private static final IpPrefix INNOCENT = prefix("192.0.2.0/24");
    private static final IpPrefix HONEST = prefix("198.51.100.0/24");
    private static final int MOST_OPEN = 25;
    /** Also what some of these were made of, and of each session itself and a message that waits for its end. */
    private static final int MOST_ROWS = 2 * MOST_OPEN + 2 * Sessions.SESSIONS;

    private static final Set<String> TRAPS = Set.of("t1@example.org", "t2@example.org");
    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

    private final List<Deed> said = new ArrayList<>();
    private final Correlator correlator = new Correlator(
            new CorrelateSettings(MOST_OPEN, Duration.ofDays(6), Duration.ofSeconds(10), Duration.ofSeconds(3)),
            TRAPS::contains,
            true,
            said::add);
    private final LogParser parser = new LogParser(Filters.MAIL, ZoneOffset.UTC, NOON, false, correlator);
    private final Rows rows = new Rows();
    private int blamed;

    private static IpPrefix prefix(String text) {
        return Optional.ofNullable(IpPrefix.parse(text)).orElseThrow();
    }

    /** How many deeds were said that are held against somebody. */
    int blamed() {
        return blamed;
    }

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
        if (rows.size() > MOST_ROWS) {
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
