package org.postbane.parse;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postbane.model.Judgement;

/**
 * Which programs' lines the built-in filter reads, and what amavis's verdicts mean: {@code filters/mail.conf}.
 *
 * <p>A name with a slash is a whole program name; one without is the last part of a name: {@code smtpd} is {@code
 * postfix/smtpd} and {@code postfix/submission/smtpd}.
 *
 * @param postfix Postfix's services. One without a slash matches only names that have one, since a plain {@code smtpd} is
 *     another program
 * @param amavis names of amavis
 * @param spamd names of SpamAssassin's daemon
 * @param dovecot names of Dovecot
 * @param categories amavis's words, without minor numbers, and what they mean
 * @param others names of other mail servers, by {@link #EXIM}, {@link #SENDMAIL}, {@link #OPENSMTPD}
 */
public record MailFilter(
        Set<String> postfix,
        Set<String> amavis,
        Set<String> spamd,
        Set<String> dovecot,
        Map<String, Judgement> categories,
        Map<String, Set<String>> others) {

    public static final String EXIM = "exim";
    public static final String SENDMAIL = "sendmail";
    public static final String OPENSMTPD = "opensmtpd";

    public MailFilter {
        postfix = Set.copyOf(postfix);
        amavis = Set.copyOf(amavis);
        spamd = Set.copyOf(spamd);
        dovecot = Set.copyOf(dovecot);
        categories = Map.copyOf(categories);
        others = Map.copyOf(others);
    }

    /** Without other mail servers than Postfix. */
    public MailFilter(
            Set<String> postfix,
            Set<String> amavis,
            Set<String> spamd,
            Set<String> dovecot,
            Map<String, Judgement> categories) {
        this(postfix, amavis, spamd, dovecot, categories, Map.of());
    }

    /** Whether {@code program} is that other mail server. */
    public boolean isOther(String server, String program) {
        return names(others.getOrDefault(server, Set.of()), program);
    }

    /** The service of Postfix that a program name from a syslog header stands for ({@code smtpd}); null if it is none that is read. */
    public @Nullable String postfixService(String program) {
        int slash = program.lastIndexOf('/');
        String last = program.substring(slash + 1);
        return slash >= 0 && (postfix.contains(program) || postfix.contains(last)) ? last : null;
    }

    public boolean isAmavis(String program) {
        return names(amavis, program);
    }

    public boolean isSpamd(String program) {
        return names(spamd, program);
    }

    public boolean isDovecot(String program) {
        return names(dovecot, program);
    }

    private static boolean names(Set<String> names, String program) {
        return names.contains(program) || names.contains(program.substring(program.lastIndexOf('/') + 1));
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
