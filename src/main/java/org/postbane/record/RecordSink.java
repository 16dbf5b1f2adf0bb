package org.postbane.record;

import java.io.IOException;
import java.util.List;

/**
 * A place that keeps records: a log, a file, a table of a database. Called on the pipeline thread, after the batch that the
 * records come from is on disk.
 */
interface RecordSink {

    /**
     * Keeps all of {@code messages}, in order.
     *
     * @throws IOException if it cannot: then it is asked again with the same and later ones
     */
    void write(List<RecordedMessage> messages) throws IOException;

    /** For people: the path, or the name. */
    @Override
    String toString();
}
