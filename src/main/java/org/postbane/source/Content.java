package org.postbane.source;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The bytes of one open file by their offset; of a compressed one, of what is in it. Not thread-safe. */
sealed interface Content extends AutoCloseable {

    /**
     * Reads some.
     *
     * @param offset where in the content; in a compressed file never before the one of an earlier call
     * @return how many bytes were put at {@code at}; -1 or 0 if there is none at {@code offset} now
     */
    int read(byte[] bytes, int at, int length, long offset) throws IOException;

    /** Whether it may grow, shrink, or get other bytes; else bytes are read once, from the first to the last. */
    boolean mayChange();

    /** Bytes there now; for a file that {@link #mayChange} only. */
    long size() throws IOException;

    @Override
    void close() throws IOException;

    /** @param packed as its name says */
    static Content open(Path path, boolean packed) throws IOException {
        if (!packed) {
            return new Plain(FileChannel.open(path, StandardOpenOption.READ));
        }
        InputStream file = Files.newInputStream(path);
        try {
            return new Packed(Unpacked.of(path.toString(), file));
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /** Fills {@code bytes} from {@code offset} on; false if the content ends before. */
    default boolean readFully(byte[] bytes, long offset) throws IOException {
        for (int n = 0; n < bytes.length; ) {
            int more = read(bytes, n, bytes.length - n, offset + n);
            if (more <= 0) {
                return false;
            }
            n += more;
        }
        return true;
    }

    /** A log that somebody writes, or wrote. */
    record Plain(FileChannel channel) implements Content {

        @Override
        public int read(byte[] bytes, int at, int length, long offset) throws IOException {
            return channel.read(ByteBuffer.wrap(bytes, at, length), offset);
        }

        @Override
        public boolean mayChange() {
            return true;
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** A rotated log that was compressed. */
    final class Packed implements Content {

        private final InputStream in;
        private final byte[] skipped = new byte[32 * 1024];
        private long next;

        Packed(InputStream in) {
            this.in = in;
        }

        @Override
        public int read(byte[] bytes, int at, int length, long offset) throws IOException {
            if (offset < next) {
                throw new IllegalArgumentException("offset %d was read already".formatted(offset));
            }
            while (next < offset) {
                int n = in.read(skipped, 0, (int) Math.min(skipped.length, offset - next));
                if (n <= 0) {
                    return -1;
                }
                next += n;
            }
            int n = in.read(bytes, at, length);
            next += Math.max(0, n);
            return n;
        }

        @Override
        public boolean mayChange() {
            return false;
        }

        @Override
        public long size() {
            throw new UnsupportedOperationException("known at its end only");
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
