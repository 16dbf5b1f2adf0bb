package org.postbane.record;

import java.util.Optional;
import org.postbane.host.DatabaseSettings;

/**
 * Records in a database: the keys {@code url} and those that follow it in section {@code [record]}.
 *
 * @param database where to
 * @param query for each message that was judged bad or hit a trap
 * @param statistics for each message that was judged, clean ones too
 * @param outbox how many messages are kept while the server is away; then the oldest are given up
 */
public record SqlSettings(
        DatabaseSettings database, Optional<RecordStatement> query, Optional<RecordStatement> statistics, int outbox) {

    public SqlSettings {
        if (query.isEmpty() && statistics.isEmpty()) {
            throw new IllegalArgumentException("neither query nor statistics");
        }
        if (outbox < 1) {
            throw new IllegalArgumentException("an outbox for %d records".formatted(outbox));
        }
    }
}
