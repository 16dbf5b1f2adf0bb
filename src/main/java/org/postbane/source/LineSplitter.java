package org.postbane.source;

import java.io.IOException;

/**
 * Cuts a stream of bytes into lines: one buffer that is filled block by block and walked newline by newline. Allocates
 * nothing per line.
 *
 * <p>A line ends with LF; a CR before it belongs to the line end; all other bytes, NUL included, are data. A line longer
 * than {@link #MAX_LINE} is cut: its first {@link #MAX_LINE} bytes are handed on once, when its end has been seen, and the
 * rest is dropped. NULs before a line are passed over: a file that was truncated under a writer who kept his place begins
 * with a hole, and one that a power failure cut ends with one. Memory: the buffer, whatever the input.
 *
 * <p>Keeps the last {@link #PAST} bytes that were handed on, to tell by them whether the file is still the same.
 *
 * <p>Not thread-safe.
 */
final class LineSplitter {

    /** Bytes of a line that are kept. rsyslog cuts at 8 KiB; RFC 5424 asks for 2 KiB. */
    static final int MAX_LINE = 64 * 1024;

    /** Bytes kept of what was handed on. */
    static final int PAST = Fingerprint.MOST;

    /** Where bytes come from; the shape of {@link java.io.InputStream#read(byte[], int, int)}. */
    @FunctionalInterface
    interface Bytes {
        /** @return how many bytes were put at {@code offset}; -1 or 0 if there is none now */
        int read(byte[] buffer, int offset, int length) throws IOException;
    }

    private final byte[] buffer;
    private final Line line = new Line();

    /** From here to {@code start} are bytes as they stood in the file before it. */
    private int past;

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
        buffer = new byte[PAST + MAX_LINE + block + Line.SLACK];
    }

    /**
     * Reads one block behind what is there. Lines that are complete must have been taken before.
     *
     * @return bytes read; -1 or 0 as {@code bytes} says
     */
    int fill(Bytes bytes) throws IOException {
        int from = Math.max(past, start - PAST);
        if (from > 0) {
            System.arraycopy(buffer, from, buffer, 0, end - from);
            start -= from;
            seen -= from;
            end -= from;
            past = 0;
        }
        if (end - start > MAX_LINE + 1) { // one more than the limit, as the last byte may be the CR of the line end
            dropped += end - start - MAX_LINE - 1;
            buffer[start + MAX_LINE] = buffer[end - 1];
            end = start + MAX_LINE + 1;
            seen = end;
        }
        int n = bytes.read(buffer, end, buffer.length - Line.SLACK - end);
        if (n > 0) {
            end += n;
            skipNuls();
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
            skipNuls();
            int newline = Line.find(buffer, seen, end, (byte) '\n');
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
        start = next;
        seen = next;
        if (dropped > 0) {
            past = next;
            dropped = 0;
        }
    }

    private void skipNuls() {
        if (dropped > 0) {
            return;
        }
        while (start < end && buffer[start] == 0) {
            start++;
            bytesDone++;
        }
        seen = Math.max(seen, start);
    }

    /**
     * Begins behind bytes that were handed on before.
     *
     * @param before the last of them; at most {@link #PAST}
     */
    void beginBehind(byte[] before) {
        System.arraycopy(before, 0, buffer, 0, before.length);
        past = 0;
        start = before.length;
        seen = start;
        end = start;
        dropped = 0;
    }

    /** The last bytes that were handed on, as many as are known. */
    Fingerprint tail() {
        return Fingerprint.of(buffer, Math.max(past, start - PAST), start);
    }

    /** How many of the last bytes read are still there as they stood in the file; at most {@link #PAST}. */
    int lastKnown() {
        return dropped > 0 ? 0 : Math.min(PAST, end - past);
    }

    /** Forgets the bytes in the buffer; the counts stay. For a source that begins anew. */
    void forget() {
        past = 0;
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
}
