package org.postbane.record;

import java.util.List;
import java.util.function.ObjLongConsumer;

/**
 * Records that a database of others is still to get, kept on our own disk, oldest first; and beside them those that are still being
 * gathered. What is added, kept and removed becomes durable with the commit of the batch. From the pipeline thread.
 */
public interface RecordOutbox {

    /** The name of this outbox: made by chance when it was made, so that its numbers are not taken for another's. */
    String identity();

    /** Adds a record, which gets the next number. */
    void add(byte[] content);

    /** The oldest records that are on disk, in order of their numbers. */
    List<Row> oldest(int most);

    /** All up to this number have arrived, or are given up; they are removed. */
    void sent(long upTo);

    /** How many are waiting. */
    long waiting();

    /** The number of the newest record ever added; 0 if there was none. */
    long newest();

    /** Keeps what is known so far of a record that is not complete, in the place of what was kept under this number. */
    void keep(long number, byte[] content);

    /** The record of this number, kept or not, is complete, or given up. */
    void drop(long number);

    /** Visits what is kept on disk, in order of the numbers. To be called before the first {@link #keep}. */
    void forEachKept(ObjLongConsumer<byte[]> visitor);

    /** One of them. */
    final class Row {

        private final long id;
        private final byte[] content;

        /** @param id greater than that of all older ones, never used again */
        public Row(long id, byte[] content) {
            this.id = id;
            this.content = content.clone();
        }

        public long id() {
            return id;
        }

        public byte[] content() {
            return content.clone();
        }
    }
}
