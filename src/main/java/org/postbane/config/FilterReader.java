package org.postbane.config;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.postbane.model.Judgement;
import org.postbane.parse.MailFilter;
import org.postbane.parse.RegexFilter;
import org.postbane.parse.Software;

/**
 * Reads {@code filters/NAME.conf} and {@code NAME.local}: the built-in mail filter, of which every key must be there, and the
 * administrator's own, which have expressions instead ({@link RegexFilter}).
 */
final class FilterReader {

    /** Keys of {@code [Definition]}: the programs, and the verdicts by the names of {@link Judgement} in lower case. */
    private static final String SILENT = "silent";

    private static final String BUILTIN = "builtin";
    private static final String EXPRESSIONS = "failregex";
    private static final String IGNORED = "ignoreregex";

    static final Set<String> KEYS = keys();

    /** Keys of a filter with expressions. */
    static final Set<String> OWN_KEYS = Set.of("program", "event", EXPRESSIONS, IGNORED);

    private final ConfigFolder folder;
    private final Faults faults;

    FilterReader(ConfigFolder folder, Faults faults) {
        this.folder = folder;
        this.faults = faults;
    }

    /**
     * @param names one built-in filter, and any number of others
     * @param caller where the source names them
     */
    Optional<MailFilter> read(List<String> names, Place caller) {
        int before = faults.count();
        MailFilter builtIn = null;
        List<RegexFilter> own = new ArrayList<>();
        for (String name : names) {
            Section definition = definition(name, caller).orElse(null);
            if (definition == null) {
                continue;
            }
            if (!definition.owns(BUILTIN) && definition.owns(EXPRESSIONS)) {
                regex(name, definition).ifPresent(own::add);
            } else if (builtIn == null) {
                builtIn = builtIn(definition);
            } else {
                definition.fault(BUILTIN, "a second built-in filter beside another one");
            }
        }
        if (builtIn == null && faults.count() == before) {
            faults.add(caller, "filter", "names no built-in filter; expected mail, and others after it");
        }
        return builtIn == null || faults.count() > before ? Optional.empty() : Optional.of(builtIn.with(own));
    }

    private Optional<Section> definition(String name, Place caller) {
        List<IniFile> layers = folder.layers("filters/" + name);
        if (layers.isEmpty()) {
            faults.add(caller, "filter", "unknown filter '%s': there is no filters/%s.conf".formatted(name, name));
            return Optional.empty();
        }
        Map<String, Section> sections = Section.merge(
                layers.stream().flatMap(file -> file.sections().stream()).toList(), faults);
        Section.refuseOthers(sections, List.of("Definition"), faults);
        return Optional.of(sections.getOrDefault(
                "Definition", new Section("Definition", new Place(layers.get(0).file(), 0, false), null, faults)));
    }

    private static Optional<RegexFilter> regex(String name, Section definition) {
        definition.refuseOthers(OWN_KEYS);
        Optional<Set<String>> programs = definition.required("program", "names of programs in the log", text -> {
            Set<String> words = new TreeSet<>(Values.words(text));
            if (words.isEmpty()) {
                throw new IllegalArgumentException("names no program");
            }
            return words;
        });
        Optional<RegexFilter.Event> event = definition.required("event", "e.g. auth-failure", RegexFilter.Event::of);
        if (event.isEmpty()) {
            return Optional.empty();
        }
        Optional<List<String>> expressions =
                definition.lines(EXPRESSIONS, text -> each(text, line -> RegexFilter.expression(line, event.get())));
        Optional<List<String>> ignored = definition.owns(IGNORED)
                ? definition.lines(IGNORED, text -> each(text, RegexFilter::ignored))
                : Optional.of(List.of());
        if (programs.isEmpty() || expressions.isEmpty() || ignored.isEmpty()) {
            return Optional.empty();
        }
        if (expressions.get().isEmpty()) {
            definition.fault(EXPRESSIONS, "has no expression");
            return Optional.empty();
        }
        return Optional.of(new RegexFilter(name, programs.get(), event.get(), expressions.get(), ignored.get()));
    }

    /** One expression stands on each line. */
    private static List<String> each(String text, UnaryOperator<String> reader) {
        return text.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .map(reader)
                .toList();
    }

    private static MailFilter builtIn(Section definition) {
        definition.refuseOthers(KEYS);
        definition.required(BUILTIN, "mail", FilterReader::mail);
        Map<Software, Set<String>> programs = new EnumMap<>(Software.class);
        for (Software software : Software.values()) {
            programs.put(software, words(definition, software.key()));
        }
        refuseSharedNames(programs, definition);
        return new MailFilter(programs, categories(definition), words(definition, SILENT));
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
        Set<String> keys = new TreeSet<>(Set.of(BUILTIN, SILENT));
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
