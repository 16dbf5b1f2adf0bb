package org.postbane.cli;

/**
 * Keeps the heap of a long reading near to what is in use, without options for the JVM. Left alone, the JVM begins with a 64th
 * of the machine's memory, uses all of that before it collects anything, and then rather takes more than collect often. A
 * collection that is asked for gives back what is free beyond a multiple of what is used.
 *
 * <p>One thread. Costs a look at each {@value #LOOK} lines, and a whole collection where the heap has grown beyond the limit.
 */
final class SmallHeap {

    private static final int LOOK = 1 << 15; // lines
    private static final long SMALL = 64 << 20;

    private long lines;
    private long limit = SMALL;

    SmallHeap() {
        System.gc();
    }

    void line() {
        if ((++lines & LOOK - 1) == 0 && Runtime.getRuntime().totalMemory() > limit) {
            System.gc();
            limit = Math.max(SMALL, Runtime.getRuntime().totalMemory() * 3 / 2);
        }
    }
}
