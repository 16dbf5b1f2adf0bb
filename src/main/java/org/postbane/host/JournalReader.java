package org.postbane.host;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Goes through a journal, entry by entry, over rotation and vacuum. To be used from one thread. */
public interface JournalReader extends AutoCloseable {

    /**
     * The next entry.
     *
     * @param patience when following, the longest wait
     * @return null if there was none in that time, or, when not following, if there are no more
     * @throws IOException the journal cannot be read further; to be opened anew
     */
    @Nullable
    JournalEntry next(Duration patience) throws IOException, InterruptedException;

    @Override
    void close();
}
