package org.postbane.source;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/**
 * What one section {@code [source NAME]} reads: it hands on lines on the pipeline thread, and says up to where it did so.
 * Not thread-safe.
 */
public interface LineSource extends AutoCloseable {

    /** Of the section. */
    String name();

    /** What is read, for people: a path, an address. */
    String place();

    /**
     * Hands on what is there now, without waiting.
     *
     * @param most lines at once; above 0
     * @param now the time, for what has to wait or to end
     * @return whether there may be more to read at once
     * @throws IOException with a message for people; the call may be repeated
     */
    boolean poll(LineSink sink, int most, Instant now) throws IOException;

    /** Up to where lines were handed on, so that a later run goes on behind them. */
    Position position();

    /** Bytes that are there but were not handed on, as far as that can be known. */
    long backlog() throws IOException;

    /** What it waits for, for people ({@code there is no /var/log/mail.log}); empty if it reads. As the last look has found it. */
    default Optional<String> waitsFor() {
        return Optional.empty();
    }

    /** Whether lines that are not taken stay where they are; else a source that is not polled loses them. */
    default boolean canWait() {
        return true;
    }

    @Override
    void close() throws IOException;
}
