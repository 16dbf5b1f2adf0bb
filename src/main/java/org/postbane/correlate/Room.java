package org.postbane.correlate;

/**
 * The memory that the names of all messages' recipients take together, about, in bytes: a deferred queue of a million recipients is
 * nothing rare, and lasts for days.
 */
final class Room {

    private static final int EACH = 150; // a string, and its place in a set or two
    private static final long ENOUGH = 32 << 20;
    private static final long MOST = 2 * ENOUGH;

    private long used;

    /** What a name of so many characters takes. */
    static int cost(int length) {
        return length + EACH;
    }

    /** Whether there is any left. */
    boolean has(int cost) {
        return used + cost <= MOST;
    }

    /** @param cost below 0 to give back */
    void take(long cost) {
        used += cost;
    }

    /** Whether some should be given back. */
    boolean isScarce() {
        return used > ENOUGH;
    }
}
