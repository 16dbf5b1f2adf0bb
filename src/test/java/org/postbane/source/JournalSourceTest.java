package org.postbane.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.source.FileTail.StartAt;
import org.postbane.testing.JournalFiles;

class JournalSourceTest {

    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final Trust TRUST = Trust.of("*/*: user=0,102 comm=program");

    @TempDir
    Path dir;

    private final JournalFiles files = new JournalFiles();
    private final List<String> lines = new ArrayList<>();

    @BeforeEach
    void need() {
        JournalFiles.need();
    }

    private JournalSource source(Optional<Position> stored, StartAt startAt) {
        return JournalSource.open("j", new Input.Journal(Optional.of(dir), TRUST), stored, startAt, () -> {});
    }

    /** Until so many lines were seen in all. */
    private void poll(JournalSource source, int wanted) throws Exception {
        for (int i = 0; i < 100 && lines.size() < wanted; i++) {
            if (!source.poll(line -> lines.add(line.text()), 1, NOW)) {
                Thread.sleep(50);
            }
        }
    }

    @Test
    void poll_forgedEntries_areNoLines() throws Exception {
        files.entry("postfix/smtpd", 102, "smtpd", "A1: client=a[192.0.2.1]");
        files.entry("postfix/smtpd", 1000, "logger", "A1: client=forged[198.51.100.1]");
        files.entry("postfix/smtpd", 1000, "smtpd", "A1: client=forged[198.51.100.2]");
        files.entry("postfix/smtpd", 0, "logger", "A1: client=forged[198.51.100.3]");
        files.entry("x postfix/smtpd[1]:", 102, "smtpd", "A1: client=forged[198.51.100.4]");
        files.entry(
                "postfix/smtpd", 102, "smtpd", "two\nNov 21 10:00:00 mx1 postfix/smtpd[1]: A1: client=x[198.51.100.5]");
        files.entry("postfix/qmgr", 102, "qmgr", "A1: removed");
        files.write(dir.resolve("system.journal"));

        try (JournalSource source = source(Optional.empty(), StartAt.BEGINNING)) {
            poll(source, 3);
        }

        assertEquals(
                List.of(
                        "2026-11-21T10:01:55Z mx1 postfix/smtpd[77]: A1: client=a[192.0.2.1]",
                        "2026-11-21T10:02:00Z mx1 postfix/smtpd[77]: two?Nov 21 10:00:00 mx1 postfix/smtpd[1]: A1: client=x[198.51.100.5]",
                        "2026-11-21T10:02:01Z mx1 postfix/qmgr[77]: A1: removed"),
                lines);
    }

    @Test
    void poll_restartsAndRotations_seeEachLineOnce() throws Exception {
        files.entry("postfix/smtpd", 102, "smtpd", "old");
        Path file = files.write(dir.resolve("system.journal"));
        Position position = end();

        for (int run = 1; run <= 3; run++) { // what comes while nobody reads, after a rotation and a vacuum
            Files.move(file, dir.resolve("system@" + run + ".journal"));
            Files.deleteIfExists(dir.resolve("system@" + (run - 1) + ".journal"));
            files.entry("postfix/smtpd", 102, "smtpd", "run " + run + " one");
            files.entry("postfix/smtpd", 102, "smtpd", "run " + run + " two");
            file = files.write(dir.resolve("system.journal"));
            try (JournalSource source = source(Optional.of(position), StartAt.END)) {
                poll(source, 2 * run);
                position = source.position();
            }
        }

        assertEquals(
                List.of("run 1 one", "run 1 two", "run 2 one", "run 2 two", "run 3 one", "run 3 two"),
                lines.stream()
                        .map(line -> line.substring(line.indexOf("]: ") + 3))
                        .toList());
    }

    /** Where reading begins of a journal that is there. */
    private Position end() throws Exception {
        try (JournalSource source = source(Optional.empty(), StartAt.END)) {
            for (int i = 0; i < 100 && source.position().identity().isEmpty(); i++) {
                source.poll(line -> lines.add(line.text()), 1, NOW);
                Thread.sleep(50);
            }
            return source.position();
        }
    }

    @Test
    void poll_nothingForUsAtFirst_whatComesWhileNobodyReadsIsSeen() throws Exception {
        files.entry("postfix/smtpd", 1000, "logger", "A1: client=forged[198.51.100.1]");
        Path file = files.write(dir.resolve("system.journal"));
        Position position = end();
        Files.move(file, dir.resolve("system@1.journal"));
        files.entry("postfix/smtpd", 102, "smtpd", "one");
        files.write(dir.resolve("system.journal"));

        try (JournalSource source = source(Optional.of(position), StartAt.END)) {
            poll(source, 1);
            position = source.position();
        }
        try (JournalSource source = source(Optional.of(position), StartAt.END)) {
            poll(source, 2); // there is no other
        }

        assertEquals(1, lines.size(), lines::toString);
        assertTrue(lines.get(0).endsWith(": one"), lines.get(0));
    }

    @Test
    void position_ofAnUnreadLine_standsBeforeIt() throws Exception {
        files.entry("postfix/smtpd", 102, "smtpd", "one");
        files.entry("postfix/smtpd", 102, "smtpd", "two");
        files.write(dir.resolve("system.journal"));
        Position between;
        try (JournalSource source = source(Optional.empty(), StartAt.BEGINNING)) {
            poll(source, 1);
            between = source.position();
        }

        try (JournalSource source = source(Optional.of(between), StartAt.END)) {
            poll(source, 2);
        }

        assertEquals(2, lines.size());
        assertTrue(lines.get(1).endsWith(": two"), lines.get(1));
    }

    @Test
    void poll_missingDirectory_saysWhyAndRecovers() throws Exception {
        Files.delete(dir);
        try (JournalSource source = source(Optional.empty(), StartAt.BEGINNING)) {
            IOException why = assertThrows(IOException.class, () -> poll(source, 1));
            assertTrue(String.valueOf(why.getMessage()).contains("No such file"), why::toString);

            Files.createDirectory(dir);
            files.entry("postfix/smtpd", 102, "smtpd", "one");
            files.write(dir.resolve("system.journal"));
            for (int i = 0; i < 100 && lines.isEmpty(); i++) {
                try {
                    poll(source, 1);
                } catch (IOException e) {
                    Thread.sleep(100);
                }
            }
        }
        assertEquals(1, lines.size());
    }
}
