package org.postbane.config;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The keys of one action, as a kind of action asks for them: each with the value that it has where nobody sets it. A bad
 * value is noted as a fault at its own place, and the default is handed out in its stead so that the rest is looked at too.
 */
final class ActionKeys {

    private final String name;
    private final Place whole;
    private final Map<String, Entry> entries;
    private final Faults faults;
    private final Set<String> known = new TreeSet<>();

    /**
     * @param name of the action, with what a jail overrides
     * @param whole for faults of the action as a whole
     * @param entries of {@code [Init]}, overridden where the jail does so
     */
    ActionKeys(String name, Place whole, Map<String, Entry> entries, Faults faults) {
        this.name = name;
        this.whole = whole;
        this.entries = entries;
        this.faults = faults;
    }

    String name() {
        return name;
    }

    /**
     * A value.
     *
     * @param standard its text where the key is missing; {@code reader} must take it
     * @param reader throws IllegalArgumentException, whose message becomes the fault
     */
    <T> T value(String key, String standard, Function<String, T> reader) {
        known.add(key);
        Entry entry = entries.get(key);
        if (entry != null) {
            try {
                return reader.apply(entry.value());
            } catch (IllegalArgumentException e) {
                faults.add(entry.place(), key, String.valueOf(e.getMessage()));
            }
        }
        return reader.apply(standard);
    }

    /** Notes what is wrong with several keys together, at the first of them that is set. */
    void fault(String key, String why) {
        Entry entry = entries.get(key);
        faults.add(entry == null ? whole : entry.place(), key, why);
    }

    /** To be called last: notes each key that nobody asked for. */
    void refuseOthers() {
        for (Entry entry : entries.values()) {
            if (!known.contains(entry.key())) {
                faults.add(
                        entry.place(),
                        entry.key(),
                        "unknown key of this kind of action; known are " + String.join(", ", known));
            }
        }
    }
}
