package org.postbane.source;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * One of several logs that are read in order of time: hands on its lines until another one's turn has come. A line without a
 * stamp goes with the one before it. A regular file is open from its first turn to its end only.
 *
 * <p>Not thread-safe. Memory: one buffer while it is open, and what unpacking takes.
 */
final class TimedLog implements AutoCloseable {

    /** So many lines are looked at for the first stamp. */
    private static final int LOOK = 1000;

    private static final int BLOCK = 64 * 1024;

    private final String name;
    private final InputStream standardInput;
    private final LineClock clock;
    private final Line head = new Line();

    private InputStream in = InputStream.nullInputStream();
    private @Nullable LineSplitter splitter;
    private final LineSink keep;
    private boolean hasHead;
    private boolean ended;
    private long second = LineClock.NONE;

    /**
     * @param name a path, or {@link LogFiles#STANDARD_INPUT}
     * @throws IOException of opening or reading
     */
    TimedLog(String name, InputStream standardInput, LineClock clock) throws IOException {
        this.name = name;
        this.standardInput = standardInput;
        this.clock = clock;
        this.keep = line -> head.set(line.bytes(), line.start(), line.end());
        if (!name.equals(LogFiles.STANDARD_INPUT) && Files.isRegularFile(Path.of(name))) {
            findFirstStamp();
        } else {
            advance();
        }
    }

    /** A line before the first stamp goes with it. */
    private void findFirstStamp() throws IOException {
        try {
            int left = LOOK;
            while (left > 0 && second == LineClock.NONE && advance()) {
                left--;
            }
        } finally {
            close();
        }
        splitter = null;
        hasHead = false;
        ended = false;
    }

    private LineSplitter open() throws IOException {
        if (name.equals(LogFiles.STANDARD_INPUT)) {
            in = standardInput;
        } else {
            FileInputStream plain = new FileInputStream(name);
            in = plain; // closed also if it is not what its name says
            in = Unpacked.of(name, plain);
        }
        return new LineSplitter(BLOCK);
    }

    /** Reads the next line; false if there is none. */
    private boolean next() throws IOException {
        if (splitter == null) {
            splitter = open();
        }
        LineSplitter lines = splitter;
        while (lines.drain(keep, 1) == 0) {
            if (lines.fill(in::read) <= 0) {
                long before = lines.lines();
                lines.finish(keep);
                hasHead = lines.lines() > before;
                ended = true;
                return hasHead;
            }
        }
        hasHead = true;
        return true;
    }

    /** The time of its next line; {@link LineClock#NONE} before the first stamp. */
    long second() {
        return second;
    }

    /**
     * Hands on lines that are of {@code until} or earlier.
     *
     * @return whether there are more
     */
    boolean handOn(long until, LineSink sink) throws IOException {
        if (!hasHead && !ended && !advance()) {
            return false;
        }
        while (hasHead && second <= until) {
            sink.accept(head);
            hasHead = false;
            if (ended || !advance()) {
                return false;
            }
        }
        return hasHead;
    }

    private boolean advance() throws IOException {
        if (!next()) {
            return false;
        }
        long stamp = clock.second(head);
        if (stamp != LineClock.NONE) {
            second = stamp;
        }
        return true;
    }

    /** What it has read; null before its first turn. */
    @Nullable
    LineSplitter splitter() {
        return splitter;
    }

    @Override
    public void close() throws IOException {
        if (in != standardInput) {
            in.close();
        }
    }
}
