package org.postbane.store;

import java.time.Instant;
import org.postbane.correlate.OpenMessageStore;
import org.postbane.decide.BanStore;
import org.postbane.score.ScoreStore;
import org.postbane.source.PositionStore;

/**
 * All that must outlive a restart, behind one door, so that a batch (read positions, open messages, scores, bans) is one
 * transaction: after a crash either all of it is there or nothing.
 *
 * <p>What is saved can be read at once, and becomes durable by {@link #commit}. Times are kept in microseconds: a ban
 * ends at the next whole one, other times are cut; {@link java.time.Instant#MAX} stays exactly that, and so becomes
 * every time beyond the year 294,000. From one thread.
 */
public interface StateStore extends PositionStore, OpenMessageStore, ScoreStore, BanStore, AutoCloseable {

    /** Longest row of {@link #saveRow}, in bytes; a longer one is refused with {@link IllegalArgumentException}. */
    int MAX_ROW = 1 << 20;

    /**
     * Makes durable, in one transaction, everything saved since the last commit: from now on it survives the death of the
     * process. If it fails, what was saved is kept and goes with the next call: nothing is lost, nothing counts twice.
     */
    void commit() throws StoreException;

    /** A {@link #commit} that survives a power failure too. Before a ban is enforced. */
    void sync() throws StoreException;

    /**
     * Keeps a copy of all that was committed, from which a damaged store is restored at the next {@link H2Store#open}. Takes a
     * second for some ten MiB. What goes wrong is logged, and harms nothing else.
     *
     * @param at now, for its name
     */
    void snapshot(Instant at) throws StoreException;

    /** Releases the store. What was saved since the last commit is dropped, as a crash would: half a batch is none. */
    @Override
    void close() throws StoreException;
}
