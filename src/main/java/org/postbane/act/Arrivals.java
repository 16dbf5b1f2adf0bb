package org.postbane.act;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;

/**
 * Bans on their way from who reads them to an action that enforces the first while others are to come. One thread puts them
 * in, another takes them out and waits for them.
 *
 * <p>Memory: without a bound, but all of these bans are kept anyway by who puts them in.
 */
final class Arrivals implements Iterator<List<Ban>> {

    private static final List<Ban> END = new ArrayList<>(); // told from an empty part by its identity
    private static final List<Ban> CANCEL = new ArrayList<>();

    private final BlockingQueue<List<Ban>> parts = new LinkedBlockingQueue<>();
    /** What changed of bans that were put in before; written before the end, read after it. */
    private final List<Decision> changes = new ArrayList<>();

    private @Nullable List<Ban> next;

    /** @param later takes effect after all bans */
    void put(List<Ban> part, List<Decision> later) {
        changes.addAll(later);
        parts.add(part);
    }

    void end() {
        parts.add(END);
    }

    /** There will be no more; who waits for the next part is told by a {@link CancellationException}. After the end: nothing. */
    void cancel() {
        parts.add(CANCEL);
    }

    @Override
    public boolean hasNext() {
        if (next == null) {
            try {
                next = parts.take();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                next = CANCEL;
            }
        }
        if (next == CANCEL) {
            throw new CancellationException("not all bans have arrived");
        }
        return next != END;
    }

    @Override
    public List<Ban> next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        List<Ban> part = next == null ? END : next;
        next = null;
        return part;
    }

    /** After the end. */
    List<Decision> changes() {
        return changes;
    }
}
