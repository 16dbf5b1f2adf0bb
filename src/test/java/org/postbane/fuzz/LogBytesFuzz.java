package org.postbane.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.postbane.correlate.CorrelateSettings;
import org.postbane.correlate.Correlator;
import org.postbane.parse.LogParser;
import org.postbane.source.Line;
import org.postbane.testing.Filters;

/**
 * Any bytes as a log: nothing is thrown, and not more messages are open than are allowed. Jazzer looks for bytes that reach
 * what no bytes before them reached; run by {@code .ci/fuzz}, as its agent is not wanted in other tests. It keeps what it found
 * in {@code .cifuzz-corpus}; bytes that fail go to the resources beside this class, and from there, as lines, into a case.
 *
 * <p>The first byte of a line chooses its program, so that no time goes into finding headers.
 */
final class LogBytesFuzz {

    private static final int MOST_OPEN = 5;
    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");
    private static final List<String> STARTS = List.of(
            "Nov 21 09:15:23 mx1 postfix/smtpd[7]: ",
            "Nov 21 09:15:23 mx1 postfix/cleanup[8]: ",
            "2026-11-21T09:15:23.5+00:00 mx1 postfix/qmgr[9]: ",
            "2026-11-21T09:15:24Z mx1 postfix/smtp[10]: ",
            "Nov 21 09:15:24 mx1 postfix/pickup[11]: ",
            "Nov 21 09:15:24 mx1 amavis[12]: ",
            "Nov 21 09:15:24 mx1 spamd[13]: ",
            "Nov 21 09:15:25 mx1 exim[14]: ",
            "2026-11-21 09:15:25 ",
            "Nov 21 09:15:25 mx1 sm-mta[15]: ",
            "Nov 21 09:15:25 mx1 smtpd[16]: ",
            "");

    @FuzzTest(maxDuration = "45s")
    void accept_anyBytes_throwNothing(byte[] bytes) {
        Correlator correlator = new Correlator(
                new CorrelateSettings(MOST_OPEN, Duration.ofDays(6), Duration.ofSeconds(10), Duration.ofSeconds(3)),
                address -> address.length() == 7,
                false,
                deed -> {});
        LogParser parser = new LogParser(Filters.MAIL, ZoneOffset.UTC, NOON, false, correlator);

        for (String line : new String(bytes, StandardCharsets.ISO_8859_1).split("\n", -1)) {
            if (line.isEmpty()) {
                continue;
            }
            String start = STARTS.get(line.charAt(0) % STARTS.size());
            byte[] whole = (start + line.substring(1)).getBytes(StandardCharsets.ISO_8859_1);
            parser.accept(new Line().set(whole, 0, whole.length));
            if (correlator.open() > MOST_OPEN) {
                throw new AssertionError(correlator.open() + " messages are open");
            }
        }
        correlator.finish();
    }
}
