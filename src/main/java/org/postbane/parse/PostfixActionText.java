package org.postbane.parse;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.model.QueueId;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * What smtpd and cleanup log when a restriction, an access table or a milter acts on a command. Source: {@code
 * log_whatsup()} in Postfix's {@code src/smtpd/smtpd_check.c} and {@code cleanup_milter.c}.
 *
 * <pre>ID: reject: RCPT from name[address]: 550 5.1.1 &lt;r&gt;: text; from=&lt;s&gt; to=&lt;r&gt; proto=ESMTP helo=&lt;h&gt;</pre>
 *
 * <p>{@code ID} may be NOQUEUE; {@code from}, {@code to} and {@code helo} are there as far as they were known. The text
 * holds the sender or the recipient unquoted, and these may hold whole fake fields. The peer stands before all of them.
 *
 * <p>So the fields are read from the right, where they are certain: of HELO Postfix replaces blanks, brackets and semicolons
 * ({@code neuter()} in {@code src/smtpd/smtpd.c}), and an address that holds such is quoted since 3.5; a field within quotes is cut short at its
 * end by what closes them. Where a line does not end so (cut short, older versions, other programs' HELO) they are read from the
 * left, as far as quotes balance.
 */
final class PostfixActionText {

    private static final Mark FROM_PEER = Mark.of(" from ");
    private static final Mark REJECT = Mark.of("reject: "); // nearly all are this, and of RCPT
    private static final Mark RCPT = Mark.of("RCPT ");
    private static final Mark SENDER = Mark.of("; from=<");
    private static final Mark RECIPIENT_AFTER_SENDER = Mark.of("> to=<");
    private static final Mark RECIPIENT = Mark.of("; to=<");
    private static final Mark PROTO = Mark.of("> proto=");
    private static final Mark HELO = Mark.of(" helo=<");
    private static final Mark BARE_LF = Mark.of("bare <LF> received; ");
    private static final Mark DATA_CONTENT = Mark.of("DATA content");
    private static final String MILTER = "milter-";

    /**
     * Of a milter's reply without an enhanced code, cleanup prints the words only: {@code Service unavailable - try again later} for
     * instance, where a milter is gone and Postfix 3.11 says 421. Whether it was for good is not told, and not assumed.
     */
    private static final int UNTOLD = 400;

    private PostfixActionText() {}

    /** Hands on the event of a body whose queue id ends at {@code colon}, if it is of this shape. */
    static void parse(Line body, int colon, SyslogHeader header, Consumer<LogEvent> out) {
        int word = colon + 2;
        int wordEnd = body.indexOf(':', word);
        if (wordEnd < 0 || wordEnd - word > 24 || !isWord(body, word, wordEnd)) {
            return;
        }
        int stage = wordEnd + 2;
        int stageEnd = body.indexOf(FROM_PEER, stage);
        if (stageEnd < 0 || stageEnd - stage > 24 || !isStage(body, stage, stageEnd)) {
            return; // "warning: header Subject: ..." and other text that only looks alike
        }
        int peer = stageEnd + FROM_PEER.length();
        int peerEnd = PostfixText.endOfPeer(body, peer);
        if (peerEnd < 0 || peerEnd + 1 >= body.end() || body.bytes()[peerEnd] != ':') {
            return;
        }
        QueueId id = PostfixText.id(body, colon);
        if (id == null && !PostfixText.isNoQueue(body, colon)) {
            return;
        }
        new Fields(
                        body,
                        header,
                        id,
                        body.hasAt(word, REJECT) ? "reject" : body.text(word, wordEnd),
                        body.hasAt(stage, RCPT) ? "RCPT" : body.text(stage, stageEnd),
                        PostfixText.peer(body, peer, peerEnd))
                .emit(peerEnd + 2, out);
    }

    private static boolean isWord(Line body, int from, int to) {
        for (int i = from; i < to; i++) {
            byte b = body.bytes()[i];
            if (!(b >= 'a' && b <= 'z' || b == '-' || b == '_')) {
                return false;
            }
        }
        return to > from;
    }

    /** {@code RCPT}, {@code END-OF-MESSAGE}; {@code DATA content} for after-220 and body rejects. */
    private static boolean isStage(Line body, int from, int to) {
        if (to - from == DATA_CONTENT.length() && body.hasAt(from, DATA_CONTENT)) {
            return true;
        }
        for (int i = from; i < to; i++) {
            byte b = body.bytes()[i];
            if (!(b >= 'A' && b <= 'Z' || b == '-')) {
                return false;
            }
        }
        return to > from;
    }

    /** @param reasonEnd where the text ends; -1 where it goes on to the end of the line */
    private record Addresses(
            int reasonEnd, @Nullable String from, @Nullable String to) {}

    /** What stands before the text, at hand while the text is read. */
    private record Fields(
            Line body, SyslogHeader header, @Nullable QueueId id, String word, String stage, Peer client) {

        void emit(int text, Consumer<LogEvent> out) {
            boolean milter = word.startsWith(MILTER);
            boolean refused = word.equals("reject") || word.equals("milter-reject");
            Addresses addresses = fromTheRight(text);
            addresses = addresses == null ? fromTheLeft(text) : addresses;
            int reasonEnd = addresses.reasonEnd;
            int code = code(text);
            if (refused && code == 0) {
                if (!milter || reasonEnd < 0) {
                    return; // cut short
                }
                code = UNTOLD;
            }
            String reason = body.text(text, reasonEnd < 0 ? body.end() : reasonEnd);
            String from = addresses.from;
            String to = addresses.to;
            if (refused) {
                out.accept(new LogEvent.Reject(
                        header.at(), header.by(), id, stage, client, code, reason, from, to, milter));
            } else {
                out.accept(new LogEvent.Match(header.at(), header.by(), id, word, stage, client, reason, from, to));
            }
        }

        /** Null where the line does not end in {@code > proto=ESMTP helo=<h>}, or no address stands before that. */
        private @Nullable Addresses fromTheRight(int text) {
            int end = endOfAddresses(text);
            if (end < 0) {
                return null;
            }
            int to = lastField(text, end, RECIPIENT_AFTER_SENDER);
            if (to < 0) {
                to = lastField(text, end, RECIPIENT);
                if (to >= 0) {
                    return new Addresses(to, null, body.text(to + RECIPIENT.length(), end));
                }
                int from = lastField(text, end, SENDER);
                return from < 0 ? null : new Addresses(from, body.text(from + SENDER.length(), end), null);
            }
            String recipient = body.text(to + RECIPIENT_AFTER_SENDER.length(), end);
            int from = lastField(text, to, SENDER);
            return from < 0
                    ? new Addresses(endOfText(text, SENDER), null, recipient)
                    : new Addresses(from, body.text(from + SENDER.length(), to), recipient);
        }

        /** Where {@code > proto=ESMTP helo=<h>} begins, with which the line ends; -1 if it does not. */
        private int endOfAddresses(int text) {
            int end = body.end();
            int helo = body.bytes()[end - 1] == '>' ? body.lastIndexOf(HELO, text) : -1;
            end = helo >= 0 && isPlain(helo + HELO.length(), end - 1) ? helo : end;
            int proto = body.lastIndexOf(PROTO, text, end);
            return proto >= 0 && isStage(body, proto + PROTO.length(), end) ? proto : -1;
        }

        /** Where {@code mark} stands last before {@code end}, with an address from there to {@code end}; -1 if nowhere. */
        private int lastField(int text, int end, Mark mark) {
            int at = body.lastIndexOf(mark, text, end);
            while (at >= 0 && !isAddress(at + mark.length(), end)) {
                at = body.lastIndexOf(mark, text, at);
            }
            return at;
        }

        /** As Postfix prints it: the local part quoted where it holds more than a plain one does. */
        private boolean isAddress(int begin, int end) {
            byte[] bytes = body.bytes();
            if (begin >= end || bytes[begin] != '"') {
                return isPlain(begin, end);
            }
            int i = begin + 1;
            while (i < end && bytes[i] != '"') {
                i += bytes[i] == '\\' ? 2 : 1;
            }
            return i < end && isPlain(i + 1, end);
        }

        private boolean isPlain(int begin, int end) {
            for (int i = begin; i < end; i++) {
                byte b = body.bytes()[i];
                if (b == ' ' || b == '<' || b == '>' || b == '"' || b == ';') {
                    return false;
                }
            }
            return true;
        }

        private Addresses fromTheLeft(int text) {
            int sender = endOfText(text, SENDER);
            if (sender < 0) {
                int end = endOfText(text, RECIPIENT);
                return new Addresses(end, null, end < 0 ? null : recipient(end + RECIPIENT.length()));
            }
            int begin = sender + SENDER.length();
            int end = endOfField(begin, RECIPIENT_AFTER_SENDER);
            String to = end >= 0 && body.hasAt(end, RECIPIENT_AFTER_SENDER)
                    ? recipient(end + RECIPIENT_AFTER_SENDER.length())
                    : null;
            return new Addresses(sender, end < 0 ? null : body.text(begin, end), to);
        }

        /** {@code 550 }..., or the class of {@code 5.7.1 }...; 0 if it is neither. Only one refusal comes without: see smtpd.c. */
        private int code(int text) {
            if (body.hasAt(text, BARE_LF)) {
                return 550; // smtpd_forbid_bare_newline_reject_code
            }
            int digits = PostfixText.endOfNumber(body, text);
            int number = PostfixText.number(body, text, digits);
            if (digits - text == 3 && number >= 200 && number < 600) {
                return number;
            }
            boolean enhanced = digits - text == 1 && digits < body.end() && body.bytes()[digits] == '.';
            return enhanced && (number == 4 || number == 5) ? number * 100 : 0;
        }

        /** Where {@code mark} stands first outside quotes, or first at all. */
        private int endOfText(int text, Mark mark) {
            boolean quoted = false;
            for (int i = body.indexOfEither(';', '"', text); i >= 0; i = body.indexOfEither(';', '"', i + 1)) {
                if (body.bytes()[i] == '"') {
                    quoted = !quoted;
                } else if (!quoted && body.hasAt(i, mark)) {
                    return i;
                }
            }
            return body.indexOf(mark, text);
        }

        private @Nullable String recipient(int begin) {
            int end = endOfField(begin, PROTO);
            return end < 0 ? null : body.text(begin, end);
        }

        /** The end of an address: the {@code >} outside quotes, or before {@code next} where addresses are printed unquoted. */
        private int endOfField(int begin, Mark next) {
            int end = PostfixText.endOfAddress(body, begin);
            if (body.hasAt(end, next)) {
                return end;
            }
            int plain = body.indexOf(next, begin);
            return plain < 0 ? end : plain;
        }
    }
}
