package org.postbane.parse;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;
import org.postbane.parse.LogEvent.Status;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Lines of OpenSMTPD, as far as client, recipients, logins and refusals go. Shapes: {@code usr.sbin/smtpd/smtp_session.c},
 * {@code mda.c}, {@code mta.c} of 6.4 to 7.x; before 6.4 with {@code event=} before the word.
 *
 * <pre>
 * 5df87c903d709659 smtp connected address=203.0.113.1 host=mail.example.net
 * 5df87c903d709659 smtp authentication user=bob result=permfail
 * 5df87c903d709659 smtp message msgid=c405e39a size=303 nrcpt=1 proto=ESMTP
 * 5df87c903d709659 smtp failed-command command="RCPT TO:&lt;x@example.org&gt;" result="550 Invalid recipient: &lt;x@example.org&gt;"
 * 5df87c9250bba470 mda delivery evpid=c405e39ad6bbc64f from=&lt;s&gt; to=&lt;u@example.org&gt; rcpt=&lt;u@example.org&gt; ... result=Ok stat=Delivered
 * 5df87c903d709659 smtp disconnected reason=quit
 * </pre>
 *
 * <p>The client is known by the session's first line only, where its address comes before all that it says. What a filter
 * refuses after the content has the command {@code DATA}, and no message id: such a message has one victim.
 *
 * <p>Memory: {@link #MOST} sessions. Known shortcomings: sessions that are open at a restart are not known afterwards, so that
 * nobody answers for what they do from then on (messages, refusals, wrong passwords); messages before it are not concerned; no line
 * says that a message is done with, so that the correlator keeps each until it is given up.
 */
final class OpenSmtpdParser implements LineParser {

    private static final int SESSION = 16;
    private static final int MESSAGE = 8;
    private static final int MOST = 10_000;

    private static final Mark SMTP = Mark.of(" smtp ");
    private static final Mark EVENT = Mark.of("event=");
    private static final Mark CONNECTED = Mark.of("connected address=");
    private static final Mark DISCONNECTED = Mark.of("disconnected");
    private static final Mark CLOSED = Mark.of("closed");
    private static final Mark MESSAGE_ID = Mark.of("message ");
    private static final Mark MSGID = Mark.of("msgid=");
    private static final Mark SIZE = Mark.of(" size=");
    private static final Mark COUNT = Mark.of(" nrcpt=");
    private static final Mark OLD_COUNT = Mark.of(" ndest=");
    private static final Mark AUTHENTICATION = Mark.of("authentication user=");
    private static final Mark OK = Mark.of(" result=ok");
    private static final Mark WRONG = Mark.of(" result=permfail");
    private static final Mark OLD_ADDRESS = Mark.of(" address=");
    private static final Mark FAILED = Mark.of("failed-command ");
    private static final Mark COMMAND = Mark.of("command=\"");
    private static final Mark RESULT = Mark.of("\" result=\"");
    private static final Mark RCPT = Mark.of("RCPT TO:<");
    private static final Mark MDA = Mark.of(" mda ");
    private static final Mark MTA = Mark.of(" mta ");
    private static final Mark DELIVERY = Mark.of("delivery evpid=");
    private static final Mark FROM = Mark.of(" from=<");
    private static final Mark BAD_INPUT = Mark.of("bad-input ");
    private static final Mark AUTH = Mark.of("AUTH ");
    private static final int WRONG_LOGIN = 535;
    private static final Mark TO = Mark.of(" to=<");
    private static final Mark NAMED = Mark.of(" rcpt=<");
    private static final Mark STAT = Mark.of(" stat=");
    private static final Mark DELIVERED = Mark.of(" result=");

    /** What it states nothing of. Sources: {@code usr.sbin/smtpd/{smtp_session,mta,mda,queue,smtpd}.c}. */
    private static final Silent SILENT = Silent.of(
            "info: *",
            "warn: *",
            "debug: *",
            "smtpd: *",
            "* smtp connected address=*",
            "* smtp disconnected*",
            "* smtp tls *",
            "* smtp starttls *",
            "* smtp cert-check *",
            "* smtp client-cert-check *",
            "* smtp event=proxy *", // the client behind it is the one that is connected then
            "* smtp bad-input *",
            "* smtp envelope *",
            "* smtp failed-command *", // neither recipient nor content
            "* smtp event=connected *",
            "* smtp event=closed *",
            "* smtp event=starttls *",
            "* mda *",
            "* mta *");

    @Override
    public boolean knows(Line body) {
        return SILENT.matches(body);
    }

    private final Map<String, Session> sessions = new LinkedHashMap<>();

    private static final class Session {
        private final Peer client;
        private @Nullable String account;
        private int refusals;

        Session(Peer client) {
            this.client = client;
        }
    }

    @Override
    public void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        int end = body.start() + SESSION;
        if (body.length() <= SESSION || !isHex(body, body.start(), end)) {
            return;
        }
        if (body.hasAt(end, MDA) || body.hasAt(end, MTA)) {
            int word = pastEvent(body, end + MDA.length());
            if (body.hasAt(word, DELIVERY)) {
                delivery(body, word + DELIVERY.length(), header, out);
            }
            return;
        }
        if (!body.hasAt(end, SMTP)) {
            return;
        }
        String id = body.text(body.start(), end);
        int word = pastEvent(body, end + SMTP.length());
        if (body.hasAt(word, CONNECTED)) {
            connected(body, word + CONNECTED.length(), id, header, out);
            return;
        }
        Session session = sessions.get(id);
        if (session == null) {
            return; // it began before the log did
        }
        if (body.hasAt(word, MESSAGE_ID)) {
            message(body, word, session, header, out);
        } else if (body.hasAt(word, AUTHENTICATION)) {
            authentication(body, word + AUTHENTICATION.length(), session, header, out);
        } else if (body.hasAt(word, FAILED)) {
            refused(body, word, id, session, header, out);
        } else if (body.hasAt(word, BAD_INPUT)) {
            out.accept(new LogEvent.ProtocolError(
                    header.at(), header.by(), session.client, "", "bad input", LogEvent.Breach.SLIP));
        } else if (body.hasAt(word, DISCONNECTED) || body.hasAt(word, CLOSED)) {
            sessions.remove(id);
            out.accept(new LogEvent.Disconnect(header.at(), header.by(), session.client, -1, 0));
        }
    }

    private static boolean isHex(Line body, int from, int to) {
        for (int i = from; i < to; i++) {
            byte b = body.bytes()[i];
            if (!(b >= '0' && b <= '9' || b >= 'a' && b <= 'f')) {
                return false;
            }
        }
        return true;
    }

    private static int pastEvent(Line body, int at) {
        return body.hasAt(at, EVENT) ? at + EVENT.length() : at;
    }

    private void connected(Line body, int from, String id, SyslogHeader header, Consumer<LogEvent> out) {
        int blank = body.indexOf(' ', from);
        String text = body.text(from, blank < 0 ? body.end() : blank);
        text = text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
        IpPrefix address = IpPrefix.parse(text.startsWith("IPv6:") ? text.substring(5) : text); // null for "local"
        int name = blank < 0 ? body.end() : Math.min(body.end(), blank + " host=".length());
        Peer client = new Peer(body.text(name, body.end()), address, 0);
        sessions.put(id, new Session(client));
        if (sessions.size() > MOST) {
            Iterator<Session> oldest = sessions.values().iterator();
            oldest.next();
            oldest.remove();
        }
        out.accept(new LogEvent.Connect(header.at(), header.by(), client));
    }

    /** Before 6.4 with {@code address= host= msgid= from= to= size= ndest= proto=}, of which msgid comes before the client's text but for host. */
    private static void message(Line body, int word, Session session, SyslogHeader header, Consumer<LogEvent> out) {
        int msgid = body.indexOf(MSGID, word);
        int from = msgid + MSGID.length();
        if (msgid < 0 || from + MESSAGE > body.end() || !isHex(body, from, from + MESSAGE)) {
            return;
        }
        QueueId id = QueueId.parse(body.bytes(), from, from + MESSAGE);
        if (id == null) {
            return;
        }
        int size = body.lastIndexOf(SIZE, from);
        int count = body.lastIndexOf(COUNT, from);
        count = count < 0 ? body.lastIndexOf(OLD_COUNT, from) : count;
        out.accept(new LogEvent.Client(header.at(), header.by(), id, session.client, session.account, null, null));
        out.accept(new LogEvent.Queued(
                header.at(),
                header.by(),
                id,
                null,
                Math.max(0, number(body, size, SIZE.length())),
                Math.max(0, number(body, count, COUNT.length()))));
    }

    private static int number(Line body, int field, int length) {
        int digits = field + length;
        return field < 0 ? 0 : PostfixText.number(body, digits, PostfixText.endOfNumber(body, digits));
    }

    private static void authentication(
            Line body, int from, Session session, SyslogHeader header, Consumer<LogEvent> out) {
        boolean ok = body.endsWith(OK);
        if (!ok && !body.endsWith(WRONG)) {
            return; // tempfail: our own trouble
        }
        int end = Math.max(from, body.end() - (ok ? OK.length() : WRONG.length()));
        int old = body.lastIndexOf(OLD_ADDRESS, from);
        String user = body.text(from, old >= 0 && old < end ? old : end);
        if (ok) {
            session.account = user;
            return;
        }
        out.accept(new LogEvent.AuthFailure(
                header.at(), header.by(), session.client, "", user.isEmpty() ? null : user, "permfail"));
    }

    private static void refused(
            Line body, int word, String id, Session session, SyslogHeader header, Consumer<LogEvent> out) {
        int command = body.indexOf(COMMAND, word);
        int result = command < 0 ? -1 : body.lastIndexOf(RESULT, command);
        int reply = result + RESULT.length();
        if (result < 0 || body.bytes()[body.end() - 1] != '"' || reply >= body.end()) {
            return;
        }
        int text = command + COMMAND.length();
        int code = PostfixText.number(body, reply, PostfixText.endOfNumber(body, reply));
        if (code < 400 || code > 599 || result < text) {
            return;
        }
        if (body.hasAt(text, AUTH) && code == WRONG_LOGIN) {
            return; // told by the line before
        }
        String why = body.text(Math.min(body.end() - 1, reply + 4), body.end() - 1);
        String recipient = null;
        if (body.hasAt(text, RCPT)) {
            int close = PostfixText.endOfAddress(body, text + RCPT.length());
            recipient = close < 0 || close > result ? null : body.text(text + RCPT.length(), close);
        }
        int blank = body.indexOf(' ', text);
        String stage = body.text(text, blank < 0 || blank > result ? result : blank);
        if (stage.equals("DATA") && code >= 500) {
            Judgement judgement = EximVerdictText.refusal(why);
            if (judgement != null && session.client.address() != null) {
                session.refusals++;
                verdict(judgement, id + "-" + session.refusals, session, header, out);
                return;
            }
            stage = "END-OF-MESSAGE";
        }
        out.accept(new LogEvent.Reject(
                header.at(),
                header.by(),
                null,
                stage.isEmpty() ? "CONNECT" : stage,
                session.client,
                code,
                why,
                null,
                recipient,
                false));
    }

    private static void verdict(
            Judgement judgement, String filterId, Session session, SyslogHeader header, Consumer<LogEvent> out) {
        new VerdictDraft(header, "opensmtpd", "DATA", judgement)
                .blocked(true)
                .from(session.client, null)
                .filterId(filterId)
                .state(out);
    }

    private static void delivery(Line body, int from, SyslogHeader header, Consumer<LogEvent> out) {
        if (from + 2 * MESSAGE > body.end() || !isHex(body, from, from + 2 * MESSAGE)) {
            return;
        }
        QueueId id = QueueId.parse(body.bytes(), from, from + MESSAGE);
        int sender = from + 2 * MESSAGE;
        int senderEnd = body.hasAt(sender, FROM) ? PostfixText.endOfAddress(body, sender + FROM.length()) : -1;
        int to = senderEnd + 1;
        int toEnd = senderEnd >= 0 && body.hasAt(to, TO) ? PostfixText.endOfAddress(body, to + TO.length()) : -1;
        if (id == null || toEnd < 0) {
            return;
        }
        String address = body.text(to + TO.length(), toEnd);
        String as = null;
        int named = toEnd + 1;
        if (body.hasAt(named, NAMED)) {
            int end = PostfixText.endOfAddress(body, named + NAMED.length());
            as = end < 0 ? null : body.text(named + NAMED.length(), end);
        }
        int result = body.indexOf(DELIVERED, toEnd);
        int word = result + DELIVERED.length();
        int quote = result >= 0 && word < body.end() && body.bytes()[word] == '"' ? 1 : 0;
        String text = result < 0 ? "" : body.text(Math.min(word + quote, body.end()), body.end());
        int stat = body.indexOf(STAT, Math.max(result, toEnd));
        out.accept(new LogEvent.Delivery(
                header.at(),
                header.by(),
                id,
                address,
                as == null || as.equals(address) || as.equals("-") ? null : as,
                "none",
                text.startsWith("Ok") ? Status.SENT : text.startsWith("TempFail") ? Status.DEFERRED : Status.BOUNCED,
                stat < 0 ? "" : body.text(stat + STAT.length(), body.end()),
                null,
                null,
                null));
    }
}
