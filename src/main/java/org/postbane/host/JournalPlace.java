package org.postbane.host;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which journal, and which of its entries.
 *
 * @param path a directory of journal files, or one file; null for the journal of this system
 * @param matches entries are wanted that match one of these groups. In a group stand {@code FIELD=value}; those of the same
 *     field are alternatives, those of different fields must all hold. No group: all entries
 */
public record JournalPlace(@Nullable Path path, List<List<String>> matches) {
    public JournalPlace {
        if (path != null && !path.isAbsolute()) {
            throw new IllegalArgumentException(path + " is not absolute"); // journalctl -f --file wants it so
        }
        matches = matches.stream().map(List::copyOf).toList();
    }

    /** All entries of the same journal. */
    JournalPlace unmatched() {
        return new JournalPlace(path, List.of());
    }
}
