package org.postbane.parse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postbane.source.Line;
import org.postbane.testing.Filters;

final class UnknownLinesTest {

    private static final Program SMTPD = new Program("mx1", "postfix/smtpd", 7);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "3064E52EAC1: odd thing 17 times | ID: odd thing N times",
                "from host-1.example.net[203.0.113.7]:25 | from NAME[IP]:N",
                "from unknown[2001:db8:bad::4] | from unknown[IP]",
                "from <a b@x> and \"c\" to d@example.org | from <> and \"\" to ADDR",
                "a < b | a < b",
                "12:30:01 at noon | IP at noon",
                "plain-words stay_as they are. | plain-words stay_as they are.",
                "v1.2.3 of x.y.z | NAME of NAME",
                "0.25 4.7.1 | N N",
                "averyveryveryverylongwordwithoutanydigits x | ID x",
            })
    void shape_text_keepsOnlyWhatDoesNotVary(String text, String expected) {
        byte[] out = new byte[UnknownLines.MAX_SHAPE];

        int length = UnknownLines.shape(Line.of(text), out);

        assertEquals(expected, new String(out, 0, length, StandardCharsets.US_ASCII));
    }

    @Test
    void add_sameShape_isCountedOnce() {
        UnknownLines unknown = new UnknownLines();
        for (int i = 0; i < 10; i++) {
            unknown.add(SMTPD, Line.of("odd thing %d from x[192.0.2.%d]".formatted(i, i)));
        }
        unknown.add(new Program("mx1", "postfix/qmgr", 8), Line.of("odd thing 1 from x[192.0.2.1]"));

        assertEquals(
                List.of(
                        new UnknownLines.Shape(
                                "postfix/smtpd", "odd thing N from x[IP]", 10, "odd thing 0 from x[192.0.2.0]"),
                        new UnknownLines.Shape(
                                "postfix/qmgr", "odd thing N from x[IP]", 1, "odd thing 1 from x[192.0.2.1]")),
                unknown.shapes(5));
        assertEquals(Map.of("postfix/smtpd", 10L, "postfix/qmgr", 1L), unknown.byProgram());
        assertEquals(11, unknown.lines());
    }

    @Test
    void add_floodOfShapes_keepsWhatIsFrequent() {
        UnknownLines unknown = new UnknownLines();
        for (int i = 0; i < 200_000; i++) {
            String word = Integer.toString(i, 26)
                    .chars()
                    .mapToObj(c -> String.valueOf((char) (Character.isDigit(c) ? c - '0' + 'p' : c)))
                    .reduce("", String::concat);
            unknown.add(SMTPD, Line.of(word + " x".repeat(500)));
            if (i % 3 == 0) {
                unknown.add(SMTPD, Line.of("what matters " + i));
            }
        }

        UnknownLines.Shape first = unknown.shapes(1).get(0);
        assertEquals("what matters N", first.shape());
        assertEquals(66_667, first.count());
        assertTrue(unknown.shapes(Integer.MAX_VALUE).size() <= UnknownLines.MOST);
        assertEquals(
                unknown.lines(),
                unknown.forgotten()
                        + unknown.shapes(Integer.MAX_VALUE).stream()
                                .mapToLong(UnknownLines.Shape::count)
                                .sum());
    }

    @Test
    void parser_lines_areKnownUnknownUnreadOrHeadless() {
        LogParser parser =
                new LogParser(Filters.MAIL, ZoneOffset.UTC, Instant.parse("2026-11-21T12:00:00Z"), false, event -> {});
        for (String line : List.of(
                "postfix/smtpd[7]: connect from unknown[192.0.2.1]", // states something
                "postfix/smtpd[7]: warning: hostname x.example does not resolve to address 192.0.2.1", // known
                "postfix/master[1]: daemon started -- version 3.7.11, configuration /etc/postfix",
                "postfix/smtpd[7]: message repeated 2 times: [ warning: numeric hostname: 192.0.2.1]",
                "postfix/smtpd[7]: what is this 17",
                "postfix/master[1]: what is this 18",
                "dovecot: what is this",
                "sshd[1]: connection from 192.0.2.1")) {
            parser.accept(Line.of("Nov 21 09:15:23 mx1 " + line));
        }
        parser.accept(Line.of("no header at all"));

        assertEquals(
                Map.of("postfix/smtpd", 1L, "postfix/master", 1L, "dovecot", 1L),
                parser.unknown().byProgram());
        assertEquals(1, parser.unread());
        assertEquals(1, parser.unknown().headless());
    }
}
