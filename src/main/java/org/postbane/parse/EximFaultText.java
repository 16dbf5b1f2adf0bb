package org.postbane.parse;

import org.jspecify.annotations.Nullable;
import org.postbane.model.IpPrefix;
import org.postbane.parse.LogEvent.Breach;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * What Exim logs of clients that break off, break the rules, or ask for too much. Source: {@code synprot_error()}, {@code
 * smtp_log_no_mail()}, {@code check_sync()}, {@code smtp_start_session()} and their like in {@code src/smtp_in.c}; {@code
 * src/receive.c}; {@code src/daemon.c}; {@code tls_error()} in {@code src/tls-*.c}.
 *
 * <pre>
 * SMTP call from name (helo) [address] dropped: too many syntax or protocol errors (last command was "text", C=EHLO,..)
 * SMTP protocol error in "text" H=name (helo) [address] AUTH command used when not advertised
 * SMTP protocol synchronization error (input sent without waiting for greeting): rejected connection from H=[address] input="text"
 * unexpected disconnection while reading SMTP command from name (helo) [address] D=1.2s
 * no MAIL in SMTP connection from name (helo) [address] D=1.2s C=EHLO,AUTH,QUIT
 * Connection from [address] refused: too many connections from that IP address
 * </pre>
 *
 * <p>What the client said may stand before its address, in quotes that it can close itself. There each place is looked at
 * where Exim may have begun to write the client: Exim's own is one of them, so that where all name one address, it is that,
 * and else nobody is named.
 *
 * <p>Known shortcomings: {@code closed by DROP in ACL} is passed over, as the ACL's refusal has a line of its own. Syntax
 * and protocol errors are logged with the selectors {@code smtp_syntax_error} and {@code smtp_protocol_error} only.
 */
final class EximFaultText {

    private static final Mark CALL = Mark.of("SMTP call from ");
    private static final Mark DROPPED = Mark.of(" dropped: too many ");
    private static final Mark LAST = Mark.of(" (last ");
    private static final Mark PROTOCOL = Mark.of("SMTP protocol error in \"");
    private static final Mark SYNTAX = Mark.of("SMTP syntax error in \"");
    private static final Mark CLIENT = Mark.of("\" H=");
    private static final Mark NOT_ADVERTISED = Mark.of(" AUTH command used when not advertised");
    private static final Mark TOO_EARLY = Mark.of(
            "SMTP protocol synchronization error (input sent without waiting for greeting): rejected connection from H=");
    private static final Mark INPUT = Mark.of(" input=\"");
    private static final Mark TOO_SOON = Mark.of("SMTP protocol synchronization error (next input sent too soon: ");
    private static final Mark NEXT_INPUT = Mark.of(" next input=\"");
    private static final Mark NO_MAIL = Mark.of("no MAIL in ");
    private static final Mark SMTP_CONNECTION = Mark.of("SMTP connection from ");
    private static final Mark NUMBERED = Mark.of("SMTP connection Ci=");
    private static final Mark FROM = Mark.of(" from ");
    private static final Mark LOST = Mark.of(" lost while reading message data");
    private static final Mark FAST = Mark.of("TFO ");
    private static final Mark FAST_WITH_DATA = Mark.of("TFO* ");
    private static final Mark LASTED = Mark.of(" D=");
    private static final Mark LOGGED_IN = Mark.of(" A=");
    private static final Mark LOGIN_TRIED = Mark.of(",AUTH");
    private static final Mark QUIT = Mark.of(",QUIT");
    private static final Mark CONNECTION = Mark.of("Connection from ");
    private static final Mark TOO_MANY = Mark.of(" refused: too many connections from that IP address");
    private static final Mark BLANK = Mark.of(" ");

    /**
     * A line that begins with {@code mark} and the client.
     *
     * @param next what follows the client; may end the line instead
     */
    private record Opening(Mark mark, Mark next, String stage, String reason, Breach breach) {}

    private static final Opening[] OPENINGS = {
        opening("unexpected disconnection while reading SMTP command from ", " D=", "", "unexpected disconnection"),
        opening(
                "unexpected disconnection while reading SMTP command from ",
                " (error: ",
                "",
                "unexpected disconnection"),
        opening("SMTP command timeout on connection from ", " D=", "", "SMTP command timeout"),
        opening("SMTP command timeout on TLS connection from ", " D=", "", "SMTP command timeout"),
        opening("SMTP data timeout (message abandoned) on connection from ", " F=<", "DATA", "SMTP data timeout"),
        opening("SMTP data timeout (message abandoned) on TLS connection from ", " F=<", "DATA", "SMTP data timeout"),
        new Opening(Mark.of("TLS error on connection from "), Mark.of(" ("), "STARTTLS", "TLS error", Breach.SLIP)
    };

    private EximFaultText() {}

    private static Opening opening(String text, String next, String stage, String reason) {
        return new Opening(Mark.of(text), Mark.of(next), stage, reason, Breach.BROKEN_OFF);
    }

    /**
     * The event of a line, if it is one of these.
     *
     * @param host is used up
     */
    static @Nullable LogEvent event(Line line, EximPeer host, SyslogHeader header) {
        byte first = line.bytes()[line.start()];
        if (first != 'S' && first != 'n' && first != 'u' && first != 'C' && first != 'T') {
            return null;
        }
        if (line.startsWith(CALL)) {
            return dropped(line, host, header);
        }
        if (line.startsWith(PROTOCOL) || line.startsWith(SYNTAX)) {
            return quoted(line, host, header);
        }
        if (line.startsWith(TOO_SOON)) {
            Peer client = agreed(line, host, NEXT_INPUT);
            return client == null ? null : error(header, client, "", "input sent too soon", Breach.VIOLATION);
        }
        if (line.startsWith(TOO_EARLY)) {
            boolean found = host.find(line, line.start() + TOO_EARLY.length(), INPUT);
            return found ? error(header, host.peer(), "CONNECT", "input sent without waiting", Breach.VIOLATION) : null;
        }
        if (line.startsWith(NO_MAIL)) {
            return noMail(line, host, header);
        }
        if (line.startsWith(SMTP_CONNECTION) || line.startsWith(NUMBERED)) {
            int peer = line.indexOf(FROM, line.start()) + FROM.length(); // only an id of Exim's stands before it
            boolean found = peer >= FROM.length() && host.find(line, peer, LOST);
            return found ? error(header, host.peer(), "DATA", "lost", Breach.BROKEN_OFF) : null;
        }
        if (line.startsWith(CONNECTION)) {
            boolean found = host.find(line, line.start() + CONNECTION.length(), TOO_MANY);
            return found ? new LogEvent.RateLimit(header.at(), header.by(), host.peer(), "connections", 0) : null;
        }
        for (Opening each : OPENINGS) {
            int peer = line.start() + each.mark.length();
            if (line.startsWith(each.mark) && host.findOrEnd(line, pastFastOpen(line, peer), each.next)) {
                return error(header, host.peer(), each.stage, each.reason, each.breach);
            }
        }
        return null;
    }

    /** Whether the line is written to main log and reject log. */
    static boolean isForRejectLog(Line line) {
        return line.startsWith(CALL) || line.startsWith(TOO_EARLY) || line.startsWith(TOO_SOON);
    }

    private static LogEvent error(SyslogHeader header, Peer client, String stage, String reason, Breach breach) {
        return new LogEvent.ProtocolError(header.at(), header.by(), client, stage, reason, breach);
    }

    /** {@code SMTP call from .. dropped: too many unrecognized commands (last was "text")}. */
    private static @Nullable LogEvent dropped(Line line, EximPeer host, SyslogHeader header) {
        if (!host.find(line, line.start() + CALL.length(), DROPPED)) {
            return null;
        }
        int what = host.end() + DROPPED.length();
        int end = line.indexOf(LAST, what);
        String reason = "too many " + line.text(what, end < 0 ? line.end() : end);
        return error(header, host.peer(), "", reason, Breach.VIOLATION);
    }

    /** {@code SMTP protocol error in "text" H=.. words of Exim's}. */
    private static @Nullable LogEvent quoted(Line line, EximPeer host, SyslogHeader header) {
        Peer client = agreed(line, host, BLANK);
        if (client == null) {
            return null;
        }
        boolean login = line.startsWith(PROTOCOL) && line.endsWith(NOT_ADVERTISED);
        return error(
                header,
                client,
                login ? "AUTH" : "",
                login ? "AUTH command used when not advertised" : "syntax or protocol error",
                login ? Breach.VIOLATION : Breach.SLIP);
    }

    /** Whom all places name where the client may stand; nobody where they differ, null if there are none. */
    private static @Nullable Peer agreed(Line line, EximPeer host, Mark next) {
        Peer agreed = null;
        for (int at = line.indexOf(CLIENT, line.start()); at >= 0; at = line.indexOf(CLIENT, at + 1)) {
            boolean found = host.find(line, at + CLIENT.length(), next);
            IpPrefix address = found ? host.peer().address() : null;
            if (address == null || agreed != null && !address.equals(agreed.address())) {
                return Peer.NOBODY; // were the one that is not found Exim's own, the others would be lies
            }
            agreed = host.peer();
        }
        return agreed;
    }

    /** {@code TFO }, {@code TFO* }: TCP Fast Open, where no line before has told. */
    private static int pastFastOpen(Line line, int from) {
        return line.hasAt(from, FAST)
                ? from + FAST.length()
                : line.hasAt(from, FAST_WITH_DATA) ? from + FAST_WITH_DATA.length() : from;
    }

    /** Nothing to say of a login that succeeded, and of who says HELO and QUIT to see whether there is a server. */
    private static @Nullable LogEvent noMail(Line line, EximPeer host, SyslogHeader header) {
        int connection = pastFastOpen(line, line.start() + NO_MAIL.length());
        int peer = connection + SMTP_CONNECTION.length();
        if (!line.hasAt(connection, SMTP_CONNECTION) || !host.find(line, peer, LASTED)) {
            return null;
        }
        boolean tried = line.indexOf(LOGIN_TRIED, host.end()) >= 0;
        if (line.indexOf(LOGGED_IN, host.end()) >= 0 || line.endsWith(QUIT) && !tried) {
            return null;
        }
        return error(header, host.peer(), "", "no MAIL", Breach.BROKEN_OFF);
    }
}
