package org.postbane.store;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The contract before anything is committed, but for what the tests commit. */
final class H2StoreBufferedTest extends StateStoreContract {

    @TempDir
    Path directory;

    @Override
    StateStore open() throws StoreException {
        return H2Store.open("jdbc:h2:file:" + directory.resolve("state"));
    }

    @Override
    void pass() {
        // reads see what waits
    }
}
