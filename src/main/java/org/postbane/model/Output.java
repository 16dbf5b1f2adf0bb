package org.postbane.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The way out of a stage: keeps what the stage states during a call, and hands it on when the call is done. What a stage calls
 * from its depths, the JIT compiles into each of them, with all that it calls in turn; that took longer than a million lines do.
 *
 * <p>Threads: one. Memory: what one call states.
 */
public final class Output<T> implements Consumer<T> {

    private final List<T> stated = new ArrayList<>();
    private final Consumer<T> next;

    /** @param next the next stage; it does not cause this one to state more */
    public Output(Consumer<T> next) {
        this.next = next;
    }

    @Override
    public void accept(T thing) {
        stated.add(thing);
    }

    /** Whether nothing was stated since {@link #handOn}. */
    public boolean isEmpty() {
        return stated.isEmpty();
    }

    /** The call is done. */
    public void handOn() {
        for (int i = 0; i < stated.size(); i++) {
            next.accept(stated.get(i));
        }
        stated.clear();
    }
}
