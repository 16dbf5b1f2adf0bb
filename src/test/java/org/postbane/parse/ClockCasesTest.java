package org.postbane.parse;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.postbane.source.Line;
import org.postbane.testing.Cases;

/** What time a line is of: {@code clock.cases}, whose head says how to read it. */
final class ClockCasesTest {

    private static List<Cases> sources() {
        return Cases.of(ClockCasesTest.class, "clock.cases");
    }

    @ParameterizedTest
    @MethodSource("sources")
    void at_lineReadSometime_isAsExpected(Cases source) {
        SyslogHeader header = null;
        for (String text : source.inputs()) {
            String[] words = text.split(" \\| ", 5);
            String way = words[0];
            Instant reference = Instant.parse(words[2]);
            if (header == null) {
                header = new SyslogHeader(ZoneId.of(words[1]), reference, way.equals("follow"));
            }
            if (way.equals("live") || way.equals("all-read")) {
                header.readAt(reference, way.equals("all-read"));
            }

            boolean known = header.parse(Line.of(words[4] + " mx1 postfix/smtpd[7]: x"));

            assertEquals(words[3], known ? header.at().toString() : "none", source.name() + ": " + text);
        }
    }
}
