package org.postbane.parse;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.model.QueueId;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * What smtpd logs when a filter before the queue answers. Source: Postfix's {@code src/smtpd/smtpd.c}, where the message ends.
 *
 * <pre>proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject, id=02252-01 - spam; from=&lt;s&gt; to=&lt;r&gt; proto=ESMTP helo=&lt;h&gt;</pre>
 *
 * <p>Only whole messages; what the filter answers to RCPT names no message. The reply is the filter's own text.
 */
final class PostfixProxyText {

    private static final Mark REJECT = Mark.of("proxy-reject: END-OF-MESSAGE: ");
    private static final Mark ACCEPT = Mark.of("proxy-accept: END-OF-MESSAGE: ");
    private static final Mark SENDER = Mark.of("; from=<");
    private static final Mark RECIPIENT = Mark.of("> to=<");

    private PostfixProxyText() {}

    /** Hands on the event of a body that has this text at {@code from}, if it is of this shape. */
    static void parse(Line body, int from, SyslogHeader header, Consumer<LogEvent> out) {
        boolean rejected = body.hasAt(from, REJECT);
        if (!rejected && !body.hasAt(from, ACCEPT)) {
            return;
        }
        int reply = from + (rejected ? REJECT.length() : ACCEPT.length());
        int code = PostfixText.number(body, reply, PostfixText.endOfNumber(body, reply));
        if (code < 200 || code > 599) {
            return;
        }
        int sender = body.indexOf(SENDER, reply);
        int replyEnd = sender < 0 ? body.end() : sender;
        QueueId queuedAs = code < 300 ? PostfixDeliveryParser.queuedAs(body, reply, replyEnd) : null;
        String recipient = null;
        String address = null;
        if (sender >= 0) {
            int begin = sender + SENDER.length();
            int end = PostfixText.endOfAddress(body, begin);
            address = end < 0 ? null : body.text(begin, end);
            recipient = body.hasAt(end, RECIPIENT) ? recipient(body, end + RECIPIENT.length()) : null;
        }
        out.accept(new LogEvent.ProxyReply(
                header.at(),
                header.by(),
                code,
                body.text(reply, replyEnd),
                address,
                recipient,
                queuedAs,
                queuedAs == null ? PostfixDeliveryParser.filterId(body, reply, replyEnd) : null));
    }

    private static @Nullable String recipient(Line body, int from) {
        int end = PostfixText.endOfAddress(body, from);
        return end < 0 ? null : body.text(from, end);
    }
}
