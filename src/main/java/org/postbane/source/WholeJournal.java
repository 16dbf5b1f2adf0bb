package org.postbane.source;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import org.postbane.host.Journal;
import org.postbane.host.JournalEntry;
import org.postbane.host.JournalPlace;
import org.postbane.host.JournalReader;

/**
 * A systemd journal read from its beginning to its end, as one log among others: {@code journal:} (this system's), {@code
 * journal:/var/log/journal} (a directory or a file), or a file whose name ends with {@code .journal}. Lines of writers that are not
 * trusted by the standard rules ({@link Trust}) are passed over. Not thread-safe.
 *
 * <p>Known shortcoming: users are those of this system; the journal of another machine, where Postfix has another number, yields
 * little. {@code journalctl --file F -o short-iso-precise | postbane scan -} reads it, and trusts everybody.
 */
public final class WholeJournal {

    private static final String PREFIX = "journal:";
    private static final String SUFFIX = ".journal";

    private final Line line = new Line();
    private long lines;
    private long bytes;

    /** Whether a word of the command line stands for a journal. */
    public static boolean isNamedBy(String log) {
        return log.startsWith(PREFIX) || log.endsWith(SUFFIX);
    }

    /** The file or directory that the word names; empty for this system's journal. */
    public static String path(String log) {
        return log.startsWith(PREFIX) ? log.substring(PREFIX.length()) : log;
    }

    void read(String log, LineSink sink) throws IOException {
        Trust trust = Trust.standard();
        String path = path(log);
        JournalPlace place =
                new JournalPlace(path.isEmpty() ? null : Path.of(path).toAbsolutePath(), trust.matches());
        JournalLine form = new JournalLine(trust);
        try (JournalReader reader = Journal.open(place).read(null, false)) {
            for (JournalEntry entry = reader.next(Duration.ZERO); entry != null; entry = reader.next(Duration.ZERO)) {
                Inbox.Item item = form.of(entry);
                if (item != null) {
                    lines++;
                    bytes += item.length() + 1;
                    sink.accept(line.set(item.bytes(), 0, item.length()));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted").initCause(e);
        }
    }

    long lines() {
        return lines;
    }

    long bytes() {
        return bytes;
    }
}
