package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.slf4j.LoggerFactory;

class LogActionTest {

    private static final Instant START = Instant.parse("2026-11-21T12:00:00Z");

    private final Logger logger = (Logger) LoggerFactory.getLogger(LogAction.class);
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final LogAction action = new LogAction("log");

    @BeforeEach
    void listen() {
        lines.start();
        logger.addAppender(lines);
        logger.setLevel(Level.INFO);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(lines);
        action.close();
    }

    private static Ban ban(String subject, Duration term, String reason) {
        return new Ban(Bans.subject(subject), "spam", START, START.plus(term), reason);
    }

    private static Decision impose(String subject) {
        return new Decision.Impose(ban(subject, Duration.ofHours(24), "12 victims"));
    }

    private static Decision lift(String subject, Decision.Cause cause) {
        return new Decision.Lift(ban(subject, Duration.ofHours(24), "12 victims"), cause);
    }

    private void assertLines(String... expected) {
        assertEquals(
                List.of(expected),
                lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList());
    }

    @Test
    void apply_anySubject_isOneLineEach() {
        action.apply(List.of(
                impose("203.0.113.7"),
                impose("2001:db8::/64"),
                impose("account:bob@example.org"),
                lift("203.0.113.7", Decision.Cause.EXPIRED),
                lift("account:bob@example.org", Decision.Cause.OPERATOR)));

        assertLines(
                "ban 203.0.113.7 for 24h: 12 victims",
                "ban 2001:db8::/64 for 24h: 12 victims",
                "ban account:bob@example.org for 24h: 12 victims",
                "unban 203.0.113.7: expired",
                "unban account:bob@example.org: by hand");
    }

    @Test
    void apply_sameAgain_writesNothing() {
        action.apply(List.of(impose("203.0.113.7"), impose("203.0.113.7")));
        action.apply(List.of(lift("203.0.113.8", Decision.Cause.ALLOWED)));

        assertLines("ban 203.0.113.7 for 24h: 12 victims");
    }

    @Test
    void reconcile_firstAndLater_tellsNumberThenDifference() {
        action.reconcile(
                List.of(impose("203.0.113.7").ban(), impose("203.0.113.8").ban()));
        action.reconcile(
                List.of(impose("203.0.113.8").ban(), impose("203.0.113.9").ban()));

        assertLines(
                "log: 2 bans in force", "unban 203.0.113.7: no longer in force", "ban 203.0.113.9 for 24h: 12 victims");
    }

    @Test
    void reason_withControlCharacters_staysOnOneLine() {
        action.apply(
                List.of(new Decision.Impose(ban("203.0.113.7", Duration.ofMinutes(10), "a\nban 127.0.0.1\u001b[2J"))));

        assertLines("ban 203.0.113.7 for 10m: a?ban 127.0.0.1?[2J");
    }

    @Test
    void term_isShortestText() {
        assertEquals("24h", LogAction.term(Duration.ofDays(1)));
        assertEquals("2d", LogAction.term(Duration.ofDays(2)));
        assertEquals("13d5h", LogAction.term(Duration.ofHours(13 * 24 + 5).plusMinutes(3)));
        assertEquals("13d", LogAction.term(Duration.ofDays(13).plusMinutes(3)));
        assertEquals("1m30s", LogAction.term(Duration.ofSeconds(90)));
        assertEquals("less than 1s", LogAction.term(Duration.ofMillis(90)));
    }
}
