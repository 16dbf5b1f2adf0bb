package org.postbane.parse;

import java.util.Arrays;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.parse.LogEvent.Breach;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Lines of Dovecot 2.2 to 2.4 about logins. Shapes: {@code client_get_log_str()} and {@code
 * client_get_extra_disconnect_reason()} in {@code src/login-common/client-common.c}, the log prefixes in {@code
 * src/auth/auth-request.c}, and {@code src/auth/passdb-*.c}.
 *
 * <pre>
 * imap-login: Login: user=&lt;U&gt;, method=PLAIN, rip=A, lip=B, mpid=1, TLS, session=&lt;S&gt;                     (2.4: Logged in:)
 * imap-login: Disconnected: Connection closed (auth failed, 2 attempts in 9 secs): user=&lt;U&gt;, method=PLAIN, rip=A, lip=B
 * imap-login: Login aborted: Connection closed (auth failed, 2 attempts in 9 secs) (auth_failed): user=&lt;U&gt;, ... (2.4)
 * auth: passwd-file(U,A,&lt;S&gt;): Password mismatch
 * auth-worker(7): conn unix:auth-worker (pid=1,uid=2): auth-worker&lt;3&gt;: sql(U,A): unknown user
 * auth(U,A,sasl:plain)&lt;S&gt;: passwd-file: Password mismatch                                            (2.4)
 * auth-worker(U,A)&lt;543&gt;&lt;S&gt;: request [1]: sql: unknown user                                            (2.4)
 * </pre>
 *
 * <p>U is the client's text and may hold a whole fake rest of the line. The reason stands before it, so the first one counts;
 * the address after it, so the last one counts.
 *
 * <p>Known shortcoming: with {@code auth_username_chars} empty, and a request that comes without an address (not from Dovecot's
 * own login processes, nor from Postfix or Exim), a login {@code x,192.0.2.1} in an auth line would be taken for an address.
 */
final class DovecotParser implements LineParser {

    private static final Mark INFO = Mark.of("Info: ");
    private static final Mark LOGIN_PROCESS = Mark.of("-login: ");
    private static final Mark LOGIN = Mark.of("Login: user=<");
    private static final Mark LOGGED_IN = Mark.of("Logged in: user=<");
    private static final Mark USER = Mark.of("): user=<");
    private static final Mark NO_USER = Mark.of("): ");
    private static final Mark RIP = Mark.of(" rip=");
    private static final Mark LIP = Mark.of(", lip=");
    private static final Mark SESSION = Mark.of(", session=<");
    private static final Mark METHOD = Mark.of(" method=");
    private static final Mark AUTH_FAILED = Mark.of("(auth failed, ");
    private static final Mark ATTEMPTS = Mark.of(" attempts");
    private static final Mark ABORTED_LOGIN = Mark.of("Aborted login: user=<");
    private static final Mark AUTH = Mark.of("auth");
    private static final Mark SASL = Mark.of(",sasl:");
    private static final Mark WORKER_OF = Mark.of("auth-worker(");
    private static final Mark CLOSE_WORKER = Mark.of(")<");
    private static final Mark GROUP = Mark.of("<");
    private static final Mark NAMELESS = Mark.of("(?,");
    private static final Mark BAD_NAME = Mark.of("Username character disallowed by auth_username_chars: ");
    private static final Mark PAM_FAILED = Mark.of("pam_authenticate() failed: ");
    private static final Mark GIVEN = Mark.of(" (given password: ");
    private static final Mark CLOSE = Mark.of("): ");
    private static final Mark COLON = Mark.of(": ");
    private static final Mark WORKER_CONNECTION = Mark.of("conn unix:auth-worker (");
    private static final Mark WORKER = Mark.of("auth-worker<");

    private static final int MOST_ATTEMPTS = 100;

    /** Reasons for which no attempt was made, or none with a wrong password; all of them end at the next parenthesis. */
    private static final String[][] BROKEN_OFF = {
        {"(no auth attempts", "no auth attempts"},
        {"(disconnected before auth was ready", "disconnected before auth was ready"},
        {"(disconnected before greeting", "disconnected before greeting"},
        {"(client didn't finish SASL auth", "client didn't finish SASL auth"},
        {"(disconnected while authenticating", "disconnected while authenticating"},
        {"(disconnected while finishing login", "disconnected while finishing login"},
        {"(disconnected while waiting for", "disconnected while waiting"},
        {"(aborted authentication", "aborted authentication"},
        {"(auth aborted by client", "aborted authentication"}, // 2.4
        {"(disconnected during TLS handshake", "disconnected during TLS handshake"}, // 2.4
        {"(tried to use disallowed plaintext auth", "tried to use disallowed plaintext auth"},
        {"(tried to use disabled plaintext auth", "tried to use disallowed plaintext auth"},
        {"(tried to use disallowed cleartext auth", "tried to use disallowed plaintext auth"}, // 2.4
        {"(tried to use unsupported auth mechanism", "tried to use unsupported auth mechanism"},
        {"(sent invalid base64 in response", "sent invalid base64"},
        {"(cert required", "cert required"},
        {"(client sent an invalid cert", "invalid cert"},
        {"(client sent an untrusted cert", "invalid cert"}, // 2.4
        {"(client didn't send a cert", "no cert"},
    };

    private static final Mark[] BROKEN_OFF_TEXTS =
            Arrays.stream(BROKEN_OFF).map(text -> Mark.of(text[0])).toArray(Mark[]::new);

    /** What follows the parenthesis when a password was wrong or a user unknown; to the end of the line. */
    private static final Mark[] REFUSALS = Stream.of(
                    "Password mismatch",
                    "password mismatch",
                    "unknown user",
                    "Unknown user",
                    "invalid credentials",
                    "Invalid credentials",
                    "Empty username",
                    "Empty password",
                    "Login attempt with empty password", // LDAP's
                    "Password query returned no password",
                    "Login invalid",
                    "No passdb found")
            .map(Mark::of)
            .toArray(Mark[]::new);

    private static final Silent SILENT = Silent.of(
            "auth: *(*): * given password: *)", // auth_verbose_passwords
            "auth-worker(*): * given password: *)",
            "master: *",
            "log: *",
            "config: *",
            "config(*",
            "stats: *",
            "anvil: *",
            "ssl-params: *",
            "indexer*",
            "doveadm*",
            "dict*",
            "replicator: *",
            "director: *",
            "lmtp(*): Connect from *",
            "lmtp(*): Disconnect from *",
            "lmtp(*: msgid=*",
            "lmtp(*: sieve: *",
            "lda(*",
            "lmtp(*): Error: *",
            "lmtp(*): Warning: *",
            "imap(*",
            "pop3(*",
            "submission(*",
            "managesieve(*",
            "sieve(*",
            "imap: *",
            "pop3: *",
            "imap-hibernate*",
            "imap-urlauth*",
            "*-login: Error: *",
            "*-login: Warning: *",
            "*-login: Fatal: *",
            "*-login: Debug: *",
            "*-login: proxy(*",
            "*-login: Maximum number of connections *",
            "*-login: Disconnected: Too many *",
            "*-login: *(internal failure, *",
            "*-login: *(auth process communication failure*",
            "*-login: *(auth service reported temporary failure*",
            "*-login: *(authorization failed, *",
            "*-login: *(user disabled*",
            "*-login: *(login disabled*",
            "*-login: *(password expired*",
            "*-login: *(anonymous logins disabled*",
            "*-login: *(connection limit reached*",
            "*-login: *(auth referral*",
            "*-login: *(proxy dest *", // told by the server behind, which has the password
            "*-login: *(The process is shutting down *",
            "*-login: *(client_limit and process_limit was hit *",
            "*-login: Login failed: * authentication*", // told again when it disconnects
            "*-login: Authenticate * failed: *", // likewise
            "*-login: Disconnected*",
            "auth: Error: *",
            "auth: Warning: *",
            "auth: Debug: *",
            "auth: Fatal: *",
            "auth: *: Error: *",
            "auth: *: Debug: *",
            "auth-worker: Error: *",
            "auth-worker(*): Error: *",
            "auth-worker(*: Debug: *",
            "auth(*: Debug: *",
            "auth: master login: *");

    @Override
    public void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        if (body.startsWith(AUTH)) {
            authServer(withoutPassword(body), header, out);
            return;
        }
        int i = body.start();
        while (i < body.end() && isServiceName(body.bytes()[i])) {
            i++;
        }
        int service = i - 6; // "-login" is part of the name
        if (service > body.start() && body.hasAt(service, LOGIN_PROCESS)) {
            int text = service + LOGIN_PROCESS.length();
            loginProcess(body, body.hasAt(text, INFO) ? text + INFO.length() : text, header, out);
        }
    }

    @Override
    public boolean knows(Line body) {
        return SILENT.matches(body);
    }

    private static boolean isServiceName(byte b) {
        return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-';
    }

    // ---------------------------------------------------------------- login processes

    private static void loginProcess(Line body, int text, SyslogHeader header, Consumer<LogEvent> out) {
        Mark mark = body.hasAt(text, LOGIN) ? LOGIN : body.hasAt(text, LOGGED_IN) ? LOGGED_IN : null;
        if (mark != null) {
            Fields fields = Fields.of(body, text + mark.length());
            if (fields != null && fields.account != null) {
                out.accept(new LogEvent.Login(
                        header.at(), header.by(), fields.client, fields.account, fields.method, fields.session));
            }
            return;
        }
        if (body.hasAt(text, ABORTED_LOGIN)) { // Dovecot 1
            failure(body, text + ABORTED_LOGIN.length(), true, 1, header, out);
            return;
        }
        // the reason stands before all text of the client's
        int user = body.indexOf(USER, text);
        int fields = user >= 0 ? user + USER.length() : body.indexOf(NO_USER, text) + NO_USER.length();
        if (fields < text + NO_USER.length()) {
            return;
        }
        int failed = body.indexOf(AUTH_FAILED, text);
        if (failed >= 0 && failed < fields) {
            int digits = failed + AUTH_FAILED.length();
            int end = PostfixText.endOfNumber(body, digits);
            int attempts = PostfixText.number(body, digits, end);
            if (attempts > 0 && body.hasAt(end, ATTEMPTS)) {
                failure(body, fields, user >= 0, Math.min(attempts, MOST_ATTEMPTS), header, out);
            }
            return;
        }
        for (int i = 0; i < BROKEN_OFF_TEXTS.length; i++) {
            int at = body.indexOf(BROKEN_OFF_TEXTS[i], text);
            Fields of = at >= 0 && at < fields ? Fields.of(body, user >= 0 ? fields : fields - 1) : null;
            if (of != null) {
                String why = BROKEN_OFF[i][1];
                out.accept(new LogEvent.ProtocolError(
                        header.at(), header.by(), of.client, "LOGIN", why, Breach.BROKEN_OFF, of.session));
                return;
            }
        }
    }

    private static void failure(
            Line body, int from, boolean named, int attempts, SyslogHeader header, Consumer<LogEvent> out) {
        Fields fields = Fields.of(body, named ? from : from - 1);
        if (fields != null) {
            String account = named ? fields.account : null;
            out.accept(new LogEvent.AuthFailure(
                    header.at(),
                    header.by(),
                    fields.client,
                    fields.method,
                    account == null || account.isEmpty() ? null : account,
                    "auth failed",
                    attempts - 1,
                    false,
                    fields.session));
        }
    }

    /** {@code U>, method=M, rip=A, lip=B, ..., session=<S>}, read from the right. */
    private record Fields(
            @Nullable String account,
            String method,
            Peer client,
            @Nullable String session) {

        static @Nullable Fields of(Line body, int from) {
            int rip = body.lastIndexOf(RIP, from);
            int address = rip + RIP.length();
            int end = rip < 0 ? -1 : body.indexOf(',', address);
            if (end < 0 || !body.hasAt(end, LIP)) {
                return null; // cut short, or a log format of the administrator's own
            }
            IpPrefix ip = IpPrefix.parse(body.bytes(), address, end);
            if (ip == null) {
                return null;
            }
            int before = rip > from && body.bytes()[rip - 1] == ',' ? rip - 1 : rip;
            String method = "";
            int methodAt = body.lastIndexOf(METHOD, from, before);
            if (methodAt >= 0 && isWord(body, methodAt + METHOD.length(), before)) {
                method = body.text(methodAt + METHOD.length(), before);
                before = methodAt > from && body.bytes()[methodAt - 1] == ',' ? methodAt - 1 : methodAt;
            }
            boolean closed = before > from && body.bytes()[before - 1] == '>';
            int session = body.lastIndexOf(SESSION, end);
            return new Fields(
                    closed ? body.text(from, before - 1) : null,
                    method,
                    new Peer("", ip, 0),
                    session < 0 ? null : sessionAt(body, session + SESSION.length(), body.end()));
        }

        static boolean isWord(Line body, int from, int to) {
            for (int i = from; i < to; i++) {
                byte b = body.bytes()[i];
                if (!(b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-' || b == '_')) {
                    return false;
                }
            }
            return to > from;
        }
    }

    // ---------------------------------------------------------------- the authentication server

    /** {@code Password mismatch (given password: x)}, with {@code auth_verbose_passwords}: what the client tried, any text. */
    private static Line withoutPassword(Line body) {
        int given = body.indexOf(GIVEN, body.start());
        return given < 0 ? body : new Line().set(body.bytes(), body.start(), given);
    }

    private static void authServer(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        int sasl = body.lastIndexOf(SASL, body.start());
        if (body.bytes()[body.start() + AUTH.length()] == '(' && sasl >= 0) {
            authServer24(body, sasl, header, out);
            return;
        }
        if (body.startsWith(WORKER_OF) && !body.hasAt(endOfPid(body), CLOSE)) {
            authWorker24(body, header, out);
            return;
        }
        int open = openOfRequest(body);
        if (open < 0) {
            return;
        }
        int word = open;
        while (word > body.start() && isServiceName(body.bytes()[word - 1])) {
            word--;
        }
        int close = -1;
        String reason = null;
        if (body.hasAt(open, NAMELESS)) {
            close = body.indexOf(CLOSE, open); // the server's own: all text of the client's stands after it
            reason = close < 0 ? null : refusal(body, close + CLOSE.length(), true);
        } else {
            for (int at = body.indexOf(CLOSE, open); at >= 0 && reason == null; at = body.indexOf(CLOSE, at + 1)) {
                close = at;
                reason = refusal(body, at + CLOSE.length(), false);
            }
        }
        if (reason == null || word == open) {
            return;
        }
        int comma = lastComma(body, open, close);
        int addressEnd = close;
        String session = null;
        if (comma >= 0 && body.bytes()[comma + 1] == '<') {
            session = sessionAt(body, comma + 2, close);
            addressEnd = comma;
            comma = lastComma(body, open, comma);
        }
        if (comma < 0) {
            return;
        }
        detail(body, open + 1, comma, addressEnd, body.text(word, open), reason, session, header, out);
    }

    /** {@code S>}, where the line is not cut: base64, or what another Dovecot before this one gave. */
    private static @Nullable String sessionAt(Line body, int from, int to) {
        return to > from + 1 && body.bytes()[to - 1] == '>' ? body.text(from, to - 1) : null;
    }

    /** {@code auth(U,A,sasl:plain)<S>: passwd-file: Password mismatch}. */
    private static void authServer24(Line body, int lastSasl, SyslogHeader header, Consumer<LogEvent> out) {
        int open = body.start() + AUTH.length();
        boolean nameless = body.hasAt(open, NAMELESS);
        int sasl = nameless ? body.indexOf(SASL, open) : lastSasl;
        int close = body.indexOf(')', sasl);
        int text = close < 0 ? -1 : body.indexOf(COLON, close);
        if (text < 0) {
            return;
        }
        int methodEnd = body.indexOf(',', sasl + SASL.length());
        int comma = lastComma(body, open, sasl);
        if (comma >= 0) {
            String method = body.text(sasl + SASL.length(), methodEnd < 0 || methodEnd > close ? close : methodEnd);
            detail24(body, open, comma, sasl, close, text, method, nameless, header, out);
        }
    }

    private static int endOfPid(Line body) {
        return PostfixText.endOfNumber(body, body.start() + WORKER_OF.length());
    }

    /** {@code auth-worker(U,A)<543><S>: request [1]: sql: unknown user}; the last such parenthesis is the server's. */
    private static void authWorker24(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        int open = body.start() + WORKER_OF.length() - 1;
        int close = body.lastIndexOf(CLOSE_WORKER, open);
        int text = close < 0 ? -1 : body.indexOf(COLON, close);
        int comma = close < 0 ? -1 : lastComma(body, open, close);
        if (text >= 0 && comma >= 0) {
            detail24(body, open, comma, close, close, text, "", false, header, out);
        }
    }

    /**
     * {@code <S>: passwd-file: Password mismatch}.
     *
     * @param close where the parenthesis is closed
     * @param text where the colon behind the session stands
     * @param method what refused, if no database is named
     */
    private static void detail24(
            Line body,
            int open,
            int comma,
            int addressEnd,
            int close,
            int text,
            String method,
            boolean nameless,
            SyslogHeader header,
            Consumer<LogEvent> out) {
        String reason = null;
        String by = method;
        for (int at = text + 2; at > 1 && reason == null; ) {
            reason = refusal(body, at, nameless);
            int next = body.indexOf(COLON, at);
            if (reason == null && next >= 0 && Fields.isWord(body, at, next)) {
                by = body.text(at, next);
            }
            at = next + 2;
        }
        if (reason != null) {
            int session = body.lastIndexOf(GROUP, close, text);
            String of = session < 0 ? null : sessionAt(body, session + GROUP.length(), text);
            detail(body, open + 1, comma, addressEnd, by, reason, of, header, out);
        }
    }

    private static void detail(
            Line body,
            int user,
            int comma,
            int addressEnd,
            String mechanism,
            String reason,
            @Nullable String session,
            SyslogHeader header,
            Consumer<LogEvent> out) {
        IpPrefix ip = IpPrefix.parse(body.bytes(), comma + 1, addressEnd);
        if (ip == null) {
            return;
        }
        String account = body.text(user, comma);
        out.accept(new LogEvent.AuthFailure(
                header.at(),
                header.by(),
                new Peer("", ip, 0),
                mechanism,
                account.equals("?") ? null : account,
                reason,
                0,
                true,
                session));
    }

    /**
     * Where the parenthesis of {@code word(user,address)} stands: after {@code auth: } or {@code auth-worker(7): }, perhaps {@code Info: },
     * and what newer workers say of their connection.
     */
    private static int openOfRequest(Line body) {
        byte[] bytes = body.bytes();
        int i = body.indexOf(':', body.start());
        while (i >= 0 && i + 2 < body.end() && bytes[i + 1] == ' ') {
            int word = i + 2;
            int end = word;
            while (end < body.end() && isServiceName(bytes[end])) {
                end++;
            }
            if (end > word && end < body.end() && bytes[end] == '(') {
                return end;
            }
            boolean prefix = body.hasAt(word, INFO) || body.hasAt(word, WORKER_CONNECTION) || body.hasAt(word, WORKER);
            if (!prefix) {
                return -1;
            }
            int from =
                    body.hasAt(word, INFO) ? word : body.indexOf(body.hasAt(word, WORKER_CONNECTION) ? ')' : '>', word);
            i = from < 0 ? -1 : body.indexOf(':', from);
        }
        return -1;
    }

    /** The reason that begins at {@code from}, if it is one for which a login was refused; else null. */
    private static @Nullable String refusal(Line body, int from, boolean nameless) {
        for (Mark refusal : REFUSALS) {
            if (body.hasAt(from, refusal) && from + refusal.length() == body.end()) {
                return body.text(from, body.end());
            }
        }
        if (nameless && body.hasAt(from, BAD_NAME)) {
            return "Username character disallowed";
        }
        return body.hasAt(from, PAM_FAILED) && !isCutOrNested(body, from) ? body.text(from, body.end()) : null;
    }

    /** PAM's own text has no such mark; a login that pretends to be PAM has. */
    private static boolean isCutOrNested(Line body, int from) {
        return body.indexOf(CLOSE, from + PAM_FAILED.length()) >= 0;
    }

    private static int lastComma(Line body, int from, int before) {
        for (int i = before - 1; i > from; i--) {
            if (body.bytes()[i] == ',') {
                return i;
            }
        }
        return -1;
    }
}
