package org.postbane.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Writes JSON as it is printed for scripts: times in ISO 8601 UTC, members that are not known left out unless they are said to
 * be null. Does not close the stream beneath.
 */
final class Json implements AutoCloseable {

    private final JsonGenerator out;

    Json(OutputStream stream) throws IOException {
        out = new JsonFactory().createGenerator(stream);
        out.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
        out.setPrettyPrinter(new MinimalPrettyPrinter("\n"));
    }

    Json begin() throws IOException {
        out.writeStartObject();
        return this;
    }

    Json end() throws IOException {
        out.writeEndObject();
        return this;
    }

    Json beginList(String name) throws IOException {
        out.writeArrayFieldStart(name);
        return this;
    }

    Json endList() throws IOException {
        out.writeEndArray();
        return this;
    }

    Json beginMember(String name) throws IOException {
        out.writeObjectFieldStart(name);
        return this;
    }

    Json member(String name, long value) throws IOException {
        out.writeNumberField(name, value);
        return this;
    }

    Json member(String name, boolean value) throws IOException {
        out.writeBooleanField(name, value);
        return this;
    }

    /** Rounded to three digits after the point; left out if it is no number. */
    Json member(String name, double value) throws IOException {
        if (Double.isFinite(value)) {
            out.writeNumberField(name, Math.round(value * 1000) / 1000.0);
        }
        return this;
    }

    Json member(String name, @Nullable String value) throws IOException {
        if (value != null) {
            out.writeStringField(name, value);
        }
        return this;
    }

    /** Left out if it is null. */
    Json object(String name, @Nullable Object value) throws IOException {
        return member(name, value == null ? null : value.toString());
    }

    Json list(String name, Collection<?> values) throws IOException {
        out.writeArrayFieldStart(name);
        for (Object value : values) {
            out.writeString(value.toString());
        }
        out.writeEndArray();
        return this;
    }

    /** {@code null} for the end of time. */
    Json until(String name, Instant value) throws IOException {
        if (value.equals(Instant.MAX)) {
            out.writeNullField(name);
            return this;
        }
        return member(name, value.toString());
    }

    /** Ends the line. */
    void endLine() throws IOException {
        out.writeRaw('\n');
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
