package org.postbane.correlate;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;

/** Writes values one after the other into the bytes of a row; {@link RowReader} reads them in the same order. */
final class RowWriter {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    private final DataOutputStream out = new DataOutputStream(bytes);

    private interface Write {
        void run() throws IOException;
    }

    private static void unchecked(Write write) {
        try {
            write.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail
        }
    }

    void number(long value) {
        unchecked(() -> out.writeLong(value));
    }

    void decimal(double value) {
        unchecked(() -> out.writeDouble(value));
    }

    void flag(boolean value) {
        unchecked(() -> out.writeBoolean(value));
    }

    void text(@Nullable String value) {
        byte[] utf8 = value == null ? null : value.getBytes(StandardCharsets.UTF_8);
        unchecked(() -> out.writeInt(utf8 == null ? -1 : utf8.length));
        if (utf8 != null) {
            unchecked(() -> out.write(utf8));
        }
    }

    void texts(@Nullable Collection<String> values) {
        number(values == null ? -1 : values.size());
        if (values != null) {
            values.forEach(this::text);
        }
    }

    void time(@Nullable Instant value) {
        flag(value != null);
        if (value != null) {
            number(value.getEpochSecond());
            number(value.getNano());
        }
    }

    void address(@Nullable IpPrefix value) {
        flag(value != null);
        if (value != null) {
            number(value.high());
            number(value.low());
        }
    }

    byte[] toBytes() {
        return bytes.toByteArray();
    }
}
