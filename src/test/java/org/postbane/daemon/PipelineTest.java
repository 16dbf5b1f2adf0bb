package org.postbane.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.postbane.config.ConfigException;
import org.postbane.config.ConfigReader;
import org.postbane.config.Configuration;
import org.postbane.decide.GuardedException;
import org.postbane.model.Subject;
import org.postbane.parse.LogParser;
import org.postbane.score.Tally;
import org.postbane.source.Line;
import org.postbane.store.MemoryStore;

class PipelineTest {

    private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

    private final Configuration configuration = ConfigReader.builtIn();
    private final Pipeline pipeline = new Pipeline(
            configuration, configuration.traps(), new MemoryStore(), false, List.of(), new Tally(), decision -> {});
    private final LogParser parser = pipeline.parser(ZoneOffset.UTC, NOON, false);

    PipelineTest() throws ConfigException {}

    private void read(Instant at, String... bodies) {
        Line line = new Line();
        for (String body : bodies) {
            byte[] text = (at + " mx1 postfix/" + body).getBytes(StandardCharsets.UTF_8);
            line.set(text, 0, text.length);
            parser.accept(line);
        }
    }

    private void messages(Instant first) {
        for (int i = 0; i < 100; i++) {
            String id = "4F%09X".formatted(i);
            read(
                    first.plusSeconds(i),
                    "smtpd[1]: %s: client=unknown[192.0.2.7]".formatted(id),
                    "qmgr[2]: %s: removed".formatted(id));
        }
    }

    @Test
    void accept_backlogAtFirst_linesTellTheTime() {
        messages(NOON.minusSeconds(3600));

        assertFalse(pipeline.isAhead());
        assertTrue(pipeline.correlator().open() < 20, "forgotten on the way");
    }

    @Test
    void accept_backlogAfterAnIdleMoment_isForgottenByTheClock() {
        pipeline.tick(NOON);
        messages(NOON.minusSeconds(3600));

        assertTrue(pipeline.isAhead());
        pipeline.clock(NOON.plusSeconds(20));
        assertEquals(0, pipeline.correlator().open());
    }

    @Test
    void accept_linesLateByALittle_noneIsAhead() {
        pipeline.tick(NOON);
        read(NOON.minusSeconds(20), "smtpd[1]: 4F0123456789: client=unknown[192.0.2.7]");

        assertFalse(pipeline.isAhead());
    }

    @Test
    void accept_backlogAfterAnIdleMoment_bansEndByItsLines() throws GuardedException {
        pipeline.tick(NOON);
        Instant then = NOON.minusSeconds(7200);
        read(then, "smtpd[1]: connect from unknown[192.0.2.7]");
        Subject client = Subject.parse("192.0.2.8");
        pipeline.judge().ban(client, then.plusSeconds(3600), "spam", "a test", then);

        pipeline.clock(NOON.plusSeconds(1));
        read(then.plusSeconds(3000), "smtpd[1]: connect from unknown[192.0.2.7]");
        assertEquals(1, pipeline.judge().count());

        read(then.plusSeconds(3700), "smtpd[1]: connect from unknown[192.0.2.7]");
        assertEquals(0, pipeline.judge().count());
    }

    @Test
    void clock_setBack_nothingIsWaitedForTillTheWrongTime() {
        pipeline.tick(NOON.plusSeconds(86_400));
        messages(NOON);

        pipeline.clock(NOON.plusSeconds(100));

        assertEquals(0, pipeline.correlator().open());
    }
}
