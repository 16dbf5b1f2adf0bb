package org.postbane.correlate;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Message-IDs as spamd prints them. Postfix's cleanup logs the header as it stands; spamd first takes it apart, so that
 * both can be compared only in spamd's form. Source: {@code parse_msgids()} in {@code spamd/spamd.raw}; commas become
 * {@code _} where the result line is put together.
 */
final class MessageIds {

    private static final int MAX_LENGTH = 1000;

    private MessageIds() {}

    /** {@code <id>} as spamd prints it for this header; null where it prints none. */
    static @Nullable String asSpamdPrints(String header) {
        if (isPlain(header)) {
            return header;
        }
        String id = oneBlankEach(withoutComments(header).strip());
        int open = id.indexOf('<');
        int close = open < 0 ? -1 : id.indexOf('>', open);
        id = close < 0 ? id : id.substring(open + 1, close);
        if (id.isEmpty()) {
            return null;
        }
        StringBuilder text = new StringBuilder(id.length() + 2).append('<');
        for (byte b : id.getBytes(StandardCharsets.UTF_8)) { // spamd sees bytes, not characters
            text.append(b == ',' ? '_' : b < '!' || b > '~' || b == '<' || b == '>' ? '?' : (char) b);
        }
        return text.append('>').toString();
    }

    private static String oneBlankEach(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) != ' ' || text.charAt(i - 1) != ' ') { // the first is none
                out.append(text.charAt(i));
            }
        }
        return out.toString();
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
            if (c < '!' || c > '~' || c == '<' || c == '>' || c == ',' || c == '(') {
                return false;
            }
        }
        return true;
    }
}
