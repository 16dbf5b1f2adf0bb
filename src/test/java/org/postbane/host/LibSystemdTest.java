package org.postbane.host;

import org.junit.jupiter.api.BeforeEach;
import org.postbane.testing.Needs;

class LibSystemdTest extends JournalContract {

    @BeforeEach
    void needLibrary() {
        Needs.that(LibSystemd.isPresent(), "libsystemd.so.0 cannot be loaded");
    }

    @Override
    Journal journal(JournalPlace place) {
        return new LibSystemd(place);
    }
}
