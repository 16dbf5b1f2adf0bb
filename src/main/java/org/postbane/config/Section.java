package org.postbane.config;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One section after all files that speak of it were laid over each other, key by key, with the section whose keys it
 * inherits. Hands out values as what they mean; a bad value is noted as a fault, and then the value is missing.
 *
 * <p>{@code %(key)s} in a value stands for the value of that key, as in fail2ban, looked up here first and then in the
 * section inherited from; {@code %%} stands for {@code %}. Keys that begin with {@code _} are free for that use.
 */
final class Section {

    static final String DEFAULT = "DEFAULT";

    /** As in Python's configparser: deeper is a circle. */
    private static final int MAX_DEPTH = 10;

    private static final int MAX_VALUE = 1 << 16;
    private static final Pattern REFERENCE = Pattern.compile("%%|%\\(([^()\\s]*)\\)s");

    private final String name;
    private final Place place;
    private final Map<String, Entry> own = new LinkedHashMap<>();
    private final @Nullable Section parent;
    private final Faults faults;

    Section(String name, Place place, @Nullable Section parent, Faults faults) {
        this.name = name;
        this.place = place;
        this.parent = parent;
        this.faults = faults;
    }

    String name() {
        return name;
    }

    /** Where its header stands: in the first file that has it. */
    Place place() {
        return place;
    }

    /** Lays entries over those that are here. */
    void override(Collection<Entry> entries) {
        entries.forEach(entry -> own.put(entry.key(), entry));
    }

    boolean owns(String key) {
        return own.containsKey(key);
    }

    /** The entry of this section, or the one inherited. */
    Optional<Entry> entry(String key) {
        Entry entry = own.get(key);
        return entry == null && parent != null ? parent.entry(key) : Optional.ofNullable(entry);
    }

    /** Own keys, in the order of the files, without those that begin with {@code _}. */
    List<String> keys() {
        return own.keySet().stream().filter(key -> !key.startsWith("_")).toList();
    }

    /** Notes each section that is none of {@code known}. */
    static void refuseOthers(Map<String, Section> sections, List<String> known, Faults faults) {
        for (Section section : sections.values()) {
            if (!known.contains(section.name)) {
                String all = known.stream().map(name -> "[" + name + "]").collect(Collectors.joining(", "));
                faults.add(section.place, "[" + section.name + "]", "unknown section; expected " + all);
            }
        }
    }

    /** Notes a fault of a key: where it stands, or at the section's header if it is missing. */
    void fault(String key, String why) {
        faults.add(entry(key).map(Entry::place).orElse(place), key, why);
    }

    /** Notes each own key that is not {@code known}. */
    void refuseOthers(Set<String> known) {
        for (Entry entry : own.values()) {
            if (!known.contains(entry.key()) && !entry.key().startsWith("_")) {
                faults.add(
                        entry.place(),
                        entry.key(),
                        "unknown key; known are " + String.join(", ", new TreeSet<>(known)));
            }
        }
    }

    /** This section with only those of its own entries that need no other section to be understood. */
    Section selfContained() {
        Section copy = new Section(name, place, null, faults);
        copy.override(own.values().stream()
                .filter(entry -> !entry.value().contains("%("))
                .toList());
        return copy;
    }

    /** A value that stands on one line. {@code reader} throws IllegalArgumentException, whose message becomes the fault. */
    <T> Optional<T> value(String key, Function<String, T> reader) {
        return lines(key, text -> {
            if (text.indexOf('\n') >= 0) {
                throw new IllegalArgumentException("continues on an indented line, but is one line long");
            }
            return reader.apply(text);
        });
    }

    /** A value that may go on over several lines. */
    <T> Optional<T> lines(String key, Function<String, T> reader) {
        Optional<Entry> entry = entry(key);
        if (entry.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(reader.apply(expand(entry.get().value(), 0)));
        } catch (IllegalArgumentException e) {
            faults.add(entry.get().place(), key, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    /** As {@link #value}, and a fault if there is none. */
    <T> Optional<T> required(String key, String expected, Function<String, T> reader) {
        if (entry(key).isEmpty()) {
            fault(key, "missing; expected " + expected);
        }
        return lines(key, reader);
    }

    private String expand(String value, int depth) {
        if (value.indexOf('%') < 0) {
            return value;
        }
        if (depth == MAX_DEPTH) {
            throw new IllegalArgumentException("%(...)s goes round in a circle or deeper than " + MAX_DEPTH);
        }
        Matcher matcher = REFERENCE.matcher(value);
        StringBuilder expanded = new StringBuilder();
        while (matcher.find()) {
            String key = matcher.group(1);
            String text = key == null
                    ? "%"
                    : expand(
                            entry(key)
                                    .orElseThrow(() -> new IllegalArgumentException(
                                            "%%(%s)s: there is no key '%s' in [%s]".formatted(key, key, name)))
                                    .value(),
                            depth + 1);
            matcher.appendReplacement(expanded, Matcher.quoteReplacement(text));
            if (expanded.length() > MAX_VALUE) {
                throw new IllegalArgumentException("longer than %d characters".formatted(MAX_VALUE));
            }
        }
        return matcher.appendTail(expanded).toString();
    }

    /**
     * Lays parts of files over each other, key by key, a later one over an earlier one. The section {@code DEFAULT} is
     * inherited by the others.
     *
     * @return by name, in the order in which the names came; {@code DEFAULT} among them only if a part has that name
     */
    static Map<String, Section> merge(List<IniFile.Part> parts, Faults faults) {
        Map<String, Section> sections = new LinkedHashMap<>();
        Place defaultsPlace = parts.stream()
                .filter(part -> part.name().equals(DEFAULT))
                .map(IniFile.Part::place)
                .findFirst()
                .orElse(new Place("[DEFAULT]", 0, true));
        Section defaults = new Section(DEFAULT, defaultsPlace, null, faults);
        for (IniFile.Part part : parts) {
            sections.computeIfAbsent(
                            part.name(),
                            name -> name.equals(DEFAULT) ? defaults : new Section(name, part.place(), defaults, faults))
                    .override(part.entries());
        }
        return sections;
    }
}
