package org.postbane.parse;

import java.util.function.Consumer;
import org.postbane.model.QueueId;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/** Lines of postfix/qmgr. Shapes: {@code src/qmgr/qmgr_message.c} and {@code qmgr_active.c}. */
final class PostfixQmgrParser implements LineParser {

    private static final Mark REMOVED = Mark.of(": removed");
    private static final Mark FROM = Mark.of(": from=<");
    private static final Mark SIZE = Mark.of(">, size=");
    private static final Mark NRCPT = Mark.of(", nrcpt=");

    private static final Silent SILENT = Silent.ofPostfix(
            "ID: status=*", // force-bounced
            "ID: from=<*>, status=expired, *",
            "ID: from=<*>, status=force-bounced*",
            "ID: skipped, still being delivered",
            "ID: postmaster non-delivery notification: *",
            "statistics: *",
            "warning: connect to transport *",
            "warning: please avoid flushing the whole queue *",
            "warning: mail for * is using up * of * active queue entries",
            "warning: to avoid this condition*",
            "warning: private/* socket: *",
            "warning: transport * failure -- see a previous warning/fatal/panic logfile record *");

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
        boolean removed = colon + REMOVED.length() == body.end() && body.hasAt(colon, REMOVED);
        if (!removed && !body.hasAt(colon, FROM)) {
            return;
        }
        QueueId id = PostfixText.id(body, colon);
        if (id == null) {
            return;
        }
        if (removed) {
            out.accept(new LogEvent.Removed(header.at(), header.by(), id));
            return;
        }
        // from the right: the sender may hold a whole fake rest of the line
        int size = body.lastIndexOf(SIZE, colon);
        int nrcpt = size < 0 ? -1 : body.indexOf(NRCPT, size);
        if (nrcpt < 0) {
            return; // "status=expired, returned to sender", "status=force-bounced"
        }
        int bytes = PostfixText.number(body, size + SIZE.length(), nrcpt);
        int from = nrcpt + NRCPT.length();
        int recipients = PostfixText.number(body, from, PostfixText.endOfNumber(body, from));
        if (bytes >= 0 && recipients >= 0) {
            String sender = body.text(colon + FROM.length(), size);
            out.accept(new LogEvent.Queued(header.at(), header.by(), id, sender, bytes, recipients));
        }
    }
}
