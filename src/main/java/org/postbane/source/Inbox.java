package org.postbane.source;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Lines on their way from the thread that receives them to the pipeline thread. Bounded by bytes, so that who sends faster
 * than we read has to wait or to lose. Thread-safe.
 */
final class Inbox {

    /** Bytes of waiting lines, what Java needs for each included. */
    static final int MOST = 4 << 20;

    private static final int EACH = 64;

    /**
     * One line.
     *
     * @param bytes the line, and room behind it for {@link Line#SLACK}
     * @param cursor where its source stands behind it; empty if it stands nowhere
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared, and handed over, not shared
    record Item(byte[] bytes, int length, String cursor) {
        int size() {
            return bytes.length + cursor.length() + EACH;
        }
    }

    private final ArrayDeque<Item> items = new ArrayDeque<>();
    private final Runnable wake;
    private long bytes;

    /** @param wake called when a line comes into an empty box; from the thread that brought it */
    Inbox(Runnable wake) {
        this.wake = wake;
    }

    /** Waits until there is room. */
    void put(Item item) throws InterruptedException {
        boolean first;
        synchronized (this) {
            while (bytes >= MOST) {
                wait();
            }
            first = add(item);
        }
        if (first) {
            wake.run();
        }
    }

    /** @return false if there is no room: the line is lost */
    boolean offer(Item item) {
        boolean first;
        synchronized (this) {
            if (bytes >= MOST) {
                return false;
            }
            first = add(item);
        }
        if (first) {
            wake.run();
        }
        return true;
    }

    private boolean add(Item item) {
        items.add(item);
        bytes += item.size();
        return items.size() == 1;
    }

    synchronized @Nullable Item poll() {
        Item item = items.poll();
        if (item != null) {
            boolean wasFull = bytes >= MOST;
            bytes -= item.size();
            if (wasFull && bytes < MOST) {
                notifyAll();
            }
        }
        return item;
    }

    synchronized boolean isEmpty() {
        return items.isEmpty();
    }

    /** Of waiting lines. */
    synchronized long bytes() {
        return bytes;
    }
}
