package org.postbane.parse;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.postbane.source.Line;

/**
 * The argument of RCPT in a refusal, which Exim prints as the client wrote it. Shapes: {@code parse_extract_address()} in {@code
 * src/parse.c} of Exim; the first 100 characters, {@code smtp_handle_acl_fail()} in {@code src/smtp_in.c}.
 *
 * <pre>
 * &lt;trap@example.org&gt;   trap@example.org   Joe (x) &lt;@relay.example:trap@example.org&gt;   &lt;"trap"@example.org&gt;   &lt;trap @ example.org (x)&gt;
 * </pre>
 *
 * <p>What follows is {@code : } and the reason, or nothing. One object is reused for all lines. Not thread-safe.
 */
final class EximArgument {

    /** Bytes of it that Exim prints where RCPT is refused. */
    static final int MOST_PRINTED = 100;

    private byte[] text = new byte[MOST_PRINTED];
    private int length;
    private boolean bracketed;
    private boolean quoted;
    private int comments;
    private @Nullable String address;
    private int end;

    /** Reads what begins at {@code from} and is cut after {@code most} bytes. A route and quotes stay, comments and blanks do not. */
    void read(Line line, int from, int most) {
        byte[] bytes = line.bytes();
        int cut = Math.min(line.end() - from, most) + from;
        text = text.length < cut - from ? new byte[cut - from] : text;
        length = 0;
        bracketed = false;
        quoted = false;
        comments = 0;
        boolean closed = false;
        int i = from;
        while (i < cut && !(isOutside() && bytes[i] == ':' && (i + 1 == line.end() || bytes[i + 1] == ' '))) {
            if (isOutside() && bytes[i] == '<') {
                bracketed = true;
                length = 0; // only a name stood before
            } else if (bracketed && !quoted && comments == 0 && bytes[i] == '>') {
                bracketed = false;
                closed = true;
            } else {
                boolean escaped = bytes[i] == '\\' && i + 1 < cut;
                if (isKept(bytes[i]) && !closed) {
                    text[length++] = bytes[i];
                    if (escaped) {
                        text[length++] = bytes[i + 1];
                    }
                }
                i = escaped ? i + 1 : i;
            }
            i++;
        }
        end = i;
        boolean whole = closed || isOutside() && length > 0 && i < from + most;
        address = whole ? new String(text, 0, length, StandardCharsets.UTF_8) : null;
    }

    private boolean isOutside() {
        return !bracketed && !quoted && comments == 0;
    }

    /** Whether the next byte belongs to the address; then quotes and comments begin and end with it. */
    private boolean isKept(byte b) {
        if (comments > 0) {
            comments += b == '(' ? 1 : b == ')' ? -1 : 0;
            return false;
        }
        if (b == '(' && !quoted) {
            comments = 1;
            return false;
        }
        quoted ^= b == '"';
        return quoted || b != ' ';
    }

    /** The address; null where it is not there as a whole. */
    @Nullable
    String address() {
        return address;
    }

    /** Where the argument ends. */
    int end() {
        return end;
    }
}
