package org.postbane.correlate;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Messages that are to be looked at again at some time, soonest first. What is due may be gone or changed by then.
 *
 * <p>Memory: in proportion to the messages that are open; those that are gone leave whenever the queue has doubled.
 */
final class DueMails {

    /** As long as there are fewer, nobody looks whether they are gone. */
    private static final int FEW = 256;

    private final ArrayDeque<Due> queue = new ArrayDeque<>();
    private int roomFor = FEW;

    record Due(Mail mail, Instant at) {}

    /** @param at not before that of any other, but in {@link #restored} */
    void add(Mail mail, Instant at) {
        if (queue.size() >= roomFor) {
            queue.removeIf(due -> due.mail().dropped && !due.mail().held);
            roomFor = Math.max(FEW, 2 * queue.size());
        }
        queue.add(new Due(mail, at));
    }

    int size() {
        return queue.size();
    }

    boolean isDue(Instant now) {
        Due first = queue.peek();
        return first != null && !first.at().isAfter(now);
    }

    Due remove() {
        return queue.remove();
    }

    /** All were added, in whatever order. */
    void restored() {
        List<Due> inOrder = new ArrayList<>(queue);
        inOrder.sort(Comparator.comparing(Due::at));
        queue.clear();
        queue.addAll(inOrder);
    }

    void clear() {
        queue.clear();
    }
}
