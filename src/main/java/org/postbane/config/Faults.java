package org.postbane.config;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The faults found so far, each once: a bad value of {@code [DEFAULT]} is met again in every jail. In the order of the lines
 * of each file, the files as they came. Not for several threads.
 */
final class Faults {

    private final Map<String, TreeMap<Integer, Set<String>>> byFile = new LinkedHashMap<>();
    private int count;

    /** @param key the key, or {@code [section]} */
    void add(Place place, String key, String why) {
        put(place, place + " " + key + ": " + why);
    }

    /** About a line or file as a whole. */
    void add(Place place, String why) {
        put(place, place + ": " + why);
    }

    private void put(Place place, String text) {
        count++;
        byFile.computeIfAbsent(place.file(), file -> new TreeMap<>())
                .computeIfAbsent(place.line(), line -> new LinkedHashSet<>())
                .add(text);
    }

    /** How often a fault was noted, repetitions included: if this did not grow, what was read meanwhile is right. */
    int count() {
        return count;
    }

    void throwIfAny() throws ConfigException {
        if (count > 0) {
            List<String> texts = byFile.values().stream()
                    .flatMap(lines -> lines.values().stream())
                    .flatMap(Set::stream)
                    .toList();
            throw new ConfigException(texts);
        }
    }
}
