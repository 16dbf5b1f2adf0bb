package org.postbane.host;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Takes the journal's export format (systemd.io/JOURNAL_EXPORT_FORMATS) piece by piece and hands on entries.
 *
 * <pre>
 * FIELD=text\n                             text without control characters
 * FIELD\n  8 bytes length, low first  data \n
 * \n                                       the end of an entry
 * </pre>
 *
 * <p>One thread. Memory: the fields that are wanted of one entry, cut at their limits, whatever comes. What is no such
 * format yields no entries.
 */
final class JournalExport extends OutputStream {

    private static final int MAX_NAME = 256;

    private enum State {
        NAME,
        TEXT,
        LENGTH,
        DATA,
        DATA_END
    }

    private final JournalFields fields = new JournalFields();
    private final Consumer<JournalEntry> out;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private State state = State.NAME;
    private String name = "";
    private int most;
    private long left;
    private int lengthBytes;

    /** @param out may block */
    JournalExport(Consumer<JournalEntry> out) {
        this.out = out;
    }

    @Override
    public void write(byte[] block, int offset, int length) {
        for (int i = offset; i < offset + length; i++) {
            write(block[i]);
        }
    }

    @Override
    public void write(int b) {
        switch (state) {
            case NAME -> name(b);
            case TEXT -> {
                if (b == '\n') {
                    complete();
                } else {
                    keep(b);
                }
            }
            case LENGTH -> {
                left |= (b & 0xffL) << 8 * lengthBytes;
                lengthBytes++;
                if (lengthBytes == Long.BYTES) {
                    state = left > 0 ? State.DATA : State.DATA_END;
                }
            }
            case DATA -> {
                keep(b);
                left--;
                state = left == 0 ? State.DATA_END : State.DATA;
            }
            case DATA_END -> complete();
        }
    }

    private void name(int b) {
        if (b == '=') {
            begin(State.TEXT);
        } else if (b != '\n') {
            if (bytes.size() < MAX_NAME) {
                bytes.write(b);
            }
        } else if (bytes.size() > 0) {
            begin(State.LENGTH);
            left = 0;
            lengthBytes = 0;
        } else {
            JournalEntry entry = fields.take();
            if (entry != null) {
                out.accept(entry);
            }
        }
    }

    private void begin(State value) {
        name = bytes.toString(StandardCharsets.US_ASCII);
        most = JournalFields.most(name);
        bytes.reset();
        state = value;
    }

    private void keep(int b) {
        if (bytes.size() < most) {
            bytes.write(b);
        }
    }

    private void complete() {
        if (most > 0) {
            fields.put(name, bytes.toByteArray());
        }
        bytes.reset();
        state = State.NAME;
    }
}
