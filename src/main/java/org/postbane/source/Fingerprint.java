package org.postbane.source;

import java.util.zip.CRC32C;

/**
 * How some bytes of a file are known again: their number and their checksum. A log only grows, so what was read once stands
 * there for ever, or it is another file: an inode number alone does not tell, as it is given away again at once.
 *
 * <p>Not against those who forge on purpose: who can write our logs as files can do worse.
 *
 * @param length 0 to {@link #MOST}; 0 says nothing, and fits everything
 * @param checksum CRC-32C
 */
record Fingerprint(int length, int checksum) {

    /** Bytes looked at: several lines, so that the time on a line is among them. */
    static final int MOST = 512;

    static final Fingerprint NONE = new Fingerprint(0, 0);

    Fingerprint {
        if (length < 0 || length > MOST) {
            throw new IllegalArgumentException("fingerprint of %d bytes, not 0 to %d".formatted(length, MOST));
        }
    }

    static Fingerprint of(byte[] bytes, int from, int to) {
        if (to <= from) {
            return NONE;
        }
        CRC32C sum = new CRC32C();
        sum.update(bytes, from, to - from);
        return new Fingerprint(to - from, (int) sum.getValue());
    }

    boolean fits(byte[] bytes, int from, int to) {
        return equals(of(bytes, from, to));
    }

    /** {@code 512:1a2b3c4d}. */
    @Override
    public String toString() {
        return length + ":" + Integer.toHexString(checksum);
    }

    /** What {@link #toString} wrote. */
    static Fingerprint parse(String text) {
        int colon = text.indexOf(':');
        return new Fingerprint(
                Integer.parseInt(text.substring(0, colon)), Integer.parseUnsignedInt(text.substring(colon + 1), 16));
    }
}
