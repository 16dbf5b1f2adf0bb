package org.postbane.record;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Writes a message as one line: the word {@code record}, then {@code key=value}, always all keys in this order, parted by one blank.
 *
 * <pre>record time=2026-11-21T09:15:23Z client=203.0.113.7 account=- sender=s@x.example message-id=&lt;a@x.example&gt; queue-id=3064E52EAC1
 *     filter=amavis verdict=spam points=12.5 victims=3 trap=-</pre>
 *
 * <p>A value that is not known is {@code -}; an empty one is nothing. Of the texts of strangers, only visible ASCII stands for itself:
 * a blank, {@code %}, {@code =}, {@code "}, {@code \}, control characters and all bytes of UTF-8 beyond ASCII are written as {@code
 * %} and two hexadecimal digits, and so is a text that is just {@code -}. So no text can begin another field or another line. Such
 * a value has at most {@link #MAX_VALUE} characters; one that was cut ends with {@code %+}.
 */
final class RecordLine {

    /** Characters of one value of a stranger's, after escaping, without the mark of the cut. */
    static final int MAX_VALUE = 250;

    private static final String UNKNOWN = "-";
    private static final String ESCAPED = " %=\"\\";

    private RecordLine() {}

    /** Without a line end. ASCII. */
    static String of(RecordedMessage message) {
        StringBuilder line = new StringBuilder(256);
        line.append("record time=").append(message.at());
        line.append(" client=").append(message.origin().client());
        text(line, "account", message.origin().account());
        text(line, "sender", message.origin().sender());
        text(line, "message-id", message.origin().messageId());
        line.append(" queue-id=")
                .append(
                        message.origin().queueId() == null
                                ? UNKNOWN
                                : message.origin().queueId().toString());
        text(line, "filter", message.filter().isEmpty() ? null : message.filter());
        line.append(" verdict=").append(message.verdict());
        line.append(" points=").append(points(message.points()));
        line.append(" victims=").append(message.victims());
        text(line, "trap", message.trap());
        return line.toString();
    }

    /** At most three decimals, no exponent. */
    private static String points(double points) {
        if (!Double.isFinite(points)) {
            return UNKNOWN;
        }
        String text = String.format(Locale.ROOT, "%.3f", points);
        int end = text.length();
        while (text.charAt(end - 1) == '0') {
            end--;
        }
        return text.substring(0, text.charAt(end - 1) == '.' ? end - 1 : end);
    }

    private static void text(StringBuilder line, String key, @Nullable String value) {
        line.append(' ').append(key).append('=');
        if (value == null) {
            line.append(UNKNOWN);
        } else if (value.equals(UNKNOWN)) {
            escape(line, '-');
        } else {
            escaped(line, value);
        }
    }

    private static void escaped(StringBuilder line, String value) {
        int start = line.length();
        // more than this many characters never fit, whatever they are
        String head = value.substring(0, Math.min(value.length(), MAX_VALUE + 1));
        for (byte b : head.getBytes(StandardCharsets.UTF_8)) {
            boolean plain = b > ' ' && b < 127 && ESCAPED.indexOf(b) < 0;
            if (line.length() - start + (plain ? 1 : 3) > MAX_VALUE) {
                line.append("%+");
                return;
            }
            if (plain) {
                line.append((char) b);
            } else {
                escape(line, b);
            }
        }
    }

    private static void escape(StringBuilder line, int b) {
        line.append('%')
                .append(Character.toUpperCase(Character.forDigit(b >> 4 & 0xf, 16)))
                .append(Character.toUpperCase(Character.forDigit(b & 0xf, 16)));
    }
}
