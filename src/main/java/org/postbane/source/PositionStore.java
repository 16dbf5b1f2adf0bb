package org.postbane.source;

import java.util.Optional;

/** Keeps read positions over restarts. What was saved becomes durable with the batch it belongs to. */
public interface PositionStore {

    /** @param source the name of the source in the configuration */
    Optional<Position> position(String source);

    void save(String source, Position position);
}
