package org.postbane.correlate;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;

/** Reads what {@link RowWriter} wrote. A row that was cut is our bug or a damaged disk, and ends the process. */
final class RowReader {

    private final DataInputStream in;

    RowReader(byte[] row) {
        in = new DataInputStream(new ByteArrayInputStream(row));
    }

    private interface Read<T> {
        T run() throws IOException;
    }

    private static <T> T unchecked(Read<T> read) {
        try {
            return read.run();
        } catch (IOException e) {
            throw new UncheckedIOException("a row of the open messages is cut short", e);
        }
    }

    long number() {
        return unchecked(in::readLong);
    }

    double decimal() {
        return unchecked(in::readDouble);
    }

    boolean flag() {
        return unchecked(in::readBoolean);
    }

    @Nullable
    String text() {
        int length = unchecked(in::readInt);
        return length < 0 ? null : new String(unchecked(() -> in.readNBytes(length)), StandardCharsets.UTF_8);
    }

    /** A text of which is known that it is there. */
    String someText() {
        return Objects.requireNonNull(text());
    }

    @Nullable
    Set<String> texts() {
        long size = number();
        if (size < 0) {
            return null;
        }
        Set<String> texts = new HashSet<>();
        for (long i = 0; i < size; i++) {
            texts.add(someText());
        }
        return texts;
    }

    @Nullable
    Instant time() {
        return flag() ? Instant.ofEpochSecond(number(), number()) : null;
    }

    @Nullable
    IpPrefix address() {
        return flag() ? new IpPrefix(number(), number(), 128) : null;
    }
}
