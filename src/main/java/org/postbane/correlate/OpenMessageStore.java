package org.postbane.correlate;

import java.util.function.BiConsumer;

/**
 * Keeps what the correlator has not finished with over restarts: rows that only the correlator understands, by key. What
 * was saved becomes durable with the batch it belongs to.
 */
public interface OpenMessageStore {

    /** Hands each row on, in no particular order. */
    void forEachRow(BiConsumer<String, byte[]> visitor);

    /** Adds the row, or replaces the one with this key. {@code key} has at most 200 characters. */
    void saveRow(String key, byte[] row);

    /** Does nothing where there is no such row. */
    void removeRow(String key);
}
