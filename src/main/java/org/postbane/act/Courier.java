package org.postbane.act;

import java.time.Instant;
import java.util.ArrayDeque;

/** Brings news to whoever is to be told. */
interface Courier extends AutoCloseable {

    /**
     * Brings the oldest of what waits, and removes what has arrived.
     *
     * @param dropped how much more there was
     */
    void bring(ArrayDeque<News> waiting, long dropped, Instant now) throws ActionException;

    @Override
    default void close() {}
}
