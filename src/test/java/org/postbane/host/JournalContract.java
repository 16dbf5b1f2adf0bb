package org.postbane.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.testing.JournalFiles;

/** What every way to read the journal promises, on real journal files. */
abstract class JournalContract {

    private static final Duration SOON = Duration.ofSeconds(10);

    @TempDir
    Path dir;

    private final JournalFiles files = new JournalFiles();

    abstract Journal journal(JournalPlace place);

    @BeforeEach
    void need() {
        JournalFiles.need();
    }

    private Journal journal(Path path) {
        return journal(new JournalPlace(path, List.of()));
    }

    private Path fileOf(String name, String... messages) throws Exception {
        for (String message : messages) {
            files.entry("postfix/smtpd", 102, "smtpd", message);
        }
        return files.write(dir.resolve(name));
    }

    static List<JournalEntry> all(JournalReader reader) throws IOException, InterruptedException {
        List<JournalEntry> entries = new ArrayList<>();
        try (reader) {
            for (JournalEntry entry = reader.next(SOON); entry != null; entry = reader.next(SOON)) {
                entries.add(entry);
            }
        }
        return entries;
    }

    private static List<String> messages(List<JournalEntry> entries) {
        return entries.stream().map(JournalContract::message).toList();
    }

    private static String message(JournalEntry entry) {
        return new String(entry.message(), StandardCharsets.UTF_8);
    }

    @Test
    void read_wholeFile_yieldsAllFields() throws Exception {
        files.entry(
                "SYSLOG_IDENTIFIER=postfix/smtpd",
                "SYSLOG_PID=2820",
                "_PID=9",
                "_UID=102",
                "_COMM=smtpd",
                "_SYSTEMD_UNIT=postfix@-.service",
                "_SOURCE_REALTIME_TIMESTAMP=1795255314871828",
                "OTHER=" + "x".repeat(5000),
                "MESSAGE=two\nlines");
        files.entry("MESSAGE=", "_PID=9");
        Path file = files.write(dir.resolve("a.journal"));

        List<JournalEntry> entries = all(journal(file).read(null, false));

        assertEquals(2, entries.size());
        JournalEntry first = entries.get(0);
        assertEquals(1_795_255_314_871_828L, first.micros());
        assertEquals(List.of("mx1", "postfix/smtpd"), List.of(first.host(), first.program()));
        assertEquals(List.of("smtpd", "postfix@-.service"), List.of(first.comm(), first.unit()));
        assertEquals(List.of(2820L, 102L), List.of((long) first.pid(), first.uid()));
        assertEquals("two\nlines", message(first));
        JournalEntry second = entries.get(1);
        assertEquals(List.of(9L, -1L), List.of((long) second.pid(), second.uid()));
        assertNull(second.program());
        assertNull(second.comm());
        assertEquals(1_795_255_316_000_000L, second.micros());
    }

    @Test
    void read_longMessage_isCut() throws Exception {
        Path file = fileOf("a.journal", "y".repeat(100_000), "next");

        List<String> messages = messages(all(journal(file).read(null, false)));

        assertEquals(List.of("y".repeat(JournalEntry.MAX_MESSAGE), "next"), messages);
    }

    @Test
    void read_afterCursor_goesOnBehindIt() throws Exception {
        Path file = fileOf("a.journal", "one", "two", "three");
        String cursor = all(journal(file).read(null, false)).get(1).cursor();

        List<String> messages = messages(all(journal(file).read(cursor, false)));

        assertEquals(List.of("three"), messages);
    }

    @Test
    void read_matches_siftsByUserOrUnit() throws Exception {
        files.entry("postfix/smtpd", 102, "smtpd", "one");
        files.entry("postfix/smtpd", 1000, "logger", "two");
        files.entry("SYSLOG_IDENTIFIER=spamd", "_UID=1000", "_SYSTEMD_UNIT=spamd.service", "MESSAGE=three");
        files.entry("postfix/local", 0, "local", "four");
        Path file = files.write(dir.resolve("a.journal"));
        List<List<String>> matches = List.of(List.of("_SYSTEMD_UNIT=spamd.service"), List.of("_UID=0", "_UID=102"));

        List<String> messages =
                messages(all(journal(new JournalPlace(file, matches)).read(null, false)));

        assertEquals(List.of("one", "three", "four"), messages);
    }

    @Test
    void lastCursor_isThatOfTheLastEntry_alsoOfOneThatDoesNotMatch() throws Exception {
        Path file = fileOf("a.journal", "one", "two");

        Optional<String> last = journal(file).lastCursor();
        Optional<String> other =
                journal(new JournalPlace(file, List.of(List.of("_UID=4711")))).lastCursor();

        assertTrue(last.isPresent());
        assertEquals(List.of(), all(journal(file).read(last.get(), false)));
        assertEquals(last, other);
    }

    @Test
    void read_cursorOfAVacuumedEntry_losesNothing() throws Exception {
        Path old = fileOf("old.journal", "one", "two");
        fileOf("new.journal", "three", "four");
        String cursor = all(journal(dir).read(null, false)).get(1).cursor();
        Files.delete(old);

        List<String> messages = messages(all(journal(dir).read(cursor, false)));

        assertEquals(List.of("three", "four"), messages);
    }

    @Test
    void follow_overRotationAndVacuum_seesEachEntryOnce() throws Exception {
        Path first = fileOf("system.journal", "one");
        try (JournalReader reader = journal(dir).read(null, true)) {
            List<String> seen = new ArrayList<>();
            seen.add(await(reader));
            Path rotated = Files.move(first, dir.resolve("system@rotated.journal"));
            Path second = fileOf("system.journal", "two");
            seen.add(await(reader));
            Files.delete(rotated);
            Files.move(second, dir.resolve("system@rotated2.journal"));
            fileOf("system.journal", "three");
            seen.add(await(reader));

            assertEquals(List.of("one", "two", "three"), seen);
            assertNull(reader.next(Duration.ofMillis(300)));
        }
    }

    private static String await(JournalReader reader) throws IOException, InterruptedException {
        for (int i = 0; i < 100; i++) {
            JournalEntry entry = reader.next(Duration.ofMillis(200));
            if (entry != null) {
                return message(entry);
            }
        }
        return "nothing came";
    }

    @Test
    void read_missingOrForeignFile_saysWhy() throws Exception {
        Path missing = dir.resolve("missing.journal");

        IOException why =
                assertThrows(IOException.class, () -> all(journal(missing).read(null, false)));

        assertTrue(String.valueOf(why.getMessage()).contains("No such file"), why::toString);
    }
}
