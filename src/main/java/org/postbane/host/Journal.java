package org.postbane.host;

import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A systemd journal: the system's own, or files of one. */
public interface Journal {

    /** The cursor of the last entry, also of one that does not match; empty if there is none. */
    Optional<String> lastCursor() throws IOException;

    /**
     * Opens it.
     *
     * @param after the cursor of the last entry that is not wanted any more; null to begin at the first. If that entry is
     *     gone by now (vacuum), it begins with the first one that is younger
     * @param follow to wait for new entries at the end
     */
    JournalReader read(@Nullable String after, boolean follow) throws IOException;

    /** Through libsystemd where it can be loaded, since that needs no second process; through journalctl elsewhere. */
    static Journal open(JournalPlace place) {
        return LibSystemd.isPresent() ? new LibSystemd(place) : new Journalctl(place);
    }
}
