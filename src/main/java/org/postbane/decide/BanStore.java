package org.postbane.decide;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.postbane.decide.Decision.Cause;
import org.postbane.model.Subject;

/** Keeps bans over restarts. What was saved becomes durable with the batch it belongs to. */
public interface BanStore {

    /**
     * Visits all bans that were saved and not ended, whatever the time, in any order, as they are read.
     *
     * @param visitor must not use this store
     */
    void forEachInForce(Consumer<Ban> visitor);

    /** Those that {@link #forEachInForce} visits. */
    default List<Ban> inForce() {
        List<Ban> bans = new ArrayList<>();
        forEachInForce(bans::add);
        return bans;
    }

    /** Puts the ban in force, in the place of the one of the same subject and jail. */
    void save(Ban ban);

    /** Takes the ban of this subject and jail out of force and into the history. */
    void end(Ban ban, Instant at, Cause cause);

    /** How many bans of this subject and jail have ended so far, within the retention. */
    int earlier(Subject subject, String jail);

    /** Forgets ended bans that ended before {@code before}; a slice of them at a time. */
    void forgetEndedBefore(Instant before);
}
