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
 * holds the recipient unquoted, and {@code helo} is any text of the client's: both may hold whole fake fields. The peer
 * stands before all of them.
 */
final class PostfixActionText {

    private static final Mark FROM_PEER = Mark.of(" from ");
    private static final Mark REJECT = Mark.of("reject: "); // nearly all are this, and of RCPT
    private static final Mark RCPT = Mark.of("RCPT ");
    private static final Mark SENDER = Mark.of("; from=<");
    private static final Mark RECIPIENT_AFTER_SENDER = Mark.of("> to=<");
    private static final Mark RECIPIENT = Mark.of("; to=<");
    private static final Mark PROTO = Mark.of("> proto=");
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

    /** What stands before the text, at hand while the text is read. */
    private record Fields(
            Line body, SyslogHeader header, @Nullable QueueId id, String word, String stage, Peer client) {

        void emit(int text, Consumer<LogEvent> out) {
            boolean milter = word.startsWith(MILTER);
            boolean refused = word.equals("reject") || word.equals("milter-reject");
            int sender = endOfText(text, SENDER);
            int reasonEnd = sender < 0 ? endOfText(text, RECIPIENT) : sender;
            int code = code(text);
            if (refused && code == 0) {
                if (!milter || reasonEnd < 0) {
                    return; // cut short
                }
                code = UNTOLD;
            }
            String reason = body.text(text, reasonEnd < 0 ? body.end() : reasonEnd);
            String from = null;
            String to = null;
            if (sender >= 0) {
                int begin = sender + SENDER.length();
                int end = endOfField(begin, RECIPIENT_AFTER_SENDER);
                from = end < 0 ? null : body.text(begin, end);
                to = end >= 0 && body.hasAt(end, RECIPIENT_AFTER_SENDER)
                        ? recipient(end + RECIPIENT_AFTER_SENDER.length())
                        : null;
            } else if (reasonEnd >= 0) {
                to = recipient(reasonEnd + RECIPIENT.length());
            }
            if (refused) {
                out.accept(new LogEvent.Reject(
                        header.at(), header.by(), id, stage, client, code, reason, from, to, milter));
            } else {
                out.accept(new LogEvent.Match(header.at(), header.by(), id, word, stage, client, reason, from, to));
            }
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
