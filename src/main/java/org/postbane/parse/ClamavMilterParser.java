package org.postbane.parse;

import java.util.function.Consumer;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Lines of clamav-milter with {@code LogInfected Full}. Shape: {@code clamfi_eom()} in {@code clamav-milter/clamfi.c}.
 *
 * <pre>Message ID from &lt;s> to &lt;r> with subject 'x' message-id '&lt;m>' date 'd' infected by Eicar-Signature</pre>
 *
 * <p>All between the id and the signature's name is strangers' text; only the id is read. {@code LogInfected Basic} names no
 * message, and so says nothing; nor do clamd's own lines. Both leave Postfix's {@code milter-reject:} to tell.
 */
final class ClamavMilterParser implements LineParser {

    private static final Mark MESSAGE = Mark.of("Message ");
    private static final Mark UNKNOWN = Mark.of("UNKNOWN ");
    private static final Mark FROM = Mark.of(" from <");
    private static final Mark INFECTED = Mark.of("' infected by ");

    /** What it states nothing of. Sources: {@code clamav-milter/clamfi.c}, {@code clamav-milter.c}, {@code netcode.c}. */
    private static final Silent SILENT = Silent.of(
            "Clean message *",
            "Message from * to * infected by *", // LogInfected Basic
            "+++ Started at *",
            "*Local socket*",
            "Bound to *",
            "Probe for *",
            "No clamd server *",
            "All clamd*",
            "WARNING: *",
            "ERROR: *",
            "^*",
            "!*",
            "Limits: *",
            "clamfi_*",
            "Waiting for all threads *",
            "ClamAV: *",
            "hijack*");

    @Override
    public boolean knows(Line body) {
        return SILENT.matches(body);
    }

    @Override
    public void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        if (!body.startsWith(MESSAGE)) {
            return;
        }
        int id = body.start() + MESSAGE.length();
        int idEnd = body.indexOf(' ', id);
        int infected = idEnd < 0 ? -1 : body.lastIndexOf(INFECTED, idEnd);
        QueueId queueId = idEnd < 0 ? null : QueueId.parse(body.bytes(), id, idEnd);
        if (queueId == null || body.hasAt(id, UNKNOWN) || infected < 0 || !body.hasAt(idEnd, FROM)) {
            return;
        }
        new VerdictDraft(header, "clamav", "INFECTED", Judgement.VIRUS)
                .on(queueId)
                .state(out);
    }
}
