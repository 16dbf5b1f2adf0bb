package org.postbane.record;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where records go: section {@code [record]}.
 *
 * @param log into the agent's own log
 * @param file appended to; empty for none
 * @param sql rows of a database; empty for none
 */
public record RecordSettings(boolean log, Optional<Path> file, Optional<SqlSettings> sql) {

    public static final RecordSettings NONE = new RecordSettings(false, Optional.empty(), Optional.empty());

    /** Whether anybody wants records. */
    public boolean isWanted() {
        return log || file.isPresent() || sql.isPresent();
    }
}
