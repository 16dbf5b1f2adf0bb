package org.postbane.host;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The fields of the entry at hand, until it is complete. Of a field that comes twice, the first one counts. */
final class JournalFields {

    static final String CURSOR = "__CURSOR";
    static final String REALTIME = "__REALTIME_TIMESTAMP";
    private static final String SOURCE_REALTIME = "_SOURCE_REALTIME_TIMESTAMP";
    private static final String MESSAGE = "MESSAGE";

    /** The fields that are asked for; cursor and time come beside them. */
    static final List<String> WANTED = List.of(
            MESSAGE,
            "SYSLOG_IDENTIFIER",
            "SYSLOG_PID",
            "_PID",
            "_UID",
            "_COMM",
            "_SYSTEMD_UNIT",
            "_HOSTNAME",
            SOURCE_REALTIME);

    private static final int MAX_TEXT = 1024; // of fields other than the message

    private final byte[] @Nullable [] values = new byte[WANTED.size()][];
    private @Nullable String cursor;
    private long realtime;

    /** Bytes of the field that are wanted at most; 0 for one that is not. */
    static int most(String field) {
        if (field.equals(MESSAGE)) {
            return JournalEntry.MAX_MESSAGE;
        }
        return WANTED.contains(field) || field.equals(CURSOR) || field.equals(REALTIME) ? MAX_TEXT : 0;
    }

    void cursor(String newCursor) {
        cursor = newCursor;
    }

    void realtime(long micros) {
        realtime = micros;
    }

    /** Takes a field by its name; one that is not wanted is passed over. */
    void put(String field, byte[] value) {
        int at = WANTED.indexOf(field);
        if (at >= 0) {
            values[at] = values[at] == null ? value : values[at];
        } else if (field.equals(CURSOR)) {
            cursor = text(value);
        } else if (field.equals(REALTIME)) {
            realtime = number(text(value), 0);
        }
    }

    /** The entry, and begins the next one; null if what came was none. */
    @Nullable
    JournalEntry take() {
        String place = cursor;
        JournalEntry entry = place == null ? null : entry(place);
        Arrays.fill(values, null);
        cursor = null;
        realtime = 0;
        return entry;
    }

    private JournalEntry entry(String place) {
        byte[] message = values[WANTED.indexOf(MESSAGE)];
        int pid = (int) Math.min(Integer.MAX_VALUE, number(value("SYSLOG_PID"), 0));
        return new JournalEntry(
                place,
                number(value(SOURCE_REALTIME), realtime),
                value("_HOSTNAME"),
                value("SYSLOG_IDENTIFIER"),
                pid > 0 ? pid : (int) Math.min(Integer.MAX_VALUE, number(value("_PID"), 0)),
                number(value("_UID"), -1),
                value("_COMM"),
                value("_SYSTEMD_UNIT"),
                message == null ? new byte[0] : message);
    }

    private @Nullable String value(String field) {
        byte[] value = values[WANTED.indexOf(field)];
        return value == null ? null : text(value);
    }

    private static String text(byte[] value) {
        return new String(value, StandardCharsets.UTF_8);
    }

    /** {@code otherwise} for what is no number of at most 18 digits. */
    private static long number(@Nullable String text, long otherwise) {
        if (text == null || text.isEmpty() || text.length() > 18) {
            return otherwise;
        }
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return otherwise;
            }
        }
        return Long.parseLong(text);
    }
}
