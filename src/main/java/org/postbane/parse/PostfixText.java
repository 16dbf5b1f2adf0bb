package org.postbane.parse;

import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.model.QueueId;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/** The pieces that lines of Postfix's programs are made of. */
final class PostfixText {

    private static final Mark UNKNOWN = Mark.of("unknown");
    private static final Mark UNKNOWN_PORT = Mark.of(":unknown");
    private static final Mark NOQUEUE = Mark.of("NOQUEUE");

    private static final boolean[] IN_HOST_NAME = inHostName();

    private PostfixText() {}

    private static boolean[] inHostName() {
        boolean[] in = new boolean[256];
        for (int b = 0; b < in.length; b++) {
            in[b] = b >= 'a' && b <= 'z'
                    || b >= 'A' && b <= 'Z'
                    || b >= '0' && b <= '9'
                    || b == '-'
                    || b == '.'
                    || b == '_'
                    || b >= 0x80;
        }
        return in;
    }

    /** Where the {@code ": "} after a leading queue id or NOQUEUE stands; -1 if the line does not begin so. */
    static int endOfId(Line body) {
        byte[] bytes = body.bytes();
        int last = Math.min(body.end() - 1, body.start() + QueueId.MAX_LENGTH + 1);
        for (int i = body.start(); i < last; i++) {
            if (!QueueId.isCharacter(bytes[i])) {
                return bytes[i] == ':' && bytes[i + 1] == ' ' ? i : -1;
            }
        }
        return -1;
    }

    /** The queue id that the line begins with; null for NOQUEUE. */
    static @Nullable QueueId id(Line body, int endOfId) {
        return QueueId.parse(body.bytes(), body.start(), endOfId);
    }

    static boolean isNoQueue(Line body, int endOfId) {
        return endOfId - body.start() == NOQUEUE.length() && body.startsWith(NOQUEUE);
    }

    /**
     * Where {@code name[address]} or {@code name[address]:port} that begins at {@code from} ends; -1 if none does. The port is
     * {@code unknown} where XFORWARD does not tell it ({@code src/smtpd/smtpd_peer.c}). Postfix
     * accepts no host name with other characters than these ({@code src/util/valid_hostname.c}), so a bracket that a
     * stranger wrote is never taken for the one that Postfix writes.
     */
    static int endOfPeer(Line body, int from) {
        byte[] bytes = body.bytes();
        int end = body.end();
        int i = from;
        while (i < end && IN_HOST_NAME[bytes[i] & 0xff]) {
            i++;
        }
        if (i >= end || bytes[i] != '[') {
            return -1;
        }
        int close = body.indexOf(']', i + 1);
        if (close < 0 || close - i > 64) {
            return -1;
        }
        i = close + 1;
        if (i + 1 < end && bytes[i] == ':' && bytes[i + 1] >= '0' && bytes[i + 1] <= '9') {
            i++;
            while (i < end && bytes[i] >= '0' && bytes[i] <= '9') {
                i++;
            }
        } else if (body.hasAt(i, UNKNOWN_PORT)) {
            i += UNKNOWN_PORT.length();
        }
        return i;
    }

    /** The peer between {@code from} and {@code end}, of which {@link #endOfPeer} said that it is one. */
    static Peer peer(Line body, int from, int end) {
        return peer(body, from, end, true);
    }

    /** @param named the name is wanted; else it is left empty */
    static Peer peer(Line body, int from, int end, boolean named) {
        int open = body.indexOf('[', from);
        int close = body.indexOf(']', open);
        int port = close + 1 < end ? number(body, close + 2, end) : 0;
        return new Peer(
                named ? name(body, from, open) : "",
                IpPrefix.parse(body.bytes(), open + 1, close),
                port < 0 || port > 65_535 ? 0 : port);
    }

    private static String name(Line body, int from, int to) {
        boolean unknown = to - from == UNKNOWN.length() && body.hasAt(from, UNKNOWN);
        return unknown ? "unknown" : body.text(from, to);
    }

    /** Decimal digits from {@code from} to {@code to}; -1 if they are none or more than nine. */
    static int number(Line body, int from, int to) {
        if (to <= from || to - from > 9) {
            return -1;
        }
        int value = 0;
        for (int i = from; i < to; i++) {
            int digit = body.bytes()[i] - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            value = value * 10 + digit;
        }
        return value;
    }

    /** Where the digits that begin at {@code from} end. */
    static int endOfNumber(Line body, int from) {
        int i = from;
        while (i < body.end() && body.bytes()[i] >= '0' && body.bytes()[i] <= '9') {
            i++;
        }
        return i;
    }

    /**
     * Where the {@code >} stands that closes the address which begins at {@code from} (after its {@code <}); -1 if none
     * does. A quoted local part (RFC 5321 section 4.1.2) may hold {@code >} and whole fake fields; they are skipped. Where
     * the quotes do not balance (a line that was cut, or Postfix before 3.5, which prints addresses unquoted), the first
     * {@code >} counts.
     */
    static int endOfAddress(Line body, int from) {
        int end = body.indexOfEither('>', '"', from);
        if (end < 0 || body.bytes()[end] == '>') {
            return end;
        }
        return endOfQuotedAddress(body, from);
    }

    private static int endOfQuotedAddress(Line body, int from) {
        byte[] bytes = body.bytes();
        boolean quoted = false;
        int first = -1;
        for (int i = from; i < body.end(); i++) {
            byte b = bytes[i];
            if (b == '\\' && quoted) {
                i++;
            } else if (b == '"') {
                quoted = !quoted;
            } else if (b == '>') {
                if (!quoted) {
                    return i;
                }
                first = first < 0 ? i : first;
            }
        }
        return first;
    }
}
