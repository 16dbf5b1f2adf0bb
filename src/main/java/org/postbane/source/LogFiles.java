package org.postbane.source;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Supplier;

/**
 * Whole log files, read one after the other as one stream, or several at once in order of time: plain and compressed ones (see {@link Unpacked}), and standard
 * input. The last line of a file is handed on even if it does not end with a newline.
 *
 * <p>Not thread-safe. Memory: one buffer, whatever the files, and what unpacking takes; of several at once, for each whose time it
 * is; lines are cut as {@link LineSplitter}
 * says. On an error, what was read before stays handed on and counted.
 */
public final class LogFiles {

    /** The name that stands for standard input. */
    public static final String STANDARD_INPUT = "-";

    private static final int BLOCK = 128 * 1024; // larger ones gain nothing measurable

    private final InputStream standardInput;
    private final LineSplitter splitter = new LineSplitter(BLOCK);
    private final WholeJournal journal = new WholeJournal();
    private long lines; // of files read together
    private long bytes;
    private long cutLines;

    /** @param standardInput what {@code -} reads; plain text, never closed */
    public LogFiles(InputStream standardInput) {
        this.standardInput = standardInput;
    }

    /**
     * Hands on every line of a file.
     *
     * @param file a path, or {@link #STANDARD_INPUT}, or a journal, see {@link WholeJournal}
     * @throws IOException with a message for people, {@code file: why}
     */
    public void read(String file, LineSink sink) throws IOException {
        splitter.forget();
        try {
            if (WholeJournal.isNamedBy(file)) {
                journal.read(file, sink);
            } else if (file.equals(STANDARD_INPUT)) {
                readAll(standardInput, sink);
            } else {
                readFile(file, sink);
            }
        } catch (IOException e) {
            throw FileFault.of(file.equals(STANDARD_INPUT) ? "standard input" : file, e);
        }
    }

    private void readFile(String file, LineSink sink) throws IOException {
        // FileInputStream and FileChannel cost the same here, but only the former reads pipes (/dev/fd/63) in every way
        try (FileInputStream plain = new FileInputStream(file);
                InputStream in = Unpacked.of(file, plain)) {
            readAll(in, sink);
        }
    }

    private void readAll(InputStream in, LineSink sink) throws IOException {
        while (splitter.fill(in::read) > 0) {
            splitter.drain(sink, Integer.MAX_VALUE);
        }
        splitter.finish(sink);
    }

    /**
     * Hands on every line of several files in order of the seconds that stand on them, and, of one second, in the order of the
     * files: so that programs with logs of their own are heard together. Files that follow one another, as rotated ones do, are read
     * one after the other. Journals are not joined: where there is one, all are read in the order given.
     *
     * <p>Known shortcoming: of a file that says it is of the future, all that stands behind is read when the others are at their end.
     *
     * @param clocks gives the clock of the next file
     * @throws IOException with a message for people, {@code file: why}
     */
    public void readTogether(List<String> files, Supplier<LineClock> clocks, LineSink sink) throws IOException {
        if (files.size() == 1 || files.stream().anyMatch(WholeJournal::isNamedBy)) {
            for (String file : files) {
                read(file, sink);
            }
            return;
        }
        record Turn(TimedLog log, String file, int number) {}
        PriorityQueue<Turn> turns = new PriorityQueue<>(
                Comparator.comparingLong((Turn turn) -> turn.log().second()).thenComparingInt(Turn::number));
        String file = "";
        try {
            for (int i = 0; i < files.size(); i++) {
                file = files.get(i);
                turns.add(new Turn(new TimedLog(file, standardInput, clocks.get()), file, i));
            }
            while (!turns.isEmpty()) {
                Turn turn = turns.remove();
                Turn next = turns.peek();
                file = turn.file();
                long until =
                        next == null ? Long.MAX_VALUE : next.log().second() - (turn.number() < next.number() ? 0 : 1);
                if (turn.log().handOn(until, sink)) {
                    turns.add(turn);
                } else {
                    turn.log().close();
                    count(turn.log());
                }
            }
        } catch (IOException e) {
            throw FileFault.of(file.equals(STANDARD_INPUT) ? "standard input" : file, e);
        } finally {
            for (Turn turn : turns) {
                turn.log().close();
            }
        }
    }

    private void count(TimedLog log) {
        LineSplitter read = log.splitter();
        if (read != null) {
            lines += read.lines();
            bytes += read.bytesDone();
            cutLines += read.cutLines();
        }
    }

    /** Lines handed on so far, of all files. */
    public long lines() {
        return lines + splitter.lines() + journal.lines();
    }

    /** Bytes of those lines with their line ends, uncompressed. */
    public long bytes() {
        return bytes + splitter.bytesDone() + journal.bytes();
    }

    /** How many of the lines were longer than 64 KiB, and lost their rest. */
    public long cutLines() {
        return cutLines + splitter.cutLines();
    }
}
