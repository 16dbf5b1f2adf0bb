package org.postbane.host;

import org.junit.jupiter.api.BeforeEach;
import org.postbane.testing.Needs;

class LibSystemdTest extends JournalContract {

    @BeforeEach
    void needLibrary() {
        Needs.installed(LibSystemd.isPresent(), "libsystemd.so.0", "libsystemd0");
    }

    @Override
    Journal journal(JournalPlace place) {
        return new LibSystemd(place);
    }
}
