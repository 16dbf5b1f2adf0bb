package org.postbane.parse;

import java.util.function.Consumer;
import org.postbane.model.QueueId;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Lines of postfix/cleanup: {@code ID: message-id=...} ({@code src/cleanup/cleanup_message.c}) and {@code ID:
 * milter-reject: END-OF-MESSAGE from ...} ({@code cleanup_milter.c}).
 */
final class PostfixCleanupParser implements LineParser {

    private static final Mark MESSAGE_ID = Mark.of(": message-id=");

    private static final Silent SILENT = Silent.ofPostfix(
            "ID: resent-message-id=*",
            "ID: warning: header *", // header_checks and body_checks
            "ID: warning: body *",
            "ID: warning: content *",
            "ID: info: *",
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
        } else {
            PostfixActionText.parse(body, colon, header, out);
        }
    }
}
