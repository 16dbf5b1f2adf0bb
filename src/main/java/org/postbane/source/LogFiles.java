package org.postbane.source;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.zip.GZIPInputStream;

/**
 * Whole log files, read one after the other as one stream: plain ones, gzipped ones (also of several members, as {@code cat
 * a.gz b.gz} or pigz make them), and standard input. gzip is known by its first bytes, whatever the file is called. The
 * last line of a file is handed on even if it does not end with a newline.
 *
 * <p>Not thread-safe. Memory: one buffer, whatever the files; lines are cut as {@link LineSplitter} says. On an error, what
 * was read before stays handed on and counted.
 *
 * <p>Known shortcomings: what follows a complete gzip member and is no gzip header is taken for the end, as gzip itself does
 * after a warning. zstd is refused.
 */
public final class LogFiles {

    /** The name that stands for standard input. */
    public static final String STANDARD_INPUT = "-";

    private static final int BLOCK = 128 * 1024; // larger ones gain nothing measurable
    private static final int GZIP_BLOCK = 32 * 1024;
    private static final int MAGIC_LENGTH = 4;

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
        try (PushbackInputStream in = new PushbackInputStream(new FileInputStream(file), MAGIC_LENGTH)) {
            byte[] magic = in.readNBytes(MAGIC_LENGTH);
            in.unread(magic);
            if (begins(magic, 0x1f, 0x8b)) {
                try (GZIPInputStream unpacked = new GZIPInputStream(in, GZIP_BLOCK)) {
                    readAll(unpacked, sink);
                }
            } else if (begins(magic, 0x28, 0xb5, 0x2f, 0xfd)) {
                throw new IOException("zstd is not supported; unpack it to standard input");
            } else if (file.endsWith(".gz") && magic.length > 0) {
                throw new IOException("Not in gzip format");
            } else {
                readAll(in, sink);
            }
        }
    }

    private static boolean begins(byte[] bytes, int... wanted) {
        for (int i = 0; i < wanted.length; i++) {
            if (i >= bytes.length || bytes[i] != (byte) wanted[i]) {
                return false;
            }
        }
        return true;
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
