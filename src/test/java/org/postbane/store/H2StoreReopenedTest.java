package org.postbane.store;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The contract with a clean restart between saving and reading. */
final class H2StoreReopenedTest extends StateStoreContract {

    @TempDir
    Path directory;

    @Override
    StateStore open() throws StoreException {
        return H2Store.open("jdbc:h2:file:" + directory.resolve("state"));
    }

    @Override
    void pass() throws StoreException {
        store.sync();
        store.close();
        store = open();
    }
}
