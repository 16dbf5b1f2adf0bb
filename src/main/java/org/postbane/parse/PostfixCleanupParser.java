package org.postbane.parse;

import java.util.function.Consumer;
import org.postbane.model.QueueId;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Lines of postfix/cleanup: {@code ID: message-id=...} ({@code src/cleanup/cleanup_message.c}), {@code ID:
 * milter-reject: END-OF-MESSAGE from ...} ({@code cleanup_milter.c}), and what header and body checks refuse or drop ({@code
 * cleanup_act_log()}, {@code cleanup_milter_hbc_log()}):
 *
 * <pre>
 * ID: reject: header Subject: x from name[address]; from=&lt;s> to=&lt;r> proto=ESMTP helo=&lt;h>: 5.7.1 text
 * ID: discard: body x from ...      ID: hold: header X: y from ...      ID: milter-header-reject: header X-Spam-Flag: YES from ...
 * ID: reject: mime-error improper use of 8-bit data in message header: Subject: x from ...
 * </pre>
 *
 * <p>Of these only the queue id is read, and the text at the end, which is the administrator's: the header is a stranger's, and so
 * may be all that looks like the client behind it.
 */
final class PostfixCleanupParser implements LineParser {

    private static final Mark MESSAGE_ID = Mark.of(": message-id=");

    private static final Mark REJECT = Mark.of(": reject: ");
    private static final Mark DISCARD = Mark.of(": discard: ");
    private static final Mark MILTER_REJECT = Mark.of(": milter-header-reject: ");
    private static final Mark MILTER_DISCARD = Mark.of(": milter-header-discard: ");
    private static final Mark REDIRECT = Mark.of(": redirect: ");
    private static final Mark MILTER_REDIRECT = Mark.of(": milter-header-redirect: ");
    private static final Mark HOLD = Mark.of(": hold: ");
    private static final Mark MILTER_HOLD = Mark.of(": milter-header-hold: ");
    private static final Mark HEADER = Mark.of("header ");
    private static final Mark BODY = Mark.of("body ");
    private static final Mark CONTENT = Mark.of("content ");
    private static final Mark MIME_ERROR = Mark.of("mime-error ");
    private static final Mark TEXT = Mark.of(": ");
    private static final Mark TEXT_AFTER_HELO = Mark.of(">: ");
    /** As SpamAssassin, amavis and rspamd write them. */
    private static final Mark[] SPAM_MARKS = {
        Mark.of("X-Spam-Flag: YES"),
        Mark.of("X-Spam-Flag: Yes"),
        Mark.of("X-Spam-Status: Yes, "),
        Mark.of("X-Spam: Yes")
    };

    private static final String END_OF_MESSAGE = "END-OF-MESSAGE";

    private static final Silent SILENT = Silent.ofPostfix(
            "ID: resent-message-id=*",
            "ID: removed (*)", // since 3.10: the client broke off, or the message was discarded; nothing was queued
            "ID: warning: header *", // header_checks and body_checks
            "ID: warning: body *",
            "ID: warning: content *",
            "ID: info: *",
            "ID: bcc: header *",
            "ID: prepend: *",
            "ID: replace: *",
            "ID: strip: *",
            "ID: filter: *",
            "ID: pass: *",
            "ID: milter-header-*",
            "ID: milter-body-*",
            "warning: *: queue file size limit exceeded",
            "ID: queue file size limit exceeded",
            "ID: too many recipients*",
            "warning: connect to Milter service *",
            "warning: *: * map lookup problem*",
            "warning: *: read timeout on *",
            "ID: to=<*>, relay=none, *status=bounced *");

    @Override
    public boolean knows(Line body) {
        return SILENT.matches(body);
    }

    @Override
    public void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        int colon = PostfixText.endOfId(body);
        if (colon < 0) {
            return;
        }
        if (body.hasAt(colon, MESSAGE_ID)) {
            QueueId id = PostfixText.id(body, colon);
            if (id != null) {
                String messageId = body.text(colon + MESSAGE_ID.length(), body.end());
                out.accept(new LogEvent.MessageId(header.at(), header.by(), id, messageId));
            }
        } else if (!checks(body, colon, header, out)) {
            PostfixActionText.parse(body, colon, header, out);
        }
    }

    /** Whether it is a line of header or body checks. */
    private static boolean checks(Line body, int colon, SyslogHeader header, Consumer<LogEvent> out) {
        boolean milter = body.hasAt(colon, MILTER_REJECT)
                || body.hasAt(colon, MILTER_DISCARD)
                || body.hasAt(colon, MILTER_REDIRECT)
                || body.hasAt(colon, MILTER_HOLD);
        boolean hold = body.hasAt(colon, MILTER_HOLD) || body.hasAt(colon, HOLD);
        boolean reject = body.hasAt(colon, MILTER_REJECT) || body.hasAt(colon, REJECT);
        boolean redirect = body.hasAt(colon, MILTER_REDIRECT) || body.hasAt(colon, REDIRECT);
        if (!milter && !reject && !redirect && !hold && !body.hasAt(colon, DISCARD)) {
            return false;
        }
        int what = body.indexOf(TEXT, colon + TEXT.length()) + TEXT.length();
        boolean ofHeader = body.hasAt(what, HEADER);
        boolean ofForm = body.hasAt(what, MIME_ERROR);
        if (!ofHeader && !ofForm && !body.hasAt(what, BODY) && !body.hasAt(what, CONTENT)) {
            return false;
        }
        QueueId id = PostfixText.id(body, colon);
        if (id == null) {
            return true;
        }
        String text = ofForm ? "" : administratorsText(body, what);
        String checks =
                ofForm ? "mime-error" : milter ? "milter header checks" : ofHeader ? "header checks" : "body checks";
        checks += ofHeader && !milter && isSpamMark(body, what + HEADER.length()) ? " of a spam mark" : "";
        checks += text.isEmpty() ? "" : ": " + text;
        Peer unread = Peer.NOBODY;
        if (reject) {
            int code = text.startsWith("4.") ? 400 : 500;
            out.accept(new LogEvent.Reject(
                    header.at(), header.by(), id, END_OF_MESSAGE, unread, code, checks, null, null, true));
        } else {
            String action = hold ? "hold" : redirect ? "redirect" : "discard";
            out.accept(new LogEvent.Match(
                    header.at(), header.by(), id, action, END_OF_MESSAGE, unread, checks, null, null));
        }
        return true;
    }

    /** Whether the header is one by which a filter says that the message is spam: {@code X-Spam-Flag: YES} and the like. */
    private static boolean isSpamMark(Line body, int header) {
        for (Mark mark : SPAM_MARKS) {
            if (body.hasAt(header, mark)) {
                return true;
            }
        }
        return false;
    }

    /** What stands behind the HELO; empty if nothing does, or if it is text of the HELO's. */
    private static String administratorsText(Line body, int from) {
        int end = body.lastIndexOf(TEXT_AFTER_HELO, from);
        boolean none = end < 0 || body.bytes()[body.end() - 1] == '>';
        return none ? "" : body.text(end + TEXT_AFTER_HELO.length(), body.end());
    }
}
