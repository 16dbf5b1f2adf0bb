package org.postbane.parse;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;
import org.postbane.parse.LogEvent.Status;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Lines of Sendmail, as far as client, recipients, logins and what milters say go. Shapes: {@code logsender()} in {@code
 * sendmail/envelope.c}, {@code logdelivery()} in {@code sendmail/deliver.c}, {@code rscheck()} in {@code sendmail/srvrsmtp.c}
 * and {@code sendmail/conf.c}, {@code milter_*()} in {@code sendmail/milter.c}.
 *
 * <pre>
 * ID: from=&lt;sender&gt;, size=1234, class=0, nrcpts=2, msgid=&lt;m&gt;, proto=ESMTP, daemon=MTA-v4, relay=name [address] (may be forged)
 * ID: to=&lt;r1&gt;,&lt;r2&gt;, ctladdr=.., delay=00:00:01, xdelay=.., mailer=local, pri=31234, dsn=2.0.0, stat=Sent
 * ID: Milter: data, reject=554 5.7.1 reason
 * ID: Milter (name) add: header: X-Spam-Flag: YES
 * ID: ruleset=check_rcpt, arg1=&lt;r&gt;, relay=name [address], reject=550 5.7.1 reason
 * ID: AUTH=server, relay=name [address], authid=login, mech=PLAIN, bits=0
 * ID: AUTH failure (LOGIN): reason, user=login, relay=name [address]
 * </pre>
 *
 * <p>What clients do wrong otherwise, {@link SendmailFaultText} knows. Where {@code relay=} is the last field, its address is in the brackets that end the line; elsewhere the fields before it
 * are read one by one, as sender, recipient and Message-ID are the client's text.
 *
 * <p>Memory: the logins of {@link #MOST} connections, and as many messages that were broken off. Known shortcomings: no line says that a message is done with, so that
 * the correlator keeps each until it is given up; {@code User unknown} names no client and is passed over; what {@code stat=}
 * says of several recipients holds for all; over a restart the logins of connections that last are forgotten, so that their next
 * messages count for the client, not for the account.
 */
final class SendmailParser implements LineParser {

    private static final Mark SENDER = Mark.of("from=");
    private static final Mark SIZE = Mark.of(", size=");
    private static final Mark RECIPIENTS = Mark.of(", nrcpts=");
    private static final Mark MESSAGE_ID = Mark.of(", msgid=");
    private static final Mark RELAY = Mark.of(", relay=");
    private static final Mark TO = Mark.of("to=");
    private static final Mark DELAY = Mark.of(", delay=");
    private static final Mark MAILER = Mark.of(", mailer=");
    private static final Mark STAT = Mark.of(", stat=");
    private static final Mark MILTER = Mark.of("Milter: ");
    private static final Mark DATA_REJECT = Mark.of("data, reject=");
    private static final Mark DATA_DISCARD = Mark.of("data, discard");
    private static final Mark MILTER_WORD = Mark.of("Milter ");
    private static final Mark NAME = Mark.of("(");
    private static final Mark NAME_END = Mark.of(") ");
    private static final Mark ADD = Mark.of("add: ");
    private static final Mark CHANGE_ADD = Mark.of("change (add): ");
    private static final Mark INSERT = Mark.of("insert (");
    private static final Mark INSERT_END = Mark.of("): ");
    private static final Mark FLAG = Mark.of("header: X-Spam-Flag: YES");
    private static final Mark STATUS = Mark.of("header: X-Spam-Status: ");
    private static final Mark SPAM = Mark.of("Yes, score=");
    private static final Mark CLEAN = Mark.of("No, score=");
    private static final Mark CHANGE_FLAG = Mark.of("change: header X-Spam-Flag: from ");
    private static final Mark TO_YES = Mark.of(" to YES");
    private static final Mark CHANGE_STATUS = Mark.of("change: header X-Spam-Status: from ");
    private static final Mark CHANGED_TO = Mark.of(" to ");
    private static final Mark BROKEN_OFF = Mark.of("collect: premature EOM: ");
    private static final Mark COLLECT = Mark.of("collect: relay=");
    private static final Mark BARE = Mark.of(", status=tempfail");
    private static final Mark RULESET = Mark.of("ruleset=");
    private static final Mark ARGUMENT = Mark.of(", arg1=");
    private static final Mark SECOND_ARGUMENT = Mark.of(", arg2=");
    private static final Mark REJECT = Mark.of(", reject=");
    private static final Mark AUTH = Mark.of("AUTH=server, relay=");
    private static final Mark AUTH_ID = Mark.of(", authid=");
    private static final Mark MECHANISM = Mark.of(", mech=");
    private static final Mark AUTH_FAILURE = Mark.of("AUTH failure (");
    private static final Mark FORGED = Mark.of(" (may be forged)");

    private static final Mark USER = Mark.of(", user=");

    /** What it states nothing of. Sources: {@code sendmail/{main,daemon,srvrsmtp,tls,deliver,savemail,collect,milter}.c}. */
    private static final Silent SILENT = Silent.of(
            "starting daemon (*",
            "restarting *",
            "started as: *",
            "STARTTLS=*",
            "STARTTLS: *",
            "alias database * rebuilt by *",
            "*/aliases: * aliases, *",
            "rejecting connections on daemon *",
            "accepting connections again for daemon *",
            "error: safesasl(*",
            "auxpropfunc error *",
            "NOQUEUE: connect from *",
            "AUTH=server, *", // kept for the message that follows
            "AUTH: *",
            "ID: STARTTLS=*",
            "ID: STARTTLS: *",
            "ID: AUTH=server, *",
            "ID: AUTH=client, *",
            "ID: Milter*",
            "ID: milter=*",
            "ID: Authentication-Warning: *",
            "ID: timeout waiting for input *",
            "ID: ruleset=*, discard", // of the administrator's own rules
            "ID: ruleset=*, quarantine=*",
            "ID: header match, *",
            "ID: rejecting * from * due to traffic before response",
            "rejecting new messages: min free: *",
            "ID: collect: *",
            "ID: return to sender: *",
            "ID: sender notify: *",
            "ID: postmaster notify: *",
            "ID: DSN: *",
            "ID: <*>... *", // User unknown and the like: names no client
            "ID: SYSERR*",
            "ID: clone: *",
            "ID: clone *, owner=*",
            "ID: done; delay=*",
            "ID: alias * => *",
            "ID: forward * => *",
            "ID: --- *",
            "ID: <-- *",
            "ID: discarded",
            "ID: * [*]: VRFY *",
            "ID: * [*]: vrfy *",
            "ID: * [*]: EXPN *",
            "ID: * [*]: expn *",
            "ID: * [*]: ETRN *");

    private static final int MOST = 1000;
    private static final int MOST_AT_ONCE = 1000;

    /** Who logged in over a connection, by the process that serves it. */
    private final Map<Program, Login> logins = new LinkedHashMap<>();

    /** Messages that were broken off, and whose {@code from=} is to come. */
    private final Set<QueueId> brokenOff = new LinkedHashSet<>();

    private record Login(@Nullable IpPrefix client, String account) {}

    @Override
    public void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        int colon = PostfixText.endOfId(body);
        QueueId id = colon < 0 ? null : PostfixText.id(body, colon);
        int from = colon < 0 ? body.start() : colon + 2;
        if (body.hasAt(from, AUTH)) {
            login(body, from, header);
        } else if (body.hasAt(from, AUTH_FAILURE)) {
            authFailure(body, from, header, out);
        } else if (body.hasAt(from, RULESET)) {
            refused(body, from, id, header, out);
        } else if (id == null) {
            fault(body, from, header, out);
        } else if (body.hasAt(from, SENDER)) {
            sender(body, from, id, header, out);
        } else if (body.hasAt(from, TO)) {
            delivery(body, from, id, header, out);
        } else if (body.hasAt(from, MILTER)) {
            milter(body, from + MILTER.length(), id, header, out);
        } else if (body.hasAt(from, MILTER_WORD)) {
            mark(body, from + MILTER_WORD.length(), id, header, out);
        } else {
            if (body.hasAt(from, BROKEN_OFF) || body.hasAt(from, COLLECT) && body.endsWith(BARE)) {
                breakOff(id);
            }
            fault(body, from, header, out);
        }
    }

    /**
     * The client broke off while it sent the message, of which {@code from=} tells all the same; or Sendmail did, since 8.18 and in
     * Debian's 8.17, for a CR or LF by itself.
     */
    private void breakOff(QueueId id) {
        brokenOff.add(id);
        if (brokenOff.size() > MOST) {
            Iterator<QueueId> oldest = brokenOff.iterator();
            oldest.next();
            oldest.remove();
        }
    }

    private static void fault(Line body, int from, SyslogHeader header, Consumer<LogEvent> out) {
        LogEvent fault = SendmailFaultText.event(body, from, header);
        if (fault != null) {
            out.accept(fault);
        }
    }

    @Override
    public boolean knows(Line body) {
        return SILENT.matches(body);
    }

    /**
     * Headers that a milter added or changed, which are the milter's word; its own name stands before it since 8.16.
     *
     * @param from behind {@code Milter }
     */
    private static void mark(Line body, int from, QueueId id, SyslogHeader header, Consumer<LogEvent> out) {
        int at = from;
        if (body.hasAt(at, NAME)) {
            int close = body.indexOf(NAME_END, at);
            at = close < 0 ? body.end() : close + NAME_END.length();
        }
        if (body.hasAt(at, CHANGE_FLAG)) {
            if (body.endsWith(TO_YES)) { // from what the client wrote
                verdict("X-Spam-Flag", true, Double.NaN, id, header, out);
            }
            return;
        }
        if (body.hasAt(at, CHANGE_STATUS)) {
            int to = body.indexOf(CHANGED_TO, at);
            if (to >= 0 && to == body.lastIndexOf(CHANGED_TO, at)) { // else it may be in what the client wrote
                status(body, to + CHANGED_TO.length(), id, header, out);
            }
            return;
        }
        if (body.hasAt(at, INSERT)) {
            int close = PostfixText.endOfNumber(body, at + INSERT.length());
            at = body.hasAt(close, INSERT_END) ? close + INSERT_END.length() : body.end();
        } else if (body.hasAt(at, CHANGE_ADD)) {
            at += CHANGE_ADD.length();
        } else {
            at = body.hasAt(at, ADD) ? at + ADD.length() : body.end();
        }
        if (body.hasAt(at, FLAG) && at + FLAG.length() == body.end()) {
            verdict("X-Spam-Flag", true, Double.NaN, id, header, out);
        } else if (body.hasAt(at, STATUS)) {
            status(body, at + STATUS.length(), id, header, out);
        }
    }

    /** {@code Yes, score=7.3 required=5.0 tests=..}. */
    private static void status(Line body, int from, QueueId id, SyslogHeader header, Consumer<LogEvent> out) {
        boolean spam = body.hasAt(from, SPAM);
        if (!spam && !body.hasAt(from, CLEAN)) {
            return;
        }
        int points = from + (spam ? SPAM : CLEAN).length();
        int blank = body.indexOf(' ', points);
        double score = AmavisParser.decimal(body.text(points, blank < 0 ? body.end() : blank));
        verdict("X-Spam-Status", spam, score, id, header, out);
    }

    // ---------------------------------------------------------------- a message's life

    private void sender(Line body, int from, QueueId id, SyslogHeader header, Consumer<LogEvent> out) {
        int end = endOfText(body, from + SENDER.length());
        int relay = body.lastIndexOf(RELAY, end);
        if (!body.hasAt(end, SIZE) || relay < 0) {
            return;
        }
        String sender = address(body, from + SENDER.length(), end);
        int digits = end + SIZE.length();
        int size = PostfixText.number(body, digits, PostfixText.endOfNumber(body, digits));
        int nrcpts = body.indexOf(RECIPIENTS, end);
        digits = nrcpts + RECIPIENTS.length();
        int count = nrcpts < 0 ? 0 : PostfixText.number(body, digits, PostfixText.endOfNumber(body, digits));
        Peer client = lastPeer(body, relay + RELAY.length());
        if (client != null) {
            Login login = logins.get(header.by());
            boolean same =
                    login != null && login.client() != null && login.client().equals(client.address());
            String account = login != null && same ? login.account() : null;
            out.accept(new LogEvent.Client(header.at(), header.by(), id, client, account, null, null));
        }
        int mid = nrcpts < 0 ? -1 : body.indexOf(MESSAGE_ID, nrcpts);
        if (mid >= 0 && mid < relay) {
            int text = mid + MESSAGE_ID.length();
            int textEnd = Math.min(relay, endOfText(body, text));
            out.accept(new LogEvent.MessageId(header.at(), header.by(), id, body.text(text, textEnd)));
        }
        boolean whole = brokenOff.isEmpty() || !brokenOff.remove(id);
        if (count > 0 && size > 0 && whole) { // else every recipient was refused, none was named, or DATA never came
            out.accept(new LogEvent.Queued(header.at(), header.by(), id, sender, Math.max(0, size), count));
        }
    }

    /** {@code to=<r1>,<r2>, ...}, {@code to=bob, ...}, {@code to="|/usr/bin/procmail", ...}. */
    private static void delivery(Line body, int from, QueueId id, SyslogHeader header, Consumer<LogEvent> out) {
        int stat = body.indexOf(STAT, from);
        int delay = body.indexOf(DELAY, from);
        if (stat < 0 || delay < 0 || delay > stat) {
            return;
        }
        String why = body.text(stat + STAT.length(), body.end());
        Status status = why.equals("Sent") || why.startsWith("Sent ")
                ? Status.SENT
                : why.startsWith("Deferred") || why.startsWith("queued") ? Status.DEFERRED : Status.BOUNCED;
        int mailer = body.indexOf(MAILER, delay);
        int word = mailer + MAILER.length();
        String relay = mailer < 0 || mailer > stat ? "none" : body.text(word, endOfText(body, word));
        int at = from + TO.length();
        for (int count = 0; count < MOST_AT_ONCE && at < delay; count++) {
            int end = endOfText(body, at);
            out.accept(new LogEvent.Delivery(
                    header.at(), header.by(), id, address(body, at, end), null, relay, status, why, null, null, null));
            if (end + 1 >= body.end() || body.bytes()[end] != ',' || body.bytes()[end + 1] == ' ') {
                return;
            }
            at = end + 1;
        }
    }

    /** Where a comma ends the field or list item that begins at {@code from}; commas in quotes and angle brackets belong to it. */
    private static int endOfText(Line body, int from) {
        if (from < body.end() && body.bytes()[from] == '<') {
            int close = PostfixText.endOfAddress(body, from + 1);
            return close < 0 ? body.end() : close + 1;
        }
        boolean quoted = false;
        for (int i = from; i < body.end(); i++) {
            byte b = body.bytes()[i];
            if (b == '\\') {
                i++;
            } else if (b == '"') {
                quoted = !quoted;
            } else if (b == ',' && !quoted) {
                return i;
            }
        }
        return body.end();
    }

    private static String address(Line body, int from, int end) {
        boolean bracketed = end - from >= 2 && body.bytes()[from] == '<' && body.bytes()[end - 1] == '>';
        return bracketed ? body.text(from + 1, end - 1) : body.text(from, end);
    }

    // ---------------------------------------------------------------- milters

    private static void milter(Line body, int from, QueueId id, SyslogHeader header, Consumer<LogEvent> out) {
        if (body.hasAt(from, DATA_REJECT)) {
            int reply = from + DATA_REJECT.length();
            int blank = PostfixText.endOfNumber(body, reply);
            int code = PostfixText.number(body, reply, blank);
            if (code >= 400 && code < 600) {
                String why = body.text(Math.min(body.end(), blank + 1), body.end());
                out.accept(new LogEvent.Reject(
                        header.at(), header.by(), id, "END-OF-MESSAGE", Peer.NOBODY, code, why, null, null, true));
            }
        } else if (body.hasAt(from, DATA_DISCARD)) {
            out.accept(new LogEvent.Match(
                    header.at(), header.by(), id, "discard", "END-OF-MESSAGE", Peer.NOBODY, "", null, null));
        }
    }

    private static void verdict(
            String mark, boolean spam, double points, QueueId id, SyslogHeader header, Consumer<LogEvent> out) {
        new VerdictDraft(header, "milter", mark, spam ? Judgement.SPAM : Judgement.CLEAN)
                .points(points)
                .on(id)
                .state(out);
    }

    // ---------------------------------------------------------------- refusals and logins

    private static void refused(
            Line body, int from, @Nullable QueueId id, SyslogHeader header, Consumer<LogEvent> out) {
        int name = from + RULESET.length();
        int argument = body.indexOf(',', name);
        if (!body.hasAt(argument, ARGUMENT)) {
            return;
        }
        int text = argument + ARGUMENT.length();
        int end = endOfText(body, text);
        int relay = end;
        if (body.hasAt(end, SECOND_ARGUMENT)) {
            relay = endOfText(body, end + SECOND_ARGUMENT.length());
        }
        int peer = relay + RELAY.length();
        int open = body.hasAt(relay, RELAY) ? body.indexOf('[', peer) : -1;
        int close = open < 0 ? -1 : body.indexOf(']', open);
        int reject = close < 0 ? -1 : body.hasAt(close + 1, FORGED) ? close + 1 + FORGED.length() : close + 1;
        if (!body.hasAt(reject, REJECT) || !isName(body, peer, open)) {
            return;
        }
        int reply = reject + REJECT.length();
        int blank = PostfixText.endOfNumber(body, reply);
        int code = PostfixText.number(body, reply, blank);
        if (code < 400 || code > 599) {
            return;
        }
        // an argument is printed as it came, and may hold a comment with a whole fake rest of the line
        Peer client = body.indexOf(REJECT, reply) < 0 ? peer(body, peer, open, close) : Peer.NOBODY;
        String ruleset = body.text(name, argument);
        String stage = switch (ruleset) {
            case "check_rcpt", "checkrcpt" -> "RCPT";
            case "check_mail" -> "MAIL";
            case "check_relay" -> "CONNECT";
            default -> ruleset;
        };
        out.accept(new LogEvent.Reject(
                header.at(),
                header.by(),
                id,
                stage,
                client,
                code,
                body.text(Math.min(body.end(), blank + 1), body.end()),
                stage.equals("MAIL") ? address(body, text, end) : null,
                stage.equals("RCPT") ? address(body, text, end) : null,
                false));
    }

    private void login(Line body, int from, SyslogHeader header) {
        int peer = from + AUTH.length();
        int open = body.indexOf('[', peer);
        int close = open < 0 ? -1 : body.indexOf(']', open);
        int name = close < 0 ? -1 : body.hasAt(close + 1, FORGED) ? close + 1 + FORGED.length() : close + 1;
        int end = body.lastIndexOf(MECHANISM, Math.max(name, body.start()));
        if (!body.hasAt(name, AUTH_ID) || !isName(body, peer, open) || end < name + AUTH_ID.length()) {
            return;
        }
        Login login = new Login(ip(body, open, close), body.text(name + AUTH_ID.length(), end));
        logins.remove(header.by());
        logins.put(header.by(), login);
        if (logins.size() > MOST) {
            Iterator<Login> oldest = logins.values().iterator();
            oldest.next();
            oldest.remove();
        }
    }

    private static void authFailure(Line body, int from, SyslogHeader header, Consumer<LogEvent> out) {
        int method = from + AUTH_FAILURE.length();
        int close = body.indexOf(')', method);
        int relay = close < 0 ? -1 : body.lastIndexOf(RELAY, close);
        Peer client = relay < 0 ? null : lastPeer(body, relay + RELAY.length());
        if (client == null) {
            return;
        }
        int user = body.indexOf(USER, close); // since 8.16
        boolean named = user >= 0 && user < relay;
        out.accept(new LogEvent.AuthFailure(
                header.at(),
                header.by(),
                client,
                body.text(method, close),
                named ? body.text(user + USER.length(), relay) : null,
                body.text(Math.min(close + 3, relay), named ? user : relay)));
    }

    // ---------------------------------------------------------------- who it was

    /** {@code name [address] (may be forged)} up to the end of the line: what is in the last brackets, whatever the name is. */
    private static @Nullable Peer lastPeer(Line body, int from) {
        int end = body.endsWith(FORGED) ? body.end() - FORGED.length() : body.end();
        int open = end - 1;
        while (open > from && body.bytes()[open] != '[') {
            open--;
        }
        if (end <= from || body.bytes()[end - 1] != ']' || body.bytes()[open] != '[') {
            return null; // user@localhost
        }
        return peer(body, from, open, end - 1);
    }

    /** Nothing but a host name and a blank: the client's own DNS says what it is called. */
    private static boolean isName(Line body, int from, int open) {
        for (int i = from; i < open - 1; i++) {
            byte b = body.bytes()[i];
            if (b <= ' ' && b >= 0 || b == ',' || b == ']') {
                return false;
            }
        }
        return true;
    }

    static Peer peer(Line body, int from, int open, int close) {
        return new Peer(body.text(from, Math.max(from, open - 1)), ip(body, open, close), 0);
    }

    /** {@code [203.0.113.1]}, {@code [IPv6:2001:db8::1]}. */
    private static @Nullable IpPrefix ip(Line body, int open, int close) {
        String text = body.text(open + 1, close);
        return IpPrefix.parse(text.startsWith("IPv6:") ? text.substring(5) : text);
    }
}
