package org.postbane.source;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Whole log files, read one after the other as one stream: plain and compressed ones (see {@link Unpacked}), and standard
 * input. The last line of a file is handed on even if it does not end with a newline.
 *
 * <p>Not thread-safe. Memory: one buffer, whatever the files, and what unpacking takes; lines are cut as {@link LineSplitter}
 * says. On an error, what was read before stays handed on and counted.
 */
public final class LogFiles {

    /** The name that stands for standard input. */
    public static final String STANDARD_INPUT = "-";

    private static final int BLOCK = 128 * 1024; // larger ones gain nothing measurable

    private final InputStream standardInput;
    private final LineSplitter splitter = new LineSplitter(BLOCK);
    private final WholeJournal journal = new WholeJournal();

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

    /** Lines handed on so far, of all files. */
    public long lines() {
        return splitter.lines() + journal.lines();
    }

    /** Bytes of those lines with their line ends, uncompressed. */
    public long bytes() {
        return splitter.bytesDone() + journal.bytes();
    }

    /** How many of the lines were longer than 64 KiB, and lost their rest. */
    public long cutLines() {
        return splitter.cutLines();
    }
}
