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

    /** Where {@code wanted} (ASCII) stands at or after {@code from} and before {@code before}; -1 if nowhere. */
    public int indexOf(char wanted, int from, int before) {
        return find(bytes, Math.max(from, start), Math.min(before, end), (byte) wanted);
    }

    /** Where the first of two characters (ASCII) stands at or after {@code from}; -1 if none does. */
    public int indexOfEither(char wanted, char other, int from) {
        return findEither(bytes, Math.max(from, start), end, (byte) wanted, (byte) other);
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
        return lastIndexOf(wanted, from, end);
    }

    /** Where {@code wanted} begins last, not before {@code from}, and ends at {@code before} at the latest; -1 if nowhere. */
    public int lastIndexOf(Mark wanted, int from, int before) {
        int first = Math.max(from, start);
        int i = findLast(bytes, first, Math.min(before, end) - wanted.length() + 1, wanted.firstByte());
        while (i >= 0 && !wanted.standsAt(bytes, i)) {
            i = findLast(bytes, first, i, wanted.firstByte());
        }
        return i;
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
                int found = i + bytesBelow(zero);
                return found < to ? found : -1;
            }
        }
        return -1;
    }

    /** As {@link #find}, of either byte. */
    private static int findEither(byte[] bytes, int from, int to, byte wanted, byte other) {
        long pattern = (wanted & 0xff) * EACH_BYTE;
        long otherPattern = (other & 0xff) * EACH_BYTE;
        for (int i = from; i < to; i += Long.BYTES) {
            long word = Mark.at(bytes, i);
            long x = word ^ pattern;
            long y = word ^ otherPattern;
            long zero = ((x - EACH_BYTE) & ~x | (y - EACH_BYTE) & ~y) & HIGH_BITS;
            if (zero != 0) {
                int found = i + bytesBelow(zero);
                return found < to ? found : -1;
            }
        }
        return -1;
    }

    /**
     * As {@link #find}, the last one. {@code (x & 0x7f..) + 0x7f..} has the high bit of each byte set that has any of its lower ones:
     * what is clear in that and in {@code x} is zero, and no byte is marked in vain.
     */
    private static int findLast(byte[] bytes, int from, int to, byte wanted) {
        long pattern = (wanted & 0xff) * EACH_BYTE;
        int i = to;
        while (i - from >= Long.BYTES) {
            i -= Long.BYTES;
            long x = Mark.at(bytes, i) ^ pattern;
            long zero = ~((x & ~HIGH_BITS) + ~HIGH_BITS | x) & HIGH_BITS;
            if (zero != 0) {
                return i + Long.BYTES - 1 - (Long.numberOfLeadingZeros(zero) >>> 3);
            }
        }
        for (i--; i >= from; i--) {
            if (bytes[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    /**
     * How many bytes are below that of the lowest bit, which is the high one of its byte. All bits below that bit, one of each
     * byte, summed up in the highest byte by the multiplication; {@code Long.numberOfTrailingZeros} is a dozen steps before
     * the second compiler has seen it.
     */
    private static int bytesBelow(long highBits) {
        long below = (highBits & -highBits) - 1;
        return (int) ((below & EACH_BYTE) * EACH_BYTE >>> 56) - 1;
    }

    /**
     * The eight bytes from {@code from} on, the first one lowest; those from {@code to} on are 0.
     *
     * @param from may be behind {@code to}: then all are
     * @param to in the line, or its end
     */
    public long word(int from, int to) {
        int left = to - from;
        return left <= 0 ? 0 : Mark.at(bytes, from) & Mark.mask(left);
    }

    /** Eight bytes of an array that has as many there, the first one lowest. */
    public static long word(byte[] bytes, int from) {
        return Mark.at(bytes, from);
    }

    /** A copy of the text from {@code from} (inclusive) to {@code to} (exclusive); bytes that are not UTF-8 become U+FFFD. */
    public String text(int from, int to) {
        return new String(
                bytes, from, to - from, isAscii(from, to) ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8);
    }

    /** Nearly all text is; then it is copied as it is. */
    private boolean isAscii(int from, int to) {
        long seen = 0;
        int i = from;
        for (; i + Long.BYTES <= to; i += Long.BYTES) {
            seen |= Mark.at(bytes, i);
        }
        return ((seen | word(i, to)) & HIGH_BITS) == 0;
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
