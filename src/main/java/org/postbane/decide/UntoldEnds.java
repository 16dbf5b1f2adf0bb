package org.postbane.decide;

import java.util.function.Consumer;

/**
 * Remembers, over restarts, of which ended bans it is not certain that all places have been told. For places that cannot be asked
 * what they hold: nobody else could tell them what ended while no agent ran, or when it was killed. From the pipeline thread.
 */
public interface UntoldEnds {

    /** More of them are not told: the newest are. */
    int MOST = 100_000;

    /**
     * Visits the bans that have ended and of whose end not all may know, at most {@value #MOST}, the newest. The first call of all
     * visits none.
     *
     * @param visitor must not use the store
     */
    void forEachUntold(Consumer<Ban> visitor);

    /** All ends that were committed until now are known to all. Becomes durable with the next commit. */
    void allTold();
}
