package org.postbane.config;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The faults found so far, in the order in which they were found, each once: a bad value of {@code [DEFAULT]} is met again
 * in every jail. Not for several threads.
 */
final class Faults {

    private final Set<String> texts = new LinkedHashSet<>();

    /** @param key the key, or {@code [section]} */
    void add(Place place, String key, String why) {
        texts.add(text(place, key, why));
    }

    /** About a line or file as a whole. */
    void add(Place place, String why) {
        texts.add(place + ": " + why);
    }

    static String text(Place place, String key, String why) {
        return place + " " + key + ": " + why;
    }

    int count() {
        return texts.size();
    }

    void throwIfAny() throws ConfigException {
        if (!texts.isEmpty()) {
            throw new ConfigException(List.copyOf(texts));
        }
    }
}
