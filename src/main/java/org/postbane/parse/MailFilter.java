package org.postbane.parse;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postbane.model.Judgement;

/**
 * What {@code filters/mail.conf} says: which programs are read, and what amavis's words mean. Names are whole program names
 * of syslog headers, or their last part after a slash.
 *
 * @param programs names of each software; of Postfix, the services that are read, {@code smtpd}: only names with a slash
 *     are Postfix's, as a plain {@code smtpd} is another program
 * @param categories amavis's words, without minor numbers, and what they mean
 * @param silent names of programs that are known to state nothing; one that is under {@code programs}, too, is read
 */
public record MailFilter(Map<Software, Set<String>> programs, Map<String, Judgement> categories, Set<String> silent) {

    public MailFilter {
        programs = Map.copyOf(programs);
        categories = Map.copyOf(categories);
        silent = Set.copyOf(silent);
    }

    /** With no program that is known to state nothing. */
    public MailFilter(Map<Software, Set<String>> programs, Map<String, Judgement> categories) {
        this(programs, categories, Set.of());
    }

    /** Whether the program {@code program} of a syslog header is known to state nothing, so that its lines are not unread. */
    public boolean isSilent(String program) {
        return silent.contains(program) || silent.contains(program.substring(program.lastIndexOf('/') + 1));
    }

    /** Whether lines of this software are read at all. */
    public boolean reads(Software software) {
        return !names(software).isEmpty();
    }

    /** The software that logs under the name {@code program} of a syslog header; null if it is none that is read. */
    public @Nullable Software software(String program) {
        if (postfixService(program) != null) {
            return Software.POSTFIX;
        }
        boolean path = program.indexOf('/') >= 0;
        String last = program.substring(program.lastIndexOf('/') + 1);
        for (Software software : Software.values()) {
            Set<String> names = names(software);
            boolean whole =
                    software == Software.OPENSMTPD; // postfix/smtpd of a service that is not read is not OpenSMTPD's
            if (software != Software.POSTFIX
                    && (names.contains(program) && !(whole && path) || !whole && names.contains(last))) {
                return software;
            }
        }
        return null;
    }

    /** The service of Postfix that a program name from a syslog header stands for ({@code smtpd}); null if it is none that is read. */
    public @Nullable String postfixService(String program) {
        int slash = program.lastIndexOf('/');
        String last = program.substring(slash + 1);
        Set<String> services = names(Software.POSTFIX);
        return slash >= 0 && (services.contains(program) || services.contains(last)) ? last : null;
    }

    private Set<String> names(Software software) {
        return programs.getOrDefault(software, Set.of());
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
