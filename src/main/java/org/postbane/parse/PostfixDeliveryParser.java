package org.postbane.parse;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.model.QueueId;
import org.postbane.parse.LogEvent.Status;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Lines of Postfix's delivery agents (smtp, lmtp, local, virtual, pipe, discard, error, retry). Shape: {@code
 * src/global/log_adhoc.c}.
 *
 * <pre>ID: to=&lt;r&gt;, orig_to=&lt;o&gt;, relay=h[a]:p, conn_use=2, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (reply)</pre>
 *
 * <p>The reply is text of the next hop, which may be a stranger's.
 */
final class PostfixDeliveryParser implements LineParser {

    private static final Mark TO = Mark.of(": to=<");
    private static final Mark ORIG_TO = Mark.of(">, orig_to=<");
    private static final Mark RELAY = Mark.of(">, relay=");
    private static final Mark DELAY = Mark.of(", delay=");
    private static final Mark DELAYS = Mark.of(", delays=");
    private static final Mark CONN_USE = Mark.of(", conn_use=");
    private static final Mark STATUS = Mark.of(", status=");
    private static final Mark QUEUED_AS = Mark.of("queued as ");
    private static final Mark FILTER_ID = Mark.of(" id=");
    private static final Mark SENT = Mark.of("sent");
    private static final Mark CLOSE = Mark.of(")");
    private static final int MAX_REPLY = 400;

    private final boolean passesOn;
    private final boolean runsCommands;
    private final boolean texts;

    /**
     * @param passesOn the agent speaks to another MTA or to a filter, which may answer with an id of its own
     * @param runsCommands the agent runs commands, a filter's for instance, so that it matters how long that took
     * @param texts relay and reply are wanted even where nothing is decided by them
     */
    PostfixDeliveryParser(boolean passesOn, boolean runsCommands, boolean texts) {
        this.passesOn = passesOn;
        this.runsCommands = runsCommands;
        this.texts = texts;
    }

    private static final Silent SILENT = Silent.ofPostfix(
            "connect to *: *",
            "TLSRPT: status=*", // since 3.10
            "Anonymous TLS connection *",
            "Untrusted TLS connection *",
            "Trusted TLS connection *",
            "Verified TLS connection *",
            "setting up TLS connection to *",
            "SSL_connect error to *",
            "certificate verification failed for *",
            "ID: Cannot start TLS: *",
            "ID: TLS is required, *",
            "ID: host * said: *",
            "ID: host * refused to talk to me: *",
            "ID: lost connection with *",
            "ID: conversation with * timed out *",
            "ID: enabling PIX workarounds: *",
            "ID: breaking line > * bytes with *",
            "ID: sender non-delivery notification: *",
            "lost connection with * while *",
            "conversation with * timed out while *",
            "warning: host *[*]:* greeted me with my own hostname *",
            "warning: host * replied to HELO/EHLO with my own hostname *",
            "warning: host * said: *",
            "warning: no MX host for * has a valid address record",
            "warning: relayhost *",
            "warning: SASL authentication failure: *",
            "warning: SASL *",
            "warning: *: SASL *",
            "warning: pipe *",
            "warning: maildir access problem for *",
            "warning: destination * is not owned by *",
            "warning: specify *");

    @Override
    public boolean knows(Line body) {
        return SILENT.matches(body);
    }

    @Override
    public void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        int colon = PostfixText.endOfId(body);
        if (!body.hasAt(colon, TO)) {
            return;
        }
        QueueId id = PostfixText.id(body, colon);
        int to = colon + TO.length();
        int toEnd = endOfRecipient(body, to);
        if (id == null || toEnd < 0) {
            return;
        }
        String origTo = null;
        int relay = toEnd;
        if (body.hasAt(toEnd, ORIG_TO)) {
            int orig = toEnd + ORIG_TO.length();
            relay = endOfRecipient(body, orig);
            if (relay < 0) {
                return;
            }
            origTo = body.text(orig, relay);
        }
        int status = body.hasAt(relay, RELAY) ? body.indexOf(STATUS, relay) : -1;
        if (status < 0) {
            return; // cut short
        }
        int word = status + STATUS.length();
        int wordEnd = body.indexOf(' ', word);
        int statusEnd = wordEnd < 0 ? body.end() : wordEnd;
        int reply = Math.min(statusEnd + 2, body.end());
        int replyEnd = body.endsWith(CLOSE) ? Math.max(reply, body.end() - 1) : body.end();
        QueueId queuedAs = passesOn && isSent(body, word, statusEnd) ? queuedAs(body, reply, replyEnd) : null;
        String filterId = passesOn && queuedAs == null ? filterId(body, reply, body.end()) : null;
        out.accept(new LogEvent.Delivery(
                header.at(),
                header.by(),
                id,
                body.text(to, toEnd),
                origTo,
                queuedAs != null || filterId != null || texts ? relay(body, relay + RELAY.length(), status) : "",
                status(body, word, statusEnd),
                texts ? body.text(reply, Math.min(replyEnd, reply + MAX_REPLY)) : "",
                queuedAs,
                filterId,
                runsCommands ? delays(body, body.lastIndexOf(DELAYS, relay, status) + DELAYS.length(), status) : null));
    }

    /**
     * Of {@code a/b/c/d}, before the queue manager, in it, connecting, and handing over; null if there are not so many. Source:
     * {@code src/util/format_tv.c}: {@code 0.58}, {@code 5.8}, {@code 58}.
     */
    private static LogEvent.@Nullable Delays delays(Line body, int from, int to) {
        byte[] bytes = body.bytes();
        int field = 0;
        long waited = 0;
        long ran = 0;
        for (int at = from; at < to && bytes[at] != ','; at++) {
            if (bytes[at] == '/') {
                field++;
            } else if (at == from || bytes[at - 1] == '/') {
                long millis = millis(body, at);
                waited += field < 2 ? millis : 0;
                ran += field < 2 ? 0 : millis;
            }
        }
        return field == 3 ? new LogEvent.Delays(bounded(waited), Math.max(1, bounded(ran))) : null;
    }

    private static int bounded(long millis) {
        return (int) Math.min(millis, Integer.MAX_VALUE);
    }

    private static long millis(Line body, int from) {
        int point = PostfixText.endOfNumber(body, from);
        long millis = Math.max(0, PostfixText.number(body, from, point)) * 1000L;
        if (point < body.end() && body.bytes()[point] == '.') {
            int unit = 100;
            for (int i = point + 1; i < PostfixText.endOfNumber(body, point + 1); i++) {
                millis += (long) unit * (body.bytes()[i] - '0');
                unit /= 10;
            }
        }
        return millis;
    }

    private static String relay(Line body, int from, int status) {
        return body.text(from, firstOf(body, from, status));
    }

    /** The {@code >} that is followed by the next field; addresses may be quoted and hold anything. */
    private static int endOfRecipient(Line body, int from) {
        int end = PostfixText.endOfAddress(body, from);
        if (body.hasAt(end, RELAY) || body.hasAt(end, ORIG_TO)) {
            return end;
        }
        return body.indexOf(RELAY, from);
    }

    private static int firstOf(Line body, int from, int status) {
        for (int comma = body.indexOf(',', from); comma >= 0 && comma < status; comma = body.indexOf(',', comma + 1)) {
            if (body.hasAt(comma, DELAY) || body.hasAt(comma, CONN_USE)) {
                return comma;
            }
        }
        return status;
    }

    private static boolean isSent(Line body, int from, int to) {
        return to - from == SENT.length() && body.hasAt(from, SENT);
    }

    private static Status status(Line body, int from, int to) {
        if (isSent(body, from, to)) {
            return Status.SENT; // nearly all
        }
        return switch (body.text(from, to)) {
            case "deferred" -> Status.DEFERRED;
            case "bounced" -> Status.BOUNCED;
            case "expired" -> Status.EXPIRED;
            case "undeliverable" -> Status.UNDELIVERABLE;
            case "deliverable" -> Status.DELIVERABLE;
            default -> Status.OTHER;
        };
    }

    /**
     * The {@code queued as ID} with which the reply ends at {@code to}: a filter quotes that of the next MTA after its own words. Elsewhere
     * in it may be text of the sender's: a recipient, a file's name.
     */
    static @Nullable QueueId queuedAs(Line body, int reply, int to) {
        int at = -1;
        for (int next = body.indexOf(QUEUED_AS, reply); next >= 0 && next < to; ) {
            at = next;
            next = body.indexOf(QUEUED_AS, next + 1);
        }
        if (at < 0) {
            return null;
        }
        int from = at + QUEUED_AS.length();
        return endOfToken(body, from) == to ? QueueId.parse(body.bytes(), from, to) : null;
    }

    /** amavis: {@code 250 2.7.0 Ok, discarded, id=02591-01 - spam}, {@code 554 5.7.0 Reject, id=02252-01-3 - spam}. */
    static @Nullable String filterId(Line body, int reply, int to) {
        int at = body.indexOf(FILTER_ID, reply);
        if (at < 0 || at >= to) {
            return null;
        }
        int from = at + FILTER_ID.length();
        int end = from;
        while (end < body.end() && (body.bytes()[end] == '-' || body.bytes()[end] >= '0' && body.bytes()[end] <= '9')) {
            end++;
        }
        return AmavisParser.isId(body, from, end) ? body.text(from, end) : null;
    }

    private static int endOfToken(Line body, int from) {
        int i = from;
        while (i < body.end() && QueueId.isCharacter(body.bytes()[i])) {
            i++;
        }
        return i;
    }
}
