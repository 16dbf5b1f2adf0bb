package org.postbane.source;

/**
 * How far a source has been read: all lines that end before {@code offset} were handed on.
 *
 * @param identity which file it was, so that a rotation while nobody looked is noticed: device and inode as the system
 *     names them; empty where there is none
 * @param offset bytes from the start of that file
 */
public record Position(String identity, long offset) {
    public Position {
        if (offset < 0) {
            throw new IllegalArgumentException("offset %d is negative".formatted(offset));
        }
    }
}
