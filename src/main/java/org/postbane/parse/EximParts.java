package org.postbane.parse;

import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postbane.source.Line;

/**
 * Puts together what Exim split for syslog, and tells copies of a line. Source: {@code write_syslog()} in Exim's {@code
 * src/log.c}: an entry of several lines, or of over 870 bytes, is written in parts, {@code [1\22] } before a part that a line
 * end ends, {@code [2/22] } before one that was cut (and before the last). What goes to the reject log, too, is written twice.
 *
 * <p>Memory: {@link #MOST} processes, and {@link #LONGEST} bytes of each; 100,000 hashes of refusals.
 */
final class EximParts {

    private static final int MOST = 64;
    private static final int LONGEST = 16_384;
    private static final int MOST_COPIES = 512;
    private static final int MOST_STAMPED = 100_000;

    private final Map<Program, Entry> entries = new LinkedHashMap<>();
    private final Map<Program, byte[]> refusals = new LinkedHashMap<>();
    /** Hashes of refusals in Exim's own files. */
    private final Set<Long> stamped = new LinkedHashSet<>();

    private final Line whole = new Line();

    /** The number of the line within its entry, from 1; 0 for an entry of one line. */
    private int row;

    private int bodyStart;
    private int part;
    private int parts;
    private boolean endsRow;

    private static final class Entry {
        private final ByteArrayOutputStream text = new ByteArrayOutputStream();
        private int part;
        private int row = 1;
        private EximParser.@Nullable RefusedMessage refused;
    }

    /** The entry that the last line was a part of; null if it was none. */
    private @Nullable Entry current;

    /**
     * The line that {@code body} ends; null if parts are still to come, or are lost.
     *
     * @param body itself where it is no part
     */
    @Nullable
    Line join(Line body, Program process) {
        if (!isPart(body)) {
            row = 0;
            current = null;
            return body;
        }
        Entry entry = entries.get(process);
        if (part == 1) {
            entry = new Entry();
            entries.put(process, entry);
            if (entries.size() > MOST) {
                drop(entries);
            }
        } else if (entry == null || entry.part != part - 1) {
            entries.remove(process);
            current = null;
            return null; // a part is lost
        }
        current = entry;
        entry.part = part;
        if (entry.text.size() + body.end() - bodyStart <= LONGEST) {
            entry.text.write(body.bytes(), bodyStart, body.end() - bodyStart);
        }
        if (part == parts) {
            entries.remove(process);
        }
        if (!endsRow && part < parts) {
            return null;
        }
        byte[] text = entry.text.toByteArray();
        entry.text.reset();
        row = parts == 1 || entry.row == 1 && part == parts ? 0 : entry.row;
        entry.row++;
        return whole.set(text, 0, text.length);
    }

    /** Number of the last joined line within an entry of several; 0 if it was the only one. */
    int row() {
        return row;
    }

    /** What the entry of the last line is about. */
    EximParser.@Nullable RefusedMessage refused() {
        return current == null ? null : current.refused;
    }

    void refuse(EximParser.@Nullable RefusedMessage message) {
        if (current != null) {
            current.refused = message;
        }
    }

    /** Whether the process's refusal before this one was the same, and no copy itself: what the reject log got. */
    boolean isCopy(Line text, Program process) {
        byte[] bytes = Arrays.copyOfRange(text.bytes(), text.start(), Math.min(text.end(), text.start() + LONGEST));
        byte[] before = refusals.remove(process);
        if (before != null && Arrays.equals(before, bytes)) {
            return true;
        }
        refusals.put(process, bytes);
        if (refusals.size() > MOST_COPIES) {
            drop(refusals);
        }
        return false;
    }

    /**
     * Whether this line, its stamp included, was read before, and that one was no copy: Exim's main log and reject log both
     * have it, and both are read.
     */
    boolean isInOtherFile(Instant at, Line text) {
        long hash = 0xcbf29ce484222325L ^ at.toEpochMilli(); // FNV-1a, 64 bits
        for (int i = text.start(); i < text.end(); i++) {
            hash = (hash ^ text.bytes()[i]) * 0x100000001b3L;
        }
        if (stamped.remove(hash)) {
            return true;
        }
        stamped.add(hash);
        if (stamped.size() > MOST_STAMPED) {
            Iterator<Long> oldest = stamped.iterator();
            oldest.next();
            oldest.remove();
        }
        return false;
    }

    private static <T> void drop(Map<Program, T> map) {
        Iterator<T> oldest = map.values().iterator();
        oldest.next();
        oldest.remove();
    }

    /** {@code [3\22] text} or {@code [3/22] text}. */
    private boolean isPart(Line body) {
        byte[] bytes = body.bytes();
        if (body.length() < 6 || bytes[body.start()] != '[') {
            return false;
        }
        int bar = PostfixText.endOfNumber(body, body.start() + 1);
        if (bar >= body.end() || bytes[bar] != '\\' && bytes[bar] != '/') {
            return false;
        }
        int close = PostfixText.endOfNumber(body, bar + 1);
        part = PostfixText.number(body, body.start() + 1, bar);
        parts = PostfixText.number(body, bar + 1, close);
        endsRow = bytes[bar] == '\\';
        bodyStart = close + 2;
        return part > 0 && part <= parts && bodyStart <= body.end() && bytes[close] == ']' && bytes[close + 1] == ' ';
    }
}
