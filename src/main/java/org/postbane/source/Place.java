package org.postbane.source;

/**
 * Where the reading of one file stopped, and how that file is known again: by its inode, and by bytes that were read.
 *
 * @param inode device and inode as the system names them
 * @param offset bytes from the start; of a compressed file, of what is in it
 * @param head of the first bytes, none of them behind {@code offset}
 * @param tail of the bytes before {@code offset}
 */
record Place(String inode, long offset, Fingerprint head, Fingerprint tail) {

    Place {
        if (offset < 0 || head.length() > offset || tail.length() > offset) {
            throw new IllegalArgumentException("offset %d is before what was read there".formatted(offset));
        }
    }

    static Place startOf(String inode) {
        return new Place(inode, 0, Fingerprint.NONE, Fingerprint.NONE);
    }

    /** Whether the file can be told from others by what is in it. */
    boolean isKnownByContent() {
        return head.length() > 0;
    }
}
