package org.postbane.config;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.postbane.model.Judgement;
import org.postbane.parse.MailFilter;

/** Reads {@code filters/NAME.conf} and {@code NAME.local} of the built-in mail filter. Every key must be there. */
final class FilterReader {

    /** Keys of {@code [Definition]}; those of the verdicts are the names of {@link Judgement} in lower case. */
    static final Set<String> KEYS = Set.of(
            "builtin",
            "postfix",
            "amavis",
            "spamd",
            "dovecot",
            MailFilter.EXIM,
            MailFilter.SENDMAIL,
            MailFilter.OPENSMTPD,
            "clean",
            "spam",
            "virus",
            "banned",
            "unchecked",
            "temporary");

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
        MailFilter filter = new MailFilter(
                words(definition, "postfix"),
                words(definition, "amavis"),
                words(definition, "spamd"),
                words(definition, "dovecot"),
                categories(definition),
                Map.of(
                        MailFilter.EXIM, words(definition, MailFilter.EXIM),
                        MailFilter.SENDMAIL, words(definition, MailFilter.SENDMAIL),
                        MailFilter.OPENSMTPD, words(definition, MailFilter.OPENSMTPD)));
        return faults.count() > before ? Optional.empty() : Optional.of(filter);
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
            String key = judgement.name().toLowerCase(Locale.ROOT);
            for (String word : words(definition, key)) {
                Judgement other = categories.putIfAbsent(word, judgement);
                if (other != null) {
                    definition.fault(
                            key,
                            "'%s' stands under %s already"
                                    .formatted(word, other.name().toLowerCase(Locale.ROOT)));
                }
            }
        }
        return categories;
    }
}
