package org.postbane.act;

import java.time.Instant;

/** Brings news to whoever is to be told. */
interface Courier extends AutoCloseable {

    /** Brings the oldest of what waits, and notes what has arrived, also where it fails half-way. */
    void bring(Backlog waiting, Instant now) throws ActionException;

    @Override
    default void close() {}
}
