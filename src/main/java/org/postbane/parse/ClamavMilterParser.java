package org.postbane.parse;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.List;
import java.util.function.Consumer;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;
import org.postbane.source.Line;

/**
 * Lines of clamav-milter with {@code LogInfected Full}. Shape: {@code clamfi_eom()} in {@code clamav-milter/clamfi.c}.
 *
 * <pre>Message ID from &lt;s> to &lt;r> with subject 'x' message-id '&lt;m>' date 'd' infected by Eicar-Signature</pre>
 *
 * <p>All between the id and the signature's name is strangers' text; only the id is read. {@code LogInfected Basic} names no
 * message, and so says nothing; nor do clamd's own lines. Both leave Postfix's {@code milter-reject:} to tell.
 */
final class ClamavMilterParser implements LineParser {

    private static final byte[] MESSAGE = "Message ".getBytes(US_ASCII);
    private static final byte[] UNKNOWN = "UNKNOWN ".getBytes(US_ASCII);
    private static final byte[] FROM = " from <".getBytes(US_ASCII);
    private static final byte[] INFECTED = "' infected by ".getBytes(US_ASCII);

    @Override
    public void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        if (!body.startsWith(MESSAGE)) {
            return;
        }
        int id = body.start() + MESSAGE.length;
        int idEnd = body.indexOf(' ', id);
        int infected = idEnd < 0 ? -1 : body.lastIndexOf(INFECTED, idEnd);
        QueueId queueId = idEnd < 0 ? null : QueueId.parse(body.bytes(), id, idEnd);
        if (queueId == null || body.hasAt(id, UNKNOWN) || infected < 0 || !body.hasAt(idEnd, FROM)) {
            return;
        }
        out.accept(new LogEvent.Verdict(
                header.at(),
                header.by(),
                "clamav",
                "INFECTED",
                Judgement.VIRUS,
                Double.NaN,
                false,
                queueId,
                null,
                null,
                List.of(),
                null,
                0,
                List.of(),
                null,
                LogEvent.Recipients.ALL,
                null));
    }
}
