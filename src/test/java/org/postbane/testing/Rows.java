package org.postbane.testing;

import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import org.postbane.correlate.OpenMessageStore;

/** Rows of open messages in memory. */
public final class Rows implements OpenMessageStore {

    private final Map<String, byte[]> rows = new HashMap<>();

    public int size() {
        return rows.size();
    }

    @Override
    public void forEachRow(BiConsumer<String, byte[]> visitor) {
        rows.forEach(visitor);
    }

    @Override
    public void saveRow(String key, byte[] row) {
        rows.put(key, row);
    }

    @Override
    public void removeRow(String key) {
        rows.remove(key);
    }
}
