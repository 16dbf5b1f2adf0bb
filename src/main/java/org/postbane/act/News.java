package org.postbane.act;

import java.time.Instant;
import java.util.regex.Pattern;
import org.postbane.decide.Ban;
import org.postbane.model.Subject;

/**
 * One thing that a report tells.
 *
 * @param imposed a ban that is new; else one that has ended
 * @param at when that was
 */
record News(boolean imposed, Ban ban, Instant at) {

    /** What stands before the {@code @} of a mail address. */
    private static final Pattern LOCAL_PART = Pattern.compile("[^\\s<>@,;:\"'()]+(?=@)");

    String word() {
        return imposed ? "ban" : "unban";
    }

    /** The subject as text; a login without domain keeps its first character only. */
    String subject(boolean redact) {
        Subject subject = ban.subject();
        String text = subject.toString();
        if (!redact || subject instanceof Subject.Client) {
            return text;
        }
        int colon = text.indexOf(':') + 1;
        int at = text.lastIndexOf('@');
        return text.substring(0, Math.min(colon + 1, text.length())) + "***" + (at < colon ? "" : text.substring(at));
    }

    String reason(boolean redact) {
        return redact ? LOCAL_PART.matcher(ban.reason()).replaceAll("***") : ban.reason();
    }

    /** {@code until ...}, or how it is. */
    String until() {
        return ban.isPermanent() ? "for ever" : "until " + ban.until();
    }

    /** As a JSON object. */
    String json(boolean redact) {
        return "{\"event\": %s, \"at\": %s, \"ticket\": %s, \"subject\": %s, \"jail\": %s, \"from\": %s, \"until\": %s, \"reason\": %s}"
                .formatted(
                        Quoted.json(word()),
                        Quoted.json(at.toString()),
                        Quoted.json(PostfixMap.ticket(ban)),
                        Quoted.json(subject(redact)),
                        Quoted.json(ban.jail()),
                        Quoted.json(ban.from().toString()),
                        ban.isPermanent() ? "null" : Quoted.json(ban.until().toString()),
                        Quoted.json(reason(redact)));
    }

    /** For a mail: on one line of plain characters. */
    static String plain(String text) {
        return text.replaceAll("[^ -~]", "?");
    }

    /** For a mail: {@code ban 192.0.2.1 ...}. */
    String line(boolean redact) {
        return plain(
                imposed
                        ? "%s  ban    %s [%s] %s: %s"
                                .formatted(at, subject(redact), ban.jail(), until(), reason(redact))
                        : "%s  unban  %s [%s]"
                                .formatted(at, subject(redact), ban.jail())
                                .strip());
    }
}
