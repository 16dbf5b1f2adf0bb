package org.postbane.score;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Kinds of misdeed that a jail can weigh. In the configuration in lower case with hyphens: {@code auth-failure}. */
public enum OffenceKind {
    /** A message judged spam; as many as it has victims. */
    SPAM,
    /** A message with malware; as many as it has victims. */
    VIRUS,
    /** A message with a forbidden attachment; as many as it has victims. */
    BANNED,
    /** A message addressed to a trap. */
    TRAP,
    /** A failed login. */
    AUTH_FAILURE,
    /** A command refused with 5xx. */
    REJECT;

    /** As in the configuration. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The kind with this word; the message of the exception lists all words. */
    public static OffenceKind ofWord(String word) {
        return Arrays.stream(values())
                .filter(kind -> kind.word().equals(word))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("'" + word + "' is none of "
                        + Arrays.stream(values()).map(OffenceKind::word).collect(Collectors.joining(", "))));
    }
}
