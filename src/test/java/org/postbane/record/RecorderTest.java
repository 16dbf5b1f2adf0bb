package org.postbane.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.correlate.Deed;
import org.postbane.correlate.Deed.Trial;
import org.postbane.correlate.Origin;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;
import org.postbane.model.Subject;

final class RecorderTest {

    private static final Instant START = Instant.parse("2026-11-21T09:00:00Z");

    private final List<String> written = new ArrayList<>();
    private boolean broken;
    private final Recorder recorder = new Recorder(List.of(new RecordSink() {
        @Override
        public void write(List<RecordedMessage> messages) throws IOException {
            if (broken) {
                throw new IOException("no room");
            }
            messages.forEach(message -> written.add("%s %s %s %s %d %s"
                    .formatted(
                            message.origin().client(),
                            message.filter(),
                            message.judgement(),
                            message.points(),
                            message.victims(),
                            message.trap())));
        }

        @Override
        public String toString() {
            return "a list";
        }
    }));

    private static Origin origin(String client, @Nullable String queueId) {
        return new Origin(
                ((Subject.Client) Subject.parse(client)).prefix(),
                null,
                "s@x",
                queueId == null ? null : QueueId.parse(queueId),
                null);
    }

    private static Instant at(double seconds) {
        return START.plusMillis((long) (seconds * 1000));
    }

    private void judged(double at, Origin origin, Judgement judgement, @Nullable Judgement before) {
        recorder.accept(new Deed.Judged(at(at), origin, judgement, before, Trial.SPAM, 12.5, "amavis", false));
    }

    private void victims(double at, Origin origin, int count) {
        recorder.accept(new Deed.Victims(at(at), origin, Judgement.SPAM, count));
    }

    private List<String> at(int seconds) {
        recorder.advance(START.plusSeconds(seconds));
        recorder.write();
        return written;
    }

    @Test
    void victims_inSeveralLots_areOneLine() {
        Origin origin = origin("192.0.2.1", "3064E52EAC1");
        judged(0, origin, Judgement.SPAM, null);
        victims(0, origin, 1);
        victims(3, origin, 4);

        assertEquals(List.of(), at(7));
        assertEquals(List.of("192.0.2.1 amavis SPAM 12.5 5 null"), at(9));
        assertEquals(1, at(60).size());
    }

    @Test
    void judged_clean_isNotRecorded() {
        judged(0, origin("192.0.2.1", "3064E52EAC1"), Judgement.CLEAN, null);

        assertEquals(List.of(), at(60));
    }

    @Test
    void judged_worseThanBefore_isOneLineWithTheLastWord() {
        Origin origin = origin("192.0.2.1", "3064E52EAC1");
        judged(0, origin, Judgement.SPAM, null);
        judged(1, origin, Judgement.VIRUS, Judgement.SPAM);

        assertEquals(List.of("192.0.2.1 amavis VIRUS 12.5 0 null"), at(60));
    }

    @Test
    void judged_sameQueueIdAgain_isTwoLines() {
        Origin origin = origin("192.0.2.1", "3064E52EAC1");
        judged(0, origin, Judgement.SPAM, null);
        victims(0, origin, 2);
        judged(2, origin, Judgement.SPAM, null);
        victims(2, origin, 1);

        assertEquals(List.of("192.0.2.1 amavis SPAM 12.5 2 null", "192.0.2.1 amavis SPAM 12.5 1 null"), at(60));
    }

    @Test
    void trapped_alone_isRecorded() {
        recorder.accept(new Deed.Trapped(at(0.0), origin("192.0.2.1", null), "trap@example.org", Trial.SPAM, false));

        assertEquals(List.of("192.0.2.1  null NaN 0 trap@example.org"), at(60));
    }

    @Test
    void finish_openMessages_areReady() {
        judged(0, origin("192.0.2.1", "3064E52EAC1"), Judgement.SPAM, null);

        recorder.finish();
        recorder.write();

        assertEquals(1, written.size());
    }

    @Test
    void write_failing_triesAgain() {
        broken = true;
        judged(0, origin("192.0.2.1", "3064E52EAC1"), Judgement.SPAM, null);
        assertEquals(List.of(), at(60));
        assertTrue(recorder.hasReady());
        broken = false;

        assertEquals(1, at(61).size());
        assertFalse(recorder.hasReady());
    }

    @Test
    void flood_isBounded() {
        broken = true;
        for (int i = 0; i < 3 * Recorder.MOST_OPEN; i++) {
            judged(0, origin("192.0.2." + i % 250, "%011X".formatted(0x10000000000L + i)), Judgement.SPAM, null);
        }
        recorder.finish();
        broken = false;

        recorder.write();

        assertEquals(Recorder.MOST_READY, written.size());
    }

    @Test
    void recordFile_isAppendedTo_andMadeAgainAfterRotation(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("record.log");
        Recorder toFile = Recorder.of(new RecordSettings(false, Optional.of(file), Optional.empty()), null);
        for (int i = 0; i < 3; i++) {
            toFile.accept(new Deed.Trapped(at(0.0), origin("192.0.2.1", null), "t@example.org", Trial.SPAM, false));
            toFile.finish();
            toFile.write();
            if (i == 1) {
                assertEquals(2, Files.readAllLines(file).size());
                Files.move(file, directory.resolve("record.log.1"));
            }
        }

        assertEquals(1, Files.readAllLines(file).size());
    }
}
