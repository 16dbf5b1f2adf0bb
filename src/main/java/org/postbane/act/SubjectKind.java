package org.postbane.act;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.postbane.model.Subject;

/** The kinds of subject that a place can hold, in the words of the configuration. */
public enum SubjectKind {
    /** An address or network; Postfix asks for it by {@code check_client_access}. */
    CLIENT,
    /** A login; {@code check_sasl_access}. */
    ACCOUNT,
    /** An envelope sender; {@code check_sender_access}. */
    SENDER;

    /** The kind that {@code subject} is of. */
    public static SubjectKind of(Subject subject) {
        if (subject instanceof Subject.Client) {
            return CLIENT;
        }
        if (subject instanceof Subject.Account) {
            return ACCOUNT;
        }
        if (subject instanceof Subject.Sender) {
            return SENDER;
        }
        throw new AssertionError(subject);
    }

    /** The address, network, login or sender, without the word that says which it is. */
    static String bare(Subject subject) {
        if (subject instanceof Subject.Account account) {
            return account.login();
        }
        return subject instanceof Subject.Sender sender ? sender.address() : subject.toString();
    }

    /** The kind of this name, in lower case. */
    public static SubjectKind parse(String text) {
        return Arrays.stream(values())
                .filter(kind -> kind.word().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("'%s': expected %s"
                        .formatted(
                                text,
                                Arrays.stream(values()).map(SubjectKind::word).collect(Collectors.joining(", ")))));
    }

    /** Several, between blanks or commas. */
    public static Set<SubjectKind> parseSome(String text) {
        Set<SubjectKind> kinds = EnumSet.noneOf(SubjectKind.class);
        for (String word : text.strip().split("[\\s,]+", -1)) {
            kinds.add(parse(word));
        }
        return kinds;
    }

    /** As the configuration writes it. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
