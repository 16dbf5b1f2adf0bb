package org.postbane.config;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.postbane.model.Judgement;
import org.postbane.parse.MailFilter;
import org.postbane.parse.Software;

/** Reads {@code filters/NAME.conf} and {@code NAME.local} of the built-in mail filter. Every key must be there. */
final class FilterReader {

    /** Keys of {@code [Definition]}: the programs, and the verdicts by the names of {@link Judgement} in lower case. */
    private static final String SILENT = "silent";

    static final Set<String> KEYS = keys();

    private final ConfigFolder folder;
    private final Faults faults;

    FilterReader(ConfigFolder folder, Faults faults) {
        this.folder = folder;
        this.faults = faults;
    }

    /** @param caller where the source names it */
    Optional<MailFilter> read(String name, Place caller) {
        int before = faults.count();
        List<IniFile> layers = folder.layers("filters/" + name);
        if (layers.isEmpty()) {
            faults.add(caller, "filter", "unknown filter '%s': there is no filters/%s.conf".formatted(name, name));
            return Optional.empty();
        }
        Map<String, Section> sections = Section.merge(
                layers.stream().flatMap(file -> file.sections().stream()).toList(), faults);
        Section.refuseOthers(sections, List.of("Definition"), faults);
        Section definition = sections.getOrDefault(
                "Definition", new Section("Definition", new Place(layers.get(0).file(), 0, false), null, faults));
        definition.refuseOthers(KEYS);
        definition.required("builtin", "mail", FilterReader::mail);
        Map<Software, Set<String>> programs = new EnumMap<>(Software.class);
        for (Software software : Software.values()) {
            programs.put(software, words(definition, software.key()));
        }
        refuseSharedNames(programs, definition);
        MailFilter filter = new MailFilter(programs, categories(definition), words(definition, SILENT));
        return faults.count() > before ? Optional.empty() : Optional.of(filter);
    }

    /** Postfix's are services, told from other programs' names by the slash before them. */
    private static void refuseSharedNames(Map<Software, Set<String>> programs, Section definition) {
        Map<String, Software> byName = new HashMap<>();
        programs.forEach((software, names) -> {
            for (String name : software == Software.POSTFIX ? Set.<String>of() : names) {
                Software other = byName.putIfAbsent(name, software);
                if (other != null) {
                    definition.fault(software.key(), "'%s' stands under %s already".formatted(name, other.key()));
                }
            }
        });
    }

    private static Set<String> keys() {
        Set<String> keys = new TreeSet<>(Set.of("builtin", SILENT));
        for (Software software : Software.values()) {
            keys.add(software.key());
        }
        for (Judgement judgement : Judgement.values()) {
            keys.add(key(judgement));
        }
        return Set.copyOf(keys);
    }

    private static String key(Judgement judgement) {
        return judgement.name().toLowerCase(Locale.ROOT);
    }

    private static String mail(String text) {
        if (!text.equals("mail")) {
            throw new IllegalArgumentException("'%s' is no built-in filter; expected mail".formatted(text));
        }
        return text;
    }

    private static Set<String> words(Section definition, String key) {
        return definition
                .required(
                        key, "words, or nothing after the '='", text -> (Set<String>) new TreeSet<>(Values.words(text)))
                .orElse(Set.of());
    }

    private static Map<String, Judgement> categories(Section definition) {
        Map<String, Judgement> categories = new HashMap<>();
        for (Judgement judgement : Judgement.values()) {
            String key = key(judgement);
            for (String word : words(definition, key)) {
                Judgement other = categories.putIfAbsent(word, judgement);
                if (other != null) {
                    definition.fault(key, "'%s' stands under %s already".formatted(word, key(other)));
                }
            }
        }
        return categories;
    }
}
