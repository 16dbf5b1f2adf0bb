package org.postbane.parse;

import java.util.function.Consumer;
import org.postbane.model.QueueId;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Lines of postfix/pickup: {@code ID: uid=108 from=<sender>}, and {@code ID: uid=108 from=<sender> orig_id=ID} of what
 * {@code postsuper -r} put back. Shape: {@code src/pickup/pickup.c}.
 */
final class PostfixPickupParser implements LineParser {

    private static final Mark UID = Mark.of(": uid=");
    private static final Mark FROM = Mark.of(" from=<");
    private static final Mark ORIG_ID = Mark.of("> orig_id=");

    private static final Silent SILENT = Silent.ofPostfix("warning: *: message has been queued for * days");

    @Override
    public boolean knows(Line body) {
        return SILENT.matches(body);
    }

    @Override
    public void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        int colon = PostfixText.endOfId(body);
        if (!body.hasAt(colon, UID)) {
            return;
        }
        QueueId id = PostfixText.id(body, colon);
        int digits = colon + UID.length();
        int end = PostfixText.endOfNumber(body, digits);
        int uid = PostfixText.number(body, digits, end);
        if (id == null || uid < 0 || !body.hasAt(end, FROM)) {
            return;
        }
        int from = end + FROM.length();
        int orig = body.lastIndexOf(ORIG_ID, from);
        QueueId before = orig < 0 ? null : QueueId.parse(body.bytes(), orig + ORIG_ID.length(), body.end());
        boolean closed = body.bytes()[body.end() - 1] == '>';
        int senderEnd = before != null ? orig : closed ? Math.max(from, body.end() - 1) : body.end();
        out.accept(new LogEvent.Pickup(header.at(), header.by(), id, uid, body.text(from, senderEnd), before));
    }
}
