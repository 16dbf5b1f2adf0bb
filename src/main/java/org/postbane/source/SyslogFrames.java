package org.postbane.source;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Cuts what came over one connection into messages (RFC 6587). The first byte says how the sender parts them, and so it
 * stays until the connection ends, lest text in one message be taken for the frame of the next:
 *
 * <pre>
 * 57 &lt;22&gt;Nov 21 09:15:23 mx1 ...     a digit: each message has its length before it
 * &lt;22&gt;Nov 21 09:15:23 mx1 ...\n       else: each message ends with LF, CRLF or NUL (as glibc's syslog(3) ends them)
 * </pre>
 *
 * <p>One thread. Memory: a buffer that grows to {@link LineSplitter#MAX_LINE}; of longer messages the rest is dropped.
 */
final class SyslogFrames {

    /** Takes messages; the bytes are valid during the call only. */
    @FunctionalInterface
    interface Sink {
        void accept(byte[] bytes, int length) throws InterruptedException;
    }

    private static final int MAX_DIGITS = 7;
    private static final int FIRST = 1024;

    private enum Mode {
        UNKNOWN,
        COUNTED,
        LINES
    }

    private byte[] buffer = new byte[FIRST];
    private int size;
    private Mode mode = Mode.UNKNOWN;

    /** Bytes of the message at hand that are still to come; -1 while its length is read. */
    private int left = -1;

    private int count;
    private int digits;

    /** @return false if this is no syslog: to be closed */
    boolean take(ByteBuffer in, Sink sink) throws InterruptedException {
        while (in.hasRemaining()) {
            byte b = in.get();
            if (mode == Mode.UNKNOWN) {
                if (b == '\n' || b == '\r' || b == 0) {
                    continue;
                }
                mode = b >= '1' && b <= '9' ? Mode.COUNTED : Mode.LINES;
                if (mode == Mode.LINES && b != '<') {
                    return false;
                }
            }
            if (!(mode == Mode.COUNTED ? counted(b, sink) : line(b, sink))) {
                return false;
            }
        }
        return true;
    }

    private boolean line(byte b, Sink sink) throws InterruptedException {
        if (b == '\n' || b == 0) {
            handOn(sink);
        } else {
            keep(b);
        }
        return true;
    }

    private boolean counted(byte b, Sink sink) throws InterruptedException {
        if (left >= 0) {
            keep(b);
            left--;
            if (left == 0) {
                left = -1;
                handOn(sink);
            }
            return true;
        }
        if (b >= '0' && b <= '9' && digits < MAX_DIGITS && (digits > 0 || b != '0')) {
            count = count * 10 + b - '0';
            digits++;
            return true;
        }
        if (b == '\n' && digits == 0) {
            return true; // some end their messages with both
        }
        left = count;
        boolean valid = b == ' ' && digits > 0;
        count = 0;
        digits = 0;
        return valid;
    }

    private void keep(byte b) {
        if (size < LineSplitter.MAX_LINE) {
            if (size == buffer.length) {
                buffer = Arrays.copyOf(buffer, 2 * size);
            }
            buffer[size++] = b;
        }
    }

    private void handOn(Sink sink) throws InterruptedException {
        int length = size;
        size = 0;
        if (length > 0) {
            sink.accept(buffer, length);
        }
        if (buffer.length > FIRST && length <= FIRST) {
            buffer = new byte[FIRST]; // one long message is no reason to keep the room
        }
    }

    /** Whether a message was begun that is not complete. */
    boolean isWithin() {
        return size > 0 || left > 0 || digits > 0;
    }
}
