package org.postbane.parse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.postbane.source.Line;
import org.postbane.testing.Cases;
import org.postbane.testing.Fields;
import org.postbane.testing.Filters;

class RegexParserTest {

    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

    private static final RegexFilter WEBMAIL = filter(
            "webmail",
            RegexFilter.Event.AUTH_FAILURE,
            "^Login failed for <F-USER>[^>]*</F-USER> from <HOST>(?: |$)",
            "test@example\\.org");

    private static final RegexFilter POLICY = filter(
            "policy",
            RegexFilter.Event.SPAM,
            "^<F-QUEUE>[0-9A-Z]+</F-QUEUE>: judged spam, <F-POINTS>\\S+</F-POINTS> points(?:, from \\[<HOST>\\])?$",
            "^$");

    private final List<String> said = new ArrayList<>();
    private final LogParser parser = new LogParser(
            Filters.MAIL.with(List.of(
                    WEBMAIL,
                    POLICY,
                    filter("smtpd", RegexFilter.Event.REJECT, "^odd reject of <HOST>: <F-RCPT>.*</F-RCPT>$", "^$"))),
            ZoneOffset.UTC,
            NOON,
            false,
            event -> said.add(Fields.of((Record) event, Set.of("at", "by"))));

    private static RegexFilter filter(String name, RegexFilter.Event event, String expression, String ignored) {
        return new RegexFilter(
                name,
                Set.of(name),
                event,
                List.of(RegexFilter.expression(expression, event)),
                List.of(RegexFilter.ignored(ignored)));
    }

    private static List<Cases> cases() {
        return Cases.of(RegexParserTest.class, "own-filters.cases");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void parse_lineOfAnOwnFilter_yieldsEvent(Cases one) {
        one.check(line -> events(line.startsWith("[8] ") ? "policy[8]: " + line.substring(4) : "x/webmail: " + line));
    }

    @Test
    void parse_lineOfAKnownProgram_isItsParsersFirst() {
        assertEquals(
                1,
                events("postfix/smtpd[7]: 3064E52EAC1: client=x[203.0.113.7]").size());
        assertEquals(
                List.of("Reject stage=RCPT client=Peer[name=, address=203.0.113.7, port=0] code=550"
                        + " reason=odd reject of 203.0.113.7: u@example.org recipient=u@example.org"),
                events("postfix/smtpd[7]: odd reject of 203.0.113.7: u@example.org"));
        assertEquals(0, parser.unknown().lines());
        assertEquals(List.of(), events("postfix/smtpd[7]: something odd"));
        assertEquals(1, parser.unknown().lines());
    }

    /** Of a kind at which java.util.regex goes on for years. */
    @Test
    void parse_expressionThatCouldBacktrack_takesNoTime() {
        RegexFilter slow = filter("slow", RegexFilter.Event.AUTH_FAILURE, "^(a*)*(a*)*(a*)*b<HOST>", "(x+x+)+y");
        LogParser slowParser =
                new LogParser(Filters.MAIL.with(List.of(slow)), ZoneOffset.UTC, NOON, false, event -> said.add("?"));
        String line = "2026-11-21T09:15:23+00:00 mx1 slow: " + "a".repeat(8000);

        assertTimeout(Duration.ofSeconds(20), () -> slowParser.accept(Line.of(line)));

        assertEquals(List.of(), said);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            from <HOST>              | auth-failure | 'from <HOST>' must begin with ^: what stands further on in a line may be a stranger's text
            ^from x                  | auth-failure | '^from x' has no <HOST>, which auth-failure is about
            ^from <HOST>             | spam         | '^from <HOST>' has no <F-QUEUE>...</F-QUEUE>, which spam is about
            ^(from <HOST>            | reject       | '^(from <HOST>' is no expression of RE2's: missing closing )
            ^(?!x)<HOST>             | reject       | '^(?!x)<HOST>' is no expression of RE2's: invalid or unsupported Perl syntax
            ^(?P<when>.*) <HOST>     | reject       | '^(?P<when>.*) <HOST>' has a group 'when'; known are host, user, queue, sender, rcpt and points
            """)
    void expression_wrongOne_isSaidWhy(String text, String event, String why) {
        IllegalArgumentException fault = assertThrows(
                IllegalArgumentException.class, () -> RegexFilter.expression(text, RegexFilter.Event.of(event)));

        assertEquals(why, fault.getMessage());
    }

    private List<String> events(String body) {
        said.clear();
        parser.accept(Line.of("2026-11-21T09:15:23+00:00 mx1 " + body));
        return List.copyOf(said);
    }
}
