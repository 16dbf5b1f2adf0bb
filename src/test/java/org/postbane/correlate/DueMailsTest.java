package org.postbane.correlate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.ArrayDeque;
import org.junit.jupiter.api.Test;

final class DueMailsTest {

    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

    @Test
    void add_ofAFloodThatIsGivenUpSoon_keepsAboutWhatIsOpen() {
        DueMails due = new DueMails();
        ArrayDeque<Mail> open = new ArrayDeque<>();
        int most = 0;

        for (int i = 0; i < 100_000; i++) {
            Mail mail = new Mail(i, Mail.NO_ID, NOON, new Room());
            open.add(mail);
            due.add(mail, NOON.plusSeconds(30));
            if (open.size() > 1000) {
                open.remove().dropped = true;
            }
            most = Math.max(most, due.size());
        }

        assertTrue(most <= 2200, most + " are kept of 1000");
    }

    @Test
    void remove_afterManyCameAndWent_givesTheSoonestThatIsOpen() {
        DueMails due = new DueMails();
        Mail first = new Mail(1, Mail.NO_ID, NOON, new Room());
        due.add(first, NOON);
        for (int i = 2; i < 2000; i++) {
            Mail mail = new Mail(i, Mail.NO_ID, NOON, new Room());
            due.add(mail, NOON.plusSeconds(i));
            mail.dropped = true;
        }

        assertEquals(first, due.remove().mail());
    }
}
