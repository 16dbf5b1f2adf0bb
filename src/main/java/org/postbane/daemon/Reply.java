package org.postbane.daemon;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;

/**
 * The answer to one client of the control socket, sent in frames as the command writes it. Both streams share one buffer,
 * so that their order stays as written.
 *
 * <p>Safe for several threads. Keeps one frame of 16 KiB. After the first failed write, and after the end, every write
 * fails at once with an {@link IOException}.
 */
final class Reply {

    /** First byte of requests and answers: the magic B, version 1. */
    static final int VERSION = 0xB1;

    private static final byte OUT = 1;
    private static final byte ERR = 2;
    private static final byte END = 3;
    private static final int HEADER = 5;
    private static final int PAYLOAD = 16 * 1024;

    private final WritableByteChannel channel;
    private final ByteBuffer frame = ByteBuffer.allocate(HEADER + PAYLOAD);
    private byte type = OUT;
    private boolean greeted;
    private boolean ended;
    private volatile boolean broken;

    Reply(WritableByteChannel channel) {
        this.channel = channel;
        frame.position(HEADER);
    }

    OutputStream out() {
        return new Stream(OUT);
    }

    OutputStream err() {
        return new Stream(ERR);
    }

    /** Whether a write failed: the client went away or was cut off. */
    boolean broken() {
        return broken;
    }

    /** Sends one line to standard error and the end. */
    void refuse(int status, String why) throws IOException {
        complain(why);
        end(status);
    }

    void complain(String why) throws IOException {
        byte[] line = ("postbane: " + why + "\n").getBytes(StandardCharsets.UTF_8);
        write(ERR, line, 0, line.length);
    }

    /** Sends what is still buffered and the exit status. */
    synchronized void end(int status) throws IOException {
        flush();
        ensureOpen();
        frame.putInt(status);
        send(END);
        ended = true;
    }

    private synchronized void write(byte to, byte[] bytes, int offset, int length) throws IOException {
        ensureOpen();
        if (to != type) {
            flush();
            type = to;
        }
        int from = offset;
        int left = length;
        while (left > 0) {
            int part = Math.min(left, frame.remaining());
            frame.put(bytes, from, part);
            from += part;
            left -= part;
            if (!frame.hasRemaining()) {
                flush();
            }
        }
    }

    private synchronized void flush() throws IOException {
        if (frame.position() > HEADER) {
            ensureOpen();
            send(type);
        }
    }

    private void ensureOpen() throws IOException {
        if (broken || ended) {
            throw new IOException(broken ? "the client went away" : "the command has ended");
        }
    }

    private void send(byte kind) throws IOException {
        frame.put(0, kind).putInt(1, frame.position() - HEADER).flip();
        try {
            if (!greeted) {
                channel.write(ByteBuffer.wrap(new byte[] {(byte) VERSION}));
                greeted = true;
            }
            while (frame.hasRemaining()) {
                channel.write(frame);
            }
        } catch (IOException e) {
            broken = true;
            throw e;
        } finally {
            frame.clear().position(HEADER);
        }
    }

    private final class Stream extends OutputStream {

        private final byte to;

        Stream(byte to) {
            this.to = to;
        }

        @Override
        public void write(int b) throws IOException {
            Reply.this.write(to, new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            Reply.this.write(to, bytes, offset, length);
        }

        @Override
        public void flush() throws IOException {
            Reply.this.flush();
        }

        /** Flushes only: the connection still has the exit status to carry. */
        @Override
        public void close() throws IOException {
            Reply.this.flush();
        }
    }
}
