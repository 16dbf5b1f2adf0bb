package org.postbane.correlate;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.model.RejectKind;
import org.postbane.parse.LogEvent;
import org.postbane.parse.LogEvent.Listed;

/**
 * What it means that a whole message was refused after its content was seen: by a milter at the end of the message, or by a
 * filter before the queue. It is spam, unless the filter's words say otherwise, or a verdict of its own.
 */
final class Refusals {

    /** Which one, its refusal does not tell. */
    static final String MILTER = "milter";
    /** Postfix's header and body checks. */
    static final String CHECKS = "checks";
    /** Those, of a header by which filters mark spam. */
    static final String CHECKS_OF_MARK = "checks of the mark";

    /** As the parser begins the reason. */
    private static final String MARK = "header checks of a spam mark";

    /** What Postfix says where a milter gives no words of its own, as clamav-milter does not unless told to. */
    private static final String WORDLESS = "5.7.1 Command rejected";

    private static final String DISCARDED = "milter triggers DISCARD action";

    private Refusals() {}

    static boolean isWordless(String reason) {
        return reason.equals(WORDLESS) || reason.equals(DISCARDED);
    }

    static Pending verdict(
            Instant at, String filter, @Nullable IpPrefix client, @Nullable String sender, String reason) {
        return new Pending(at, filter, judgement(reason), Double.NaN, client, sender, List.of(), Listed.ALL, null);
    }

    /** By a milter, or by header or body checks. */
    static Pending verdict(Instant at, @Nullable IpPrefix client, @Nullable String sender, String reason) {
        String who = reason.startsWith(MARK) ? CHECKS_OF_MARK : isOfChecks(reason) ? CHECKS : MILTER;
        return verdict(at, who, client, sender, reason);
    }

    private static boolean isOfChecks(String reason) {
        return reason.startsWith("header checks") || reason.startsWith("body checks");
    }

    /**
     * Whether a milter's refusal may be held against the content: not one for the sender's domain, nor by its enhanced code (RFC
     * 3463) one for the mailbox, the mail system, the network, the protocol or the form of the message, such as 5.3.4, too large.
     */
    static boolean isForContent(LogEvent.Reject event) {
        String reason = event.reason();
        boolean classed = reason.length() > 3 && reason.startsWith("5.") && reason.charAt(3) == '.';
        return event.kind() != RejectKind.POLICY
                && event.kind() != RejectKind.PROTOCOL
                && !(classed && "23456".indexOf(reason.charAt(2)) >= 0);
    }

    /**
     * amavis says {@code Reject, id=1-2 - INFECTED: name} or {@code - BANNED: name} ({@code Amavis/Conf.pm}); ClamAV's signatures
     * stand in clamav-milter's {@code RejectMsg} if it has {@code %v}. What Postfix's header and body checks refuse is what the
     * administrator wants from nobody.
     */
    private static Judgement judgement(String reason) {
        if (reason.contains(" - BANNED") || isOfChecks(reason)) {
            return Judgement.BANNED;
        }
        boolean virus =
                reason.contains("INFECTED") || has(reason, "virus") || has(reason, "infected") || has(reason, "clamav");
        return virus ? Judgement.VIRUS : Judgement.SPAM;
    }

    private static boolean has(String text, String word) {
        for (int i = 0; i + word.length() <= text.length(); i++) {
            if (text.regionMatches(true, i, word, 0, word.length())) {
                return true;
            }
        }
        return false;
    }
}
