package org.postbane.correlate;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Verdicts that name a Message-ID only, in the order in which they came; also by that. Bounded by whoever adds to it. */
final class Waiting {

    private final List<Unplaced> all = new ArrayList<>();
    private final Map<String, List<Unplaced>> byKey = new HashMap<>();

    void add(Unplaced verdict) {
        all.add(verdict);
        byKey.computeIfAbsent(verdict.key, key -> new ArrayList<>(1)).add(verdict);
    }

    /** In the order in which they came. A view. */
    List<Unplaced> all() {
        return Collections.unmodifiableList(all);
    }

    /** Those on this Message-ID, likewise. */
    List<Unplaced> on(String key) {
        List<Unplaced> verdicts = byKey.get(key);
        return verdicts == null ? List.of() : Collections.unmodifiableList(verdicts);
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    int size() {
        return all.size();
    }

    Unplaced removeOldest() {
        Unplaced oldest = all.remove(0);
        forget(oldest);
        return oldest;
    }

    /** Whether any was removed. */
    boolean removeIf(Predicate<Unplaced> over) {
        return all.removeIf(verdict -> {
            boolean is = over.test(verdict);
            if (is) {
                forget(verdict);
            }
            return is;
        });
    }

    private void forget(Unplaced verdict) {
        List<Unplaced> alike = byKey.getOrDefault(verdict.key, List.of());
        if (alike.size() > 1) {
            alike.remove(verdict);
        } else {
            byKey.remove(verdict.key);
        }
    }
}
