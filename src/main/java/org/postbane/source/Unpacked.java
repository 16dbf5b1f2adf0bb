package org.postbane.source;

import io.airlift.compress.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;

/**
 * The bytes of a file, unpacked where it is compressed: gzip (also of several members, as {@code cat a.gz b.gz} or pigz make
 * them) and zstd (also of several frames). Known by the first bytes, whatever the file is called.
 *
 * <p>Memory: 64 KiB for gzip; for zstd its window, at most 8 MiB: what {@code zstd --long} or {@code --ultra} packed with a
 * larger one is refused, and so are frames to be skipped, as pzstd writes them.
 *
 * <p>Known shortcoming: what follows a complete gzip member and is no gzip header is taken for the end, as gzip itself does
 * after a warning.
 */
final class Unpacked {

    private static final int MAGIC_LENGTH = 4;
    private static final int BLOCK = 32 * 1024;

    private Unpacked() {}

    /**
     * @param file its name, as in {@code mail.log.2.gz}: a file that is called so must be so
     * @param packed is closed with what is returned
     */
    static InputStream of(String file, InputStream packed) throws IOException {
        BufferedInputStream in = new BufferedInputStream(packed, BLOCK);
        in.mark(MAGIC_LENGTH);
        byte[] magic = in.readNBytes(MAGIC_LENGTH);
        in.reset();
        if (begins(magic, 0x1f, 0x8b)) {
            return new GZIPInputStream(in, BLOCK);
        }
        if (begins(magic, 0x28, 0xb5, 0x2f, 0xfd)) {
            return new Checked(new ZstdInputStream(in));
        }
        if (file.endsWith(".gz") && magic.length > 0) {
            throw new IOException("Not in gzip format");
        }
        if (file.endsWith(".zst") && magic.length > 0) {
            throw new IOException("Not in zstd format");
        }
        return in;
    }

    private static boolean begins(byte[] bytes, int... wanted) {
        for (int i = 0; i < wanted.length; i++) {
            if (i >= bytes.length || bytes[i] != (byte) wanted[i]) {
                return false;
            }
        }
        return true;
    }

    /** A damaged file is no fault of ours, but the library throws as if it were. */
    private static final class Checked extends InputStream {

        private final InputStream in;
        private final byte[] one = new byte[1];

        Checked(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int at, int length) throws IOException {
            try {
                return in.read(bytes, at, length);
            } catch (RuntimeException e) {
                throw new IOException("damaged zstd: " + e.getMessage(), e);
            }
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
