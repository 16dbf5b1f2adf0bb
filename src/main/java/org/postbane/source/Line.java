package org.postbane.source;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One line of a log: a view of bytes {@code start} to {@code end} of the reader's buffer, without its line end. Reused:
 * valid during the call it is handed to only; whoever wants to keep text takes a copy with {@link #text}. All positions
 * are indices into {@link #bytes}.
 */
public final class Line {

    /** Bytes of the array after the line that may be read, as eight are read at a time; they mean nothing. */
    static final int SLACK = Long.BYTES;

    private static final long EACH_BYTE = 0x0101_0101_0101_0101L;
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;

    private byte[] bytes = new byte[SLACK];
    private int start;
    private int end;

    /**
     * Points this view at other bytes. For readers, and for parsers that narrow a line to its body. Bytes that end with the
     * line are copied.
     */
    public Line set(byte[] newBytes, int newStart, int newEnd) {
        bytes = newEnd + SLACK <= newBytes.length ? newBytes : Arrays.copyOf(newBytes, newEnd + SLACK);
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

    /** Where {@code wanted} (ASCII) stands at or after {@code from}; -1 if nowhere. */
    public int indexOf(char wanted, int from) {
        return find(bytes, Math.max(from, start), end, (byte) wanted);
    }

    /** Where {@code wanted} begins at or after {@code from}; -1 if nowhere. */
    public int indexOf(Mark wanted, int from) {
        int i = find(bytes, Math.max(from, start), end, wanted.firstByte());
        while (i >= 0 && !hasAt(i, wanted)) {
            i = find(bytes, i + 1, end, wanted.firstByte());
        }
        return i;
    }

    /** Where {@code wanted} begins last, not before {@code from}; -1 if nowhere. */
    public int lastIndexOf(Mark wanted, int from) {
        for (int i = end - wanted.length(); i >= Math.max(from, start); i--) {
            if (wanted.standsAt(bytes, i)) {
                return i;
            }
        }
        return -1;
    }

    /** Whether {@code wanted} stands at {@code at}; false for a position outside the line, so -1 may be passed on. */
    public boolean hasAt(int at, Mark wanted) {
        return at >= start && at + wanted.length() <= end && wanted.standsAt(bytes, at);
    }

    public boolean startsWith(Mark wanted) {
        return hasAt(start, wanted);
    }

    public boolean endsWith(Mark wanted) {
        return hasAt(end - wanted.length(), wanted);
    }

    /**
     * The first {@code wanted} in {@code from} to {@code to}; -1 if there is none. A word XOR eight times the byte has a zero
     * byte where it stands; {@code (x - 0x01..) & ~x & 0x80..} has the high bit of the lowest zero byte set, and no lower one
     * (Mycroft's test; bytes above it may be marked in vain). The lowest address is the lowest byte of a little-endian word.
     *
     * @param bytes go on for {@link #SLACK} after {@code to}
     */
    static int find(byte[] bytes, int from, int to, byte wanted) {
        long pattern = (wanted & 0xff) * EACH_BYTE;
        for (int i = from; i < to; i += Long.BYTES) {
            long x = Mark.at(bytes, i) ^ pattern;
            long zero = (x - EACH_BYTE) & ~x & HIGH_BITS;
            if (zero != 0) {
                int found = i + (Long.numberOfTrailingZeros(zero) >>> 3);
                return found < to ? found : -1;
            }
        }
        return -1;
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
