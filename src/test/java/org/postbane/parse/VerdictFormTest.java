package org.postbane.parse;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.postbane.source.Line;
import org.postbane.testing.Filters;

/** Verdicts in a form of the administrator's own: counted as unknown, and said. */
class VerdictFormTest {

    private static final String AMAVIS = "amavis's verdicts are not understood: its $log_templ is not the default one";

    private static final String DEFAULT = "amavis[2662]: (02662-01) Passed CLEAN {RelayedInbound}, [203.0.113.1]:31087"
            + " [203.0.113.1] <s@x.example> -> <r@x.example>, Queue-ID: 3064E52EAC1, Message-ID: <m>, mail_id: lPGJ,"
            + " Hits: 1.3, size: 871, queued_as: 2C98E52EC11, 947 ms";

    private final List<LogEvent> said = new ArrayList<>();
    private final LogParser parser =
            new LogParser(Filters.MAIL, ZoneOffset.UTC, Instant.parse("2026-11-21T12:00:00Z"), false, said::add);

    /** As amavis 2.11 and later print it where $log_templ is the macro report_json, and as it was up to 2.6 with fields of one's own. */
    @Test
    void complaints_amavisJsonOrOldTemplate_isSaid() {
        parse(
                "amavis[2662]: (02662-01) {\"@timestamp\":\"2026-11-21T09:15:23.318Z\",\"action\":[\"PASS\"],\"client_ip\":\"203.0.113.1\","
                        + "\"mail_id\":\"lPGJ\",\"score\":7.1}");
        parse("amavis[2662]: (02662-02) Passed: <s@x.example> -> <r@x.example>, Hits: 7.1");
        assertEquals(List.of(), parser.complaints());

        parse("amavis[2662]: (02662-03) verdict=SPAM client=203.0.113.1 mail_id=lPGJ");

        assertEquals(List.of(AMAVIS), parser.complaints());
        assertEquals(List.of(), said);
        assertEquals(3, parser.unknown().lines());
    }

    @Test
    void complaints_mostInTheDefaultForm_areNone() {
        for (int i = 0; i < 4; i++) {
            parse(DEFAULT);
        }
        for (int i = 0; i < 3; i++) {
            parse("amavis[2662]: (02662-02) Passed: <s@x.example> -> <r@x.example>, Hits: 7.1");
        }

        assertEquals(List.of(), parser.complaints());
        assertEquals(4, said.size());
    }

    @Test
    void complaints_rspamdsOwnFormat_isSaidOfFileAndSyslog() {
        String text = "<17eed9>; proxy; rspamd_task_write_log: 203.0.113.1 3064E52EAC1 reject";

        parse("rspamd[7322]: " + text);
        parse("rspamd[7322]: " + text);
        parser.accept(Line.of("2026-11-21 09:15:23 #7101(rspamd_proxy) " + text));

        assertEquals(
                List.of("rspamd's verdicts are not understood: its log_format is not the default one"),
                parser.complaints());
        assertEquals(3, parser.unknown().lines());
    }

    private void parse(String body) {
        parser.accept(Line.of("2026-11-21T09:15:23+00:00 mx1 " + body));
    }
}
