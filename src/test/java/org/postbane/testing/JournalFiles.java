package org.postbane.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;

/** Real journal files, written by {@code systemd-journal-remote} from the export format. */
public final class JournalFiles {

    private static final Path WRITER = Path.of("/lib/systemd/systemd-journal-remote");

    private final Instant begin;
    private final StringBuilder export = new StringBuilder();
    private int second;

    /** Entries from 2026-11-21T10:01:55Z on. */
    public JournalFiles() {
        this(Instant.parse("2026-11-21T10:01:54Z"));
    }

    /** Entries from a second after {@code begin} on; for a daemon, which asks the clock how old an open message is. */
    public JournalFiles(Instant begin) {
        this.begin = begin;
    }

    /** Skips the test where there is no writer. */
    public static void need() {
        Needs.installed(Files.isExecutable(WRITER), "systemd-journal-remote", "systemd-journal-remote");
        Needs.program("journalctl", "systemd");
    }

    /** An entry, a second after the one before it. {@code fields} are {@code NAME=value}, with line ends allowed in values. */
    public JournalFiles entry(String... fields) {
        second++;
        export.append("__REALTIME_TIMESTAMP=")
                .append(ChronoUnit.MICROS.between(Instant.EPOCH, begin.plusSeconds(second)))
                .append('\n');
        export.append("__MONOTONIC_TIMESTAMP=").append(second * 1_000_000L).append('\n');
        export.append("_BOOT_ID=0123456789abcdef0123456789abcdef\n_HOSTNAME=mx1\n_TRANSPORT=syslog\n");
        for (String field : fields) {
            int equals = field.indexOf('=');
            String value = field.substring(equals + 1);
            if (value.indexOf('\n') < 0) {
                export.append(field).append('\n');
            } else { // ASCII here, so that characters are bytes
                export.append(field, 0, equals).append('\n');
                for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
                    export.append((char) (value.length() >>> Math.min(shift, 31) & 0xff));
                }
                export.append(value).append('\n');
            }
        }
        export.append('\n');
        return this;
    }

    /** An entry as journald writes it for a process of {@code uid}. */
    public JournalFiles entry(String program, int uid, String comm, String message) {
        return entry(
                "SYSLOG_IDENTIFIER=" + program, "SYSLOG_PID=77", "_UID=" + uid, "_COMM=" + comm, "MESSAGE=" + message);
    }

    /** Writes the entries since the last time into a new file, which appears complete. */
    public Path write(Path file) throws IOException, InterruptedException {
        Path source = Files.writeString(file.resolveSibling("entries.export"), export);
        Path directory = Files.createDirectories(file.resolveSibling("unfinished"));
        Path unfinished = directory.resolve("f.journal");
        Process process = new ProcessBuilder(WRITER.toString(), "-o", unfinished.toString(), source.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("out").toFile())
                .start();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        assertEquals(0, process.exitValue(), () -> said(directory.resolve("out")));
        Files.move(unfinished, file);
        export.setLength(0);
        return file;
    }

    private static String said(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
