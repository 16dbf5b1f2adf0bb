package org.postbane.parse;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postbane.model.Judgement;

/**
 * What {@code filters/mail.conf} says: which programs are read, and what amavis's words mean; and the administrator's own filters. Names are whole program names
 * of syslog headers, or their last part after a slash.
 *
 * @param services Postfix's that are read, {@code smtpd}: only names with a slash are Postfix's, as a plain {@code smtpd} is another
 *     program
 * @param programs by name, without Postfix's
 * @param categories amavis's words, without minor numbers, and what they mean
 * @param silent names of programs that are known to state nothing; one that is under {@code programs}, too, is read
 * @param own the administrator's, in their order
 */
public record MailFilter(
        Set<String> services,
        Map<String, Software> programs,
        Map<String, Judgement> categories,
        Set<String> silent,
        List<RegexFilter> own) {

    public MailFilter {
        services = Set.copyOf(services);
        programs = Map.copyOf(programs);
        categories = Map.copyOf(categories);
        silent = Set.copyOf(silent);
        own = List.copyOf(own);
    }

    /** @param programs names of each software, of Postfix its services; none of the others under two */
    public MailFilter(Map<Software, Set<String>> programs, Map<String, Judgement> categories, Set<String> silent) {
        this(programs.getOrDefault(Software.POSTFIX, Set.of()), byName(programs), categories, silent, List.of());
    }

    private static Map<String, Software> byName(Map<Software, Set<String>> programs) {
        Map<String, Software> byName = new HashMap<>();
        programs.forEach((software, names) -> {
            if (software != Software.POSTFIX) {
                names.forEach(name -> byName.put(name, software));
            }
        });
        return byName;
    }

    /** With no program that is known to state nothing. */
    public MailFilter(Map<Software, Set<String>> programs, Map<String, Judgement> categories) {
        this(programs, categories, Set.of());
    }

    /** With these filters of the administrator's, besides. */
    public MailFilter with(List<RegexFilter> filters) {
        return new MailFilter(services, programs, categories, silent, filters);
    }

    /** The administrator's filters for a program. */
    List<RegexFilter> own(String program) {
        return own.stream().filter(filter -> filter.reads(program)).toList();
    }

    /** Whether the program {@code program} of a syslog header is known to state nothing, so that its lines are not unread. */
    public boolean isSilent(String program) {
        return silent.contains(program) || silent.contains(lastPart(program));
    }

    /** Whether lines of this software are read at all. */
    public boolean reads(Software software) {
        return software == Software.POSTFIX ? !services.isEmpty() : programs.containsValue(software);
    }

    /** The software that logs under the name {@code program} of a syslog header; null if it is none that is read. */
    public @Nullable Software software(String program) {
        if (postfixService(program) != null) {
            return Software.POSTFIX;
        }
        Software whole = programs.get(program);
        Software software = whole != null ? whole : programs.get(lastPart(program));
        boolean path = program.indexOf('/') >= 0;
        return path && software == Software.OPENSMTPD ? null : software; // postfix/smtpd of a service that is not read
    }

    private static String lastPart(String program) {
        return program.substring(program.lastIndexOf('/') + 1);
    }

    /** The service of Postfix that a program name from a syslog header stands for ({@code smtpd}); null if it is none that is read. */
    public @Nullable String postfixService(String program) {
        String last = lastPart(program);
        return program.indexOf('/') >= 0 && (services.contains(program) || services.contains(last)) ? last : null;
    }

    /**
     * What a category means: that of the word itself, or of the longest beginning of it that ends before a hyphen
     * ({@code BAD-HEADER-7}, {@code UNCHECKED-ENCRYPTED}). Null for a word that is not listed.
     */
    public @Nullable Judgement judgement(String category) {
        String word = category;
        while (true) {
            Judgement judgement = categories.get(word);
            int hyphen = word.lastIndexOf('-');
            if (judgement != null || hyphen < 0) {
                return judgement;
            }
            word = word.substring(0, hyphen);
        }
    }
}
