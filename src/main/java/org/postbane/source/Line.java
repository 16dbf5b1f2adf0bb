package org.postbane.source;

import java.nio.charset.StandardCharsets;

/**
 * One line of a log: a view of bytes {@code start} to {@code end} of the reader's buffer, without its line end. Reused:
 * valid during the call it is handed to only; whoever wants to keep text takes a copy with {@link #text}. All positions
 * are indices into {@link #bytes}.
 */
public final class Line {

    private byte[] bytes = new byte[0];
    private int start;
    private int end;

    /** Points this view at other bytes. For readers, and for parsers that narrow a line to its body. */
    public Line set(byte[] newBytes, int newStart, int newEnd) {
        bytes = newBytes;
        start = newStart;
        end = newEnd;
        return this;
    }

    /** A line of its own, for tests and other cold paths. */
    public static Line of(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return new Line().set(utf8, 0, utf8.length);
    }

    public byte[] bytes() {
        return bytes;
    }

    /** First byte. */
    public int start() {
        return start;
    }

    /** One past the last byte. */
    public int end() {
        return end;
    }

    public int length() {
        return end - start;
    }

    /** Where {@code wanted} stands at or after {@code from}; -1 if nowhere. */
    public int indexOf(char wanted, int from) {
        byte b = (byte) wanted;
        for (int i = Math.max(from, start); i < end; i++) {
            if (bytes[i] == b) {
                return i;
            }
        }
        return -1;
    }

    /** Where {@code wanted} begins at or after {@code from}; -1 if nowhere. */
    public int indexOf(byte[] wanted, int from) {
        int last = end - wanted.length;
        byte first = wanted[0];
        for (int i = Math.max(from, start); i <= last; i++) {
            if (bytes[i] == first && hasAt(i, wanted)) {
                return i;
            }
        }
        return -1;
    }

    /** Where {@code wanted} begins last, not before {@code from}; -1 if nowhere. */
    public int lastIndexOf(byte[] wanted, int from) {
        for (int i = end - wanted.length; i >= Math.max(from, start); i--) {
            if (hasAt(i, wanted)) {
                return i;
            }
        }
        return -1;
    }

    /** Whether {@code wanted} stands at {@code at}; false for a position outside the line, so -1 may be passed on. */
    public boolean hasAt(int at, byte[] wanted) {
        if (at < start || at + wanted.length > end) {
            return false;
        }
        for (int i = 0; i < wanted.length; i++) {
            if (bytes[at + i] != wanted[i]) {
                return false;
            }
        }
        return true;
    }

    public boolean startsWith(byte[] wanted) {
        return hasAt(start, wanted);
    }

    public boolean endsWith(byte[] wanted) {
        return hasAt(end - wanted.length, wanted);
    }

    /** A copy of the text from {@code from} (inclusive) to {@code to} (exclusive); bytes that are not UTF-8 become U+FFFD. */
    public String text(int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }

    /** A copy of the whole line. */
    public String text() {
        return text(start, end);
    }

    @Override
    public String toString() {
        return text();
    }
}
