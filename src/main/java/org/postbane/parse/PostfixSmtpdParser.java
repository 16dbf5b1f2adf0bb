package org.postbane.parse;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.model.QueueId;
import org.postbane.parse.LogEvent.Breach;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Lines of postfix/smtpd, under whatever service name. Shapes: {@code src/smtpd/smtpd.c}, {@code smtpd_check.c} and
 * {@code smtpd_sasl_glue.c}.
 */
final class PostfixSmtpdParser implements LineParser {

    private static final Mark CONNECT = Mark.of("connect from ");
    private static final Mark DISCONNECT = Mark.of("disconnect from ");
    private static final Mark MAIL = Mark.of(" mail=");
    private static final Mark RCPT = Mark.of(" rcpt=");
    private static final Mark DATA = Mark.of(" data=");
    private static final Mark BDAT = Mark.of(" bdat=");
    private static final Mark COMMANDS = Mark.of(" commands=");
    private static final Mark PROXY = Mark.of("proxy-");
    private static final Mark CLIENT = Mark.of(": client=");
    private static final Mark SASL_METHOD = Mark.of(", sasl_method=");
    private static final Mark SASL_USERNAME = Mark.of(", sasl_username=");
    private static final Mark SASL_SENDER = Mark.of(", sasl_sender=");
    private static final Mark ORIG_QUEUE_ID = Mark.of(", orig_queue_id=");
    private static final Mark ORIG_CLIENT = Mark.of(", orig_client=");
    private static final Mark WARNING = Mark.of("warning: ");
    private static final Mark SASL = Mark.of(": SASL ");
    private static final Mark ABORTED = Mark.of(" authentication aborted");
    private static final Mark FAILED =
            Mark.of(" authentication failed:"); // and a blank, which journald cuts off where nothing follows

    private static final Silent SILENT = Silent.ofPostfix(
            "Anonymous TLS connection *",
            "Untrusted TLS connection *",
            "Trusted TLS connection *",
            "Verified TLS connection *",
            "TLS SNI * from * not matched*",
            "setting up TLS connection from *",
            "discarding EHLO keywords: *",
            "SSL_accept:*",
            "proxy-accept: *",
            "connect to subsystem *",
            "statistics: *",
            "warning: SASL: *",
            "warning: SASL per-*",
            "warning: SASL authentication *",
            "warning: xsasl_*",
            "warning: missing Dovecot server *",
            "warning: *: SASL * authentication failed: Connection lost to authentication server*",
            "warning: *: SASL * authentication failed: Can't connect to authentication server*",
            "warning: *: SASL * authentication failed: Authentication backend error*",
            "warning: *: SASL * authentication failed: Temporary authentication failure*",
            "warning: *: SASL * authentication failed: (reason unavailable), sasl_username=(unavailable)",
            "warning: *: address not listed for hostname *",
            "warning: *: hostname * verification failed: *",
            "warning: *: RBL lookup error: *",
            "warning: connect to Milter service *",
            "warning: milter *: *",
            "warning: unexpected SMFIC_UNKNOWN response: *",
            "warning: problem talking to server *",
            "warning: problem talking to service *",
            "warning: access table *",
            "warning: unknown smtpd restriction: *",
            "warning: cannot load *",
            "warning: connect to proxy *",
            "warning: lost connection with *",
            "warning: timeout talking to proxy *",
            "warning: proxy * rejected *: *",
            "warning: haproxy *",
            "warning: Refusing STARTTLS request from *",
            "warning: Refusing TLS service request from *",
            "warning: Wrapper-mode request dropped from *",
            "warning: support for restriction *",
            "warning: run-time library vs. compile-time header version mismatch: *",
            "warning: ID: ignoring invalid reject filter result: *", // smtpd_reject_filter_maps, since 3.11
            "ID: reply filter in: *",
            "ID: reply filter out: *",
            "ID: queue file size limit exceeded");

    /** {@code src/xsasl/xsasl_dovecot_server.c}, and what Dovecot sends with {@code temp}. */
    private static final List<String> OUR_FAULTS = List.of(
            "Connection lost to authentication server",
            "Can't connect to authentication server",
            "Authentication backend error",
            "Temporary authentication failure");

    /** What Postfix prints where the client broke off before it named a login. */
    private static final String NO_LOGIN = "(unavailable)";

    /**
     * What it prints, since 3.9, for a wrong password, of which Dovecot names the login; without one, for a Dovecot that could not be
     * reached again ({@code xsasl_dovecot_server_first()}).
     */
    private static final String NO_REASON = "(reason unavailable)";

    private final boolean texts;

    /** @param texts host names are wanted too, by which nothing is decided */
    PostfixSmtpdParser(boolean texts) {
        this.texts = texts;
    }

    @Override
    public void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        if (body.startsWith(WARNING)) { // before all else, as this word could be a queue id
            warning(body, header, out);
            return;
        }
        int colon = PostfixText.endOfId(body);
        if (colon >= 0) {
            if (body.hasAt(colon, CLIENT)) {
                client(body, colon, header, out);
            } else if (body.hasAt(colon + 2, PROXY)) {
                PostfixProxyText.parse(body, colon + 2, header, out);
            } else if (!PostfixFaultText.end(body, colon + 2, header, out)) {
                PostfixActionText.parse(body, colon, header, out);
            }
        } else if (body.startsWith(CONNECT)) {
            Peer peer = peer(body, body.start() + CONNECT.length());
            if (peer != null) {
                out.accept(new LogEvent.Connect(header.at(), header.by(), peer));
            }
        } else if (body.startsWith(DISCONNECT)) {
            int end = PostfixText.endOfPeer(body, body.start() + DISCONNECT.length());
            if (end >= 0) {
                Peer peer = PostfixText.peer(body, body.start() + DISCONNECT.length(), end, texts);
                int tried = tried(body, end);
                int messages = tried > 0 ? tried : Math.max(0, accepted(body, MAIL, end));
                out.accept(
                        new LogEvent.Disconnect(header.at(), header.by(), peer, accepted(body, RCPT, end), messages));
            }
        } else if (body.startsWith(PROXY)) {
            PostfixProxyText.parse(body, body.start(), header, out);
        } else {
            PostfixFaultText.parse(body, header, out);
        }
    }

    @Override
    public boolean knows(Line body) {
        return SILENT.matches(body);
    }

    /** {@code ehlo=1 mail=1 rcpt=2/3 data=1 quit=1 commands=6/7}: how many of these commands were accepted. */
    private static int accepted(Line body, Mark command, int from) {
        int at = body.indexOf(command, from);
        int digits = at + command.length();
        if (at >= 0) {
            return PostfixText.number(body, digits, PostfixText.endOfNumber(body, digits));
        }
        return body.indexOf(COMMANDS, from) < 0 ? -1 : 0;
    }

    /** {@code data=1/2}: how many DATA commands there were, in vain or not; 0 where there were none, or messages came in chunks, too. */
    private static int tried(Line body, int from) {
        int at = body.indexOf(DATA, from);
        if (at < 0 || body.indexOf(BDAT, from) >= 0) {
            return 0;
        }
        int digits = at + DATA.length();
        int end = PostfixText.endOfNumber(body, digits);
        if (end < body.end() && body.bytes()[end] == '/') {
            digits = end + 1;
            end = PostfixText.endOfNumber(body, digits);
        }
        return Math.max(0, PostfixText.number(body, digits, end));
    }

    private @Nullable Peer peer(Line body, int from) {
        int end = PostfixText.endOfPeer(body, from);
        return end < 0 ? null : PostfixText.peer(body, from, end, texts);
    }

    /**
     * {@code ID: client=name[address], sasl_method=M, sasl_username=U, sasl_sender=S, orig_queue_id=Q, orig_client=name[a]}.
     * The login is text of the client's: what Postfix adds after it is looked for from the end of the line. So is {@code sasl_sender},
     * what stands behind {@code AUTH=} in MAIL FROM, which needs no login: nothing behind it is believed.
     */
    private void client(Line body, int colon, SyslogHeader header, Consumer<LogEvent> out) {
        QueueId id = PostfixText.id(body, colon);
        int from = colon + CLIENT.length();
        int end = PostfixText.endOfPeer(body, from);
        if (end < 0 || id == null && !PostfixText.isNoQueue(body, colon)) {
            return;
        }
        Peer client = PostfixText.peer(body, from, end, texts);
        if (end == body.end()) {
            out.accept(new LogEvent.Client(header.at(), header.by(), id, client, null, null, null));
            return;
        }
        boolean loggedIn = body.hasAt(end, SASL_METHOD) || body.hasAt(end, SASL_USERNAME);
        boolean ofAnother = body.indexOf(SASL_SENDER, end) >= 0;
        // A login may end like these fields; whoever logs in from elsewhere is no filter of this host
        boolean mayForward = !ofAnother
                && (!loggedIn || client.address() != null && client.address().isLoopback());
        int rest = body.end();
        int orig = mayForward ? body.lastIndexOf(ORIG_CLIENT, end) : -1;
        Peer origClient = null;
        if (orig >= 0 && PostfixText.endOfPeer(body, orig + ORIG_CLIENT.length()) == body.end()) {
            origClient = PostfixText.peer(body, orig + ORIG_CLIENT.length(), body.end(), texts);
            rest = orig;
        }
        QueueId origId = null;
        int origIdAt = mayForward ? lastBefore(body, ORIG_QUEUE_ID, end, rest) : -1;
        if (origIdAt >= 0) {
            origId = QueueId.parse(body.bytes(), origIdAt + ORIG_QUEUE_ID.length(), rest);
            rest = origId == null ? rest : origIdAt;
        }
        if (!loggedIn && !ofAnother && rest != end) {
            return; // not a shape that Postfix prints
        }
        String account = loggedIn ? account(body, end, rest) : null;
        out.accept(new LogEvent.Client(header.at(), header.by(), id, client, account, origId, origClient));
        if (account != null && body.hasAt(end, SASL_METHOD)) {
            int method = end + SASL_METHOD.length();
            int methodEnd = body.indexOf(',', method);
            String mechanism = methodEnd < 0 ? "" : body.text(method, methodEnd);
            out.accept(new LogEvent.Login(header.at(), header.by(), client, account, mechanism, null));
        }
    }

    private static int lastBefore(Line body, Mark mark, int from, int before) {
        return body.lastIndexOf(mark, from, before);
    }

    /** Where {@code , sasl_method=M} or the login itself begins, to where nothing of either is left. */
    private static @Nullable String account(Line body, int from, int to) {
        int name = body.hasAt(from, SASL_METHOD) ? body.indexOf(',', from + SASL_METHOD.length()) : from;
        int login = name + SASL_USERNAME.length();
        if (!body.hasAt(name, SASL_USERNAME) || login > to) {
            return null;
        }
        int sender = body.indexOf(SASL_SENDER, login);
        return body.text(login, sender < 0 ? to : sender);
    }

    private static void warning(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        int peerEnd = PostfixText.endOfPeer(body, body.start() + WARNING.length());
        if (peerEnd >= 0 && body.hasAt(peerEnd, SASL)) {
            authFailure(body, header, out);
        } else {
            PostfixFaultText.warning(body, body.start() + WARNING.length(), header, out);
        }
    }

    /** {@code warning: name[address]: SASL LOGIN authentication failed: reason[, sasl_username=U]}. */
    private static void authFailure(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        int from = body.start() + WARNING.length();
        int end = PostfixText.endOfPeer(body, from);
        if (end < 0 || !body.hasAt(end, SASL)) {
            return;
        }
        int method = end + SASL.length();
        int methodEnd = body.indexOf(' ', method);
        if (body.hasAt(methodEnd, ABORTED)) { // the client broke off, and no password was wrong
            protocolError(body, from, end, "authentication aborted", Breach.BROKEN_OFF, header, out);
        }
        if (!body.hasAt(methodEnd, FAILED)) {
            return;
        }
        int reason = Math.min(methodEnd + FAILED.length() + 1, body.end());
        int login = body.indexOf(SASL_USERNAME, reason);
        String why = body.text(reason, login < 0 ? body.end() : login);
        String account = login < 0 ? null : login(body, login + SASL_USERNAME.length());
        if (why.startsWith("Invalid authentication mechanism")) {
            protocolError(body, from, end, why, Breach.SLIP, header, out);
            return;
        }
        if (isOurFault(why) || login >= 0 && account == null && why.equals(NO_REASON)) {
            return;
        }
        out.accept(new LogEvent.AuthFailure(
                header.at(),
                header.by(),
                PostfixText.peer(body, from, end),
                body.text(method, methodEnd),
                account,
                why));
    }

    private static void protocolError(
            Line body, int from, int end, String why, Breach breach, SyslogHeader header, Consumer<LogEvent> out) {
        Peer client = PostfixText.peer(body, from, end);
        out.accept(new LogEvent.ProtocolError(header.at(), header.by(), client, "AUTH", why, breach));
    }

    private static @Nullable String login(Line body, int from) {
        String login = body.text(from, body.end());
        return login.equals(NO_LOGIN) ? null : login;
    }

    /** No wrong password, but the server's own trouble. */
    private static boolean isOurFault(String reason) {
        return OUR_FAULTS.stream().anyMatch(reason::startsWith);
    }
}
