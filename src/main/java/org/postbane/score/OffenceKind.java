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
    /** A command refused with 5xx, of whatever kind; where a jail weighs the kind as well, that counts instead. */
    REJECT,
    /** Refused with 5xx: no such recipient. */
    REJECT_UNKNOWN_USER,
    /** Refused with 5xx: no relay for strangers. */
    REJECT_RELAY,
    /** Refused with 5xx: on a DNS list. */
    REJECT_DNSBL,
    /** Refused with 5xx: a HELO name that is none. */
    REJECT_HELO,
    /** Refused with 5xx: a sender that cannot exist. */
    REJECT_SENDER,
    /** Refused with 5xx: a sender that belongs to another login. */
    REJECT_LOGIN_MISMATCH,
    /** Refused with 5xx by an access table or a policy service. */
    REJECT_ACCESS,
    /** Refused with 5xx as the sender's own domain disowns it: SPF, DKIM, DMARC. */
    REJECT_POLICY,
    /** Broke the rules of SMTP: too many errors, speaking out of turn, a web browser's request. */
    PROTOCOL_ERROR,
    /** Broke off or fell silent. */
    LOST_CONNECTION,
    /** Was told that it asks too much at a time. */
    RATE_LIMIT,
    /** Failed a test of postscreen's. */
    POSTSCREEN;

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
