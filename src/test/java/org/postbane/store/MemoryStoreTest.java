package org.postbane.store;

final class MemoryStoreTest extends StateStoreContract {

    @Override
    StateStore open() {
        return new MemoryStore();
    }

    @Override
    void pass() throws StoreException {
        store.sync();
    }
}
