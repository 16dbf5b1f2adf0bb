package org.postbane.correlate;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Message-IDs as spamd prints them. Postfix's cleanup logs the header as it stands; spamd first takes it apart, so that
 * both can be compared only in spamd's form. Source: {@code parse_msgids()} in {@code spamd/spamd.raw}; commas become
 * {@code _} where the result line is put together; backslashes are doubled by {@code escape_str()} in SpamAssassin's {@code
 * Logger.pm}.
 *
 * <p>A header that is folded has two control characters where spamd sees one blank, and of a long one Postfix prints what
 * fits into a line of 2000 characters: so signs for what cannot be printed count as one where they follow one another, and only the
 * beginning is compared.
 */
final class MessageIds {

    /** What Postfix prints of any Message-ID: 2000 less the queue id and {@code message-id=}, with some room. */
    private static final int MAX_LENGTH = 1900;

    /** Of a message without any: what cleanup prints. Or with a header that has no id, which is the same to spamd. */
    static final String NONE = "<>";

    private MessageIds() {}

    /** {@code <id>} as spamd prints it for this header; {@link #NONE} where it prints none. */
    static String asSpamdPrints(String header) {
        if (isPlain(header)) {
            return header;
        }
        String id = withoutComments(header).strip();
        int open = id.indexOf('<');
        int close = open < 0 ? -1 : id.indexOf('>', open);
        if (open >= 0 && close < 0 && id.length() > MAX_LENGTH) {
            close = id.length(); // Postfix has cut it
        }
        id = close < 0 ? id : id.substring(open + 1, close);
        return id.isEmpty() ? NONE : comparable(id);
    }

    /** The same of what spamd has printed; null for nothing. */
    static String printed(@Nullable String text) {
        if (text == null || text.equals(NONE)) {
            return NONE;
        }
        if (isPlain(text)) {
            return text;
        }
        String id = text.replace("\\\\", "\\");
        int end = id.endsWith(">") ? id.length() - 1 : id.length();
        return comparable(id.substring(id.startsWith("<") ? 1 : 0, end));
    }

    private static String comparable(String id) {
        StringBuilder text = new StringBuilder(id.length() + 2).append('<');
        boolean signBefore = false;
        for (byte b : id.getBytes(StandardCharsets.UTF_8)) { // spamd sees bytes, not characters
            boolean sign = b < '!' || b > '~' || b == '<' || b == '>' || b == '?';
            if (!sign || !signBefore) {
                text.append(sign ? '?' : b == ',' ? '_' : (char) b);
            }
            signBefore = sign;
        }
        text.setLength(Math.min(text.length(), MAX_LENGTH));
        return text.append('>').toString();
    }

    /** Without {@code (...)}, nested ones too; brackets that have no partner stay. */
    private static String withoutComments(String header) {
        StringBuilder text = new StringBuilder(header.length());
        ArrayDeque<Integer> open = new ArrayDeque<>();
        for (int i = 0; i < header.length(); i++) {
            char c = header.charAt(i);
            if (c == ')' && !open.isEmpty()) {
                text.setLength(open.pop());
            } else {
                if (c == '(') {
                    open.push(text.length());
                }
                text.append(c);
            }
        }
        return text.toString();
    }

    /** Nearly all: {@code <...>} without any of the characters that spamd changes. */
    private static boolean isPlain(String header) {
        int last = header.length() - 1;
        if (last < 2 || last > MAX_LENGTH || header.charAt(0) != '<' || header.charAt(last) != '>') {
            return false;
        }
        for (int i = 1; i < last; i++) {
            char c = header.charAt(i);
            if (c < '!' || c > '~' || c == '<' || c == '>' || c == ',' || c == '(' || c == '?' || c == '\\') {
                return false;
            }
        }
        return true;
    }
}
