package org.postbane.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.postbane.correlate.Origin;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;
import org.postbane.model.Subject;

final class RecordLineTest {

    private static final Instant AT = Instant.parse("2026-11-21T09:15:23Z");
    private static final Pattern FORM = Pattern.compile("record time=2026-11-21T09:15:23Z client=203\\.0\\.113\\.7"
            + " account=\\S* sender=\\S* message-id=\\S* queue-id=3064E52EAC1 filter=\\S* verdict=spam points=12\\.5 victims=3"
            + " trap=\\S*");

    private static RecordedMessage message(
            @Nullable String account, String sender, String messageId, @Nullable String trap) {
        Origin origin = new Origin(
                ((Subject.Client) Subject.parse("203.0.113.7")).prefix(),
                account,
                sender,
                QueueId.parse("3064E52EAC1"),
                messageId);
        return new RecordedMessage(AT, AT, origin, "amavis", Judgement.SPAM, 12.5, 3, List.of(), trap);
    }

    @Test
    void of_message_isOneLineWithAllKeys() {
        String line = RecordLine.of(message(null, "s@x.example", "<a@x.example>", null));

        assertEquals(
                "record time=2026-11-21T09:15:23Z client=203.0.113.7 account=- sender=s@x.example message-id=<a@x.example>"
                        + " queue-id=3064E52EAC1 filter=amavis verdict=spam points=12.5 victims=3 trap=-",
                line);
    }

    @Test
    void of_trapOnly_hasNoFilterAndNoPoints() {
        Origin origin = Origin.of(((Subject.Client) Subject.parse("2001:db8::1")).prefix(), null, "");

        String line = RecordLine.of(
                new RecordedMessage(AT, AT, origin, "", null, Double.NaN, 0, List.of(), "trap@example.org"));

        assertEquals(
                "record time=2026-11-21T09:15:23Z client=2001:db8::1 account=- sender= message-id=- queue-id=- filter=-"
                        + " verdict=trap points=- victims=0 trap=trap@example.org",
                line);
    }

    @Test
    void of_hostileText_isEscaped() {
        String line = RecordLine.of(
                message("-", "a b\"@x client=192.0.2.1\nrecord time=1", "<\u202e%\u00e4=\\\u0000>", "t\r\t@x"));

        assertTrue(line.contains(" account=%2D "), line);
        assertTrue(line.contains(" sender=a%20b%22@x%20client%3D192.0.2.1%0Arecord%20time%3D1 "), line);
        assertTrue(line.contains(" message-id=<%E2%80%AE%25%C3%A4%3D%5C%00> "), line);
        assertTrue(line.endsWith(" trap=t%0D%09@x"), line);
    }

    @Test
    void of_longText_isCutBetweenEscapes() {
        String line = RecordLine.of(message(null, "x".repeat(10_000), "\u00e4".repeat(10_000), null));

        assertTrue(line.contains(" sender=" + "x".repeat(RecordLine.MAX_VALUE) + "%+ "), line);
        assertTrue(line.contains(" message-id=" + "%C3%A4".repeat(41) + "%C3%+ "), line);
    }

    @Test
    void of_anyText_forgesNoFieldAndNoLine() {
        Random random = new Random(7);
        List<String> pieces = List.of(
                " ", "\n", "\r", "=", "%", "\"", "client=192.0.2.1", " victims=9", "\u2028", "\ud800", "-", "%+", "a");

        for (int round = 0; round < 2000; round++) {
            String[] texts = new String[4];
            for (int i = 0; i < texts.length; i++) {
                StringBuilder text = new StringBuilder();
                for (int n = random.nextInt(120); n > 0; n--) {
                    text.append(pieces.get(random.nextInt(pieces.size())));
                }
                texts[i] = text.toString();
            }

            String line = RecordLine.of(message(texts[0], texts[1], texts[2], texts[3]));

            assertTrue(FORM.matcher(line).matches(), line);
            assertEquals(11, line.chars().filter(c -> c == '=').count(), line);
            assertEquals(11, line.chars().filter(c -> c == ' ').count(), line);
            assertTrue(line.length() < 4 * (RecordLine.MAX_VALUE + 2) + 250, line);
        }
    }
}
