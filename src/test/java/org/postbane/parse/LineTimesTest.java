package org.postbane.parse;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.postbane.source.Line;
import org.postbane.source.LineClock;

class LineTimesTest {

    private static final String BODY = " mx1 postfix/smtpd[7]: x";

    @Test
    void get_knownYear_laterLogsFollowTheFirst() {
        LineTimes times = new LineTimes(ZoneOffset.UTC, Instant.parse("2026-07-01T00:00:00Z"), true);

        assertEquals("2026-11-02T10:00:00Z", time(times.get(), "Nov  2 10:00:00" + BODY));
        assertEquals("2026-11-01T10:00:00Z", time(times.get(), "Nov  1 10:00:00" + BODY));
        assertEquals("2026-12-31T10:00:00Z", time(times.get(), "Dec 31 10:00:00" + BODY));
        assertEquals("2027-01-01T10:00:00Z", time(times.get(), "Jan  1 10:00:00" + BODY));
        assertEquals("2027-06-01T10:00:00Z", time(times.get(), "Jun  1 10:00:00" + BODY));
    }

    @Test
    void get_noYear_allAreNearTheReference() {
        LineTimes times = new LineTimes(ZoneOffset.UTC, Instant.parse("2027-01-02T00:00:00Z"), false);

        assertEquals("2026-12-31T10:00:00Z", time(times.get(), "Dec 31 10:00:00" + BODY));
        assertEquals("2027-01-01T10:00:00Z", time(times.get(), "Jan  1 10:00:00" + BODY));
    }

    @Test
    void second_ownFormsAndNone_areKnown() {
        LineClock clock = new LineTimes(ZoneOffset.UTC, Instant.parse("2026-07-01T00:00:00Z"), false).get();

        assertEquals("2026-11-21T09:31:42Z", time(clock, "2026-11-21 09:31:42 #7106(rspamd_proxy) <a>; x; y: z"));
        assertEquals("2026-11-21T09:31:43Z", time(clock, "2026-11-21 09:31:43 1xUhpw-00003X-23 Completed"));
        assertEquals(LineClock.NONE, clock.second(Line.of("P Received: from x by y; Sat, 21 Nov 2026 09:31:42 +0000")));
    }

    private static String time(LineClock clock, String line) {
        return Instant.ofEpochSecond(clock.second(Line.of(line))).toString();
    }
}
