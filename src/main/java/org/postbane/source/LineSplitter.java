package org.postbane.source;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Cuts a stream of bytes into lines: one buffer that is filled block by block and walked newline by newline. Allocates
 * nothing per line.
 *
 * <p>A line ends with LF; a CR before it belongs to the line end; all other bytes, NUL included, are data. A line longer
 * than {@link #MAX_LINE} is cut: its first {@link #MAX_LINE} bytes are handed on once, when its end has been seen, and the
 * rest is dropped. Memory: the buffer, whatever the input.
 *
 * <p>Not thread-safe.
 */
final class LineSplitter {

    /** Bytes of a line that are kept. rsyslog cuts at 8 KiB; RFC 5424 asks for 2 KiB. */
    static final int MAX_LINE = 64 * 1024;

    /** Where bytes come from; the shape of {@link java.io.InputStream#read(byte[], int, int)}. */
    @FunctionalInterface
    interface Bytes {
        /** @return how many bytes were put at {@code offset}; -1 or 0 if there is none now */
        int read(byte[] buffer, int offset, int length) throws IOException;
    }

    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final long EACH_BYTE = 0x0101_0101_0101_0101L;
    private static final long NEWLINES = 0x0a0a_0a0a_0a0a_0a0aL;
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;

    private final byte[] buffer;
    private final Line line = new Line();

    /** First byte of the line that is next. */
    private int start;

    /** No newline stands between {@code start} and here. */
    private int seen;

    /** One past the last byte read. */
    private int end;

    /** Bytes of the line at {@code start} that were dropped already, as it is too long. */
    private long dropped;

    private long bytesDone;
    private long lines;
    private long cutLines;

    /** @param block bytes to read at once, beside a line that is not complete */
    LineSplitter(int block) {
        buffer = new byte[MAX_LINE + block];
    }

    /**
     * Reads one block behind what is there. Lines that are complete must have been taken before.
     *
     * @return bytes read; -1 or 0 as {@code from} says
     */
    int fill(Bytes from) throws IOException {
        if (start > 0) {
            System.arraycopy(buffer, start, buffer, 0, end - start);
            seen -= start;
            end -= start;
            start = 0;
        }
        if (end > MAX_LINE + 1) { // one more than the limit, as the last byte may be the CR of the line end
            dropped += end - MAX_LINE - 1;
            buffer[MAX_LINE] = buffer[end - 1];
            end = MAX_LINE + 1;
            seen = end;
        }
        int n = from.read(buffer, end, buffer.length - end);
        if (n > 0) {
            end += n;
        }
        return n;
    }

    /**
     * Hands on complete lines from the buffer.
     *
     * @param most lines at once
     * @return lines handed on; fewer than {@code most} when the buffer holds no further complete line
     */
    int drain(LineSink sink, int most) {
        int count = 0;
        while (count < most) {
            int newline = newline(buffer, seen, end);
            if (newline < 0) {
                seen = end;
                break;
            }
            handOn(sink, newline, newline + 1);
            count++;
        }
        return count;
    }

    /** Hands on what stands behind the last newline, if anything does. For files that will not grow. */
    void finish(LineSink sink) {
        if (end > start) {
            handOn(sink, end, end);
        }
    }

    private void handOn(LineSink sink, int lineEnd, int next) {
        int length = lineEnd - start;
        if (length > 0 && buffer[lineEnd - 1] == '\r' && next > lineEnd) {
            length--;
        }
        boolean cut = length + dropped > MAX_LINE;
        sink.accept(line.set(buffer, start, start + Math.min(length, MAX_LINE)));
        if (cut) {
            cutLines++;
        }
        lines++;
        bytesDone += dropped + next - start;
        dropped = 0;
        start = next;
        seen = next;
    }

    /** Forgets the bytes in the buffer; the counts stay. For a source that begins anew. */
    void forget() {
        start = 0;
        seen = 0;
        end = 0;
        dropped = 0;
    }

    /** Lines handed on. */
    long lines() {
        return lines;
    }

    /** Bytes of the lines handed on, with their line ends. */
    long bytesDone() {
        return bytesDone;
    }

    /** Bytes read of a line that is not complete, or not yet handed on. */
    long bytesWaiting() {
        return dropped + end - start;
    }

    /** Lines that were too long. */
    long cutLines() {
        return cutLines;
    }

    /**
     * The first newline in {@code from} to {@code to}; -1 if there is none. Eight bytes at a time: a word XOR eight newlines
     * has a zero byte where the newline is; {@code (x - 0x01..) & ~x & 0x80..} has the high bit of the lowest zero byte
     * set, and no lower one (Mycroft's test; bytes above it may be marked in vain). The lowest address is the lowest byte
     * of a little-endian word.
     */
    static int newline(byte[] bytes, int from, int to) {
        int i = from;
        for (; i <= to - Long.BYTES; i += Long.BYTES) {
            long x = (long) WORDS.get(bytes, i) ^ NEWLINES;
            long zero = (x - EACH_BYTE) & ~x & HIGH_BITS;
            if (zero != 0) {
                return i + (Long.numberOfTrailingZeros(zero) >>> 3);
            }
        }
        for (; i < to; i++) {
            if (bytes[i] == '\n') {
                return i;
            }
        }
        return -1;
    }
}
