package org.postbane.score;

import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Deed;
import org.postbane.correlate.Origin;

/**
 * Says for people what a deed was: {@code 3064E52EAC1 from=<s2@x> 2 victims, SPAM by amavis}. One line of at most 200
 * characters, whatever strangers wrote: what would not print as itself becomes {@code ?}.
 */
final class EvidenceText {

    static final int MAX_LENGTH = 200;

    private @Nullable Origin judgedOrigin;
    private String filter = "";

    /** The victims that come next are, with the same origin, those of this message. */
    void judged(Deed.Judged deed) {
        judgedOrigin = deed.origin();
        filter = deed.filter();
    }

    String of(Deed deed) {
        StringBuilder text = new StringBuilder(96);
        message(deed.origin(), text);
        if (deed instanceof Deed.Victims victims) {
            text.append(victims.count()).append(victims.count() == 1 ? " victim, " : " victims, ");
            text.append(victims.judgement());
            if (deed.origin().equals(judgedOrigin)) {
                text.append(" by ").append(filter);
            }
        } else if (deed instanceof Deed.Trapped trapped) {
            text.append("to trap <").append(trapped.address()).append('>');
        } else if (deed instanceof Deed.Refused refused) {
            text.append(refused.stage()).append(" refused: ").append(refused.code());
            text.append(' ').append(refused.reason());
        } else if (deed instanceof Deed.Misbehaved misbehaved) {
            text.append(misbehaved.what());
        } else if (deed instanceof Deed.AuthFailed failed) {
            text.append("login failed");
            if (failed.login() != null) {
                text.append(": ").append(failed.login());
            }
        }
        return oneLine(text);
    }

    private static void message(Origin origin, StringBuilder text) {
        if (origin.queueId() != null) {
            text.append(origin.queueId()).append(' ');
        }
        if (origin.sender() != null) {
            text.append("from=<").append(origin.sender()).append("> ");
        }
        if (origin.account() != null) {
            text.append("account=").append(origin.account()).append(' ');
        }
    }

    private static String oneLine(StringBuilder text) {
        if (text.length() > MAX_LENGTH) {
            text.setLength(MAX_LENGTH);
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if ((c < ' ' || c > '~') && !isPrintable(c)) {
                text.setCharAt(i, '?');
            }
        }
        return text.toString();
    }

    /** Not control, format (such as those that turn the direction of writing) or separator; half a character is none. */
    private static boolean isPrintable(char c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE,
                    Character.UNASSIGNED,
                    Character.PRIVATE_USE -> false;
            default -> true;
        };
    }
}
