package org.postbane.parse;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.postbane.parse.LogEvent.Breach;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * What Sendmail logs of clients that break off or break the rules. Source: {@code smtp()}, {@code checksmtpattack()} in {@code
 * sendmail/srvrsmtp.c}.
 *
 * <pre>
 * ID: name [address] (may be forged): possible SMTP attack: command=AUTH, count=5
 * ID: rejecting commands from name [address] due to pre-greeting traffic after 0 seconds
 * ID: name [address] did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA
 * ID: name [address]: VRFY root [rejected]
 * ID: lost input channel from name [address] to MTA after rcpt
 * </pre>
 *
 * <p>The peer stands before all text of the client's. Its name is DNS's and has no blank, so that what follows the first
 * brackets after it is Sendmail's.
 */
final class SendmailFaultText {

    private static final Mark EARLY = Mark.of("rejecting commands from ");
    private static final Mark GREETING = Mark.of(" due to pre-greeting traffic");
    private static final Mark LOST = Mark.of("lost input channel from ");
    private static final Mark TO = Mark.of(" to ");
    private static final Mark AFTER = Mark.of(" after ");
    private static final Mark ATTACK = Mark.of(": possible SMTP attack: command=");
    private static final Mark COUNT = Mark.of(", count=");
    private static final Mark NO_MAIL = Mark.of(" did not issue MAIL/EXPN/VRFY/ETRN during connection to ");
    private static final Mark COLON = Mark.of(": ");
    private static final Mark REJECTED = Mark.of(" [rejected]");
    private static final Mark FORGED = Mark.of(" (may be forged)");
    private static final int LONGEST_NAME = 300;

    private SendmailFaultText() {}

    /** The event of what stands at {@code from}, after the id, if it is one of these. */
    static @Nullable LogEvent event(Line body, int from, SyslogHeader header) {
        boolean early = body.hasAt(from, EARLY);
        boolean lost = body.hasAt(from, LOST);
        int peer = from + (early ? EARLY.length() : lost ? LOST.length() : 0);
        int open = early ? openBefore(body, peer, GREETING) : body.indexOf('[', peer);
        int close = open < 0 || open - peer > LONGEST_NAME ? -1 : body.indexOf(']', open);
        if (close < 0 || !isName(body, peer, open)) {
            return null;
        }
        Peer client = SendmailParser.peer(body, peer, open, close);
        if (client.address() == null) {
            return null;
        }
        int end = body.hasAt(close + 1, FORGED) ? close + 1 + FORGED.length() : close + 1;
        if (early) {
            return error(header, client, "CONNECT", "pre-greeting traffic", Breach.VIOLATION);
        }
        if (lost) {
            int after = body.hasAt(end, TO) ? body.indexOf(AFTER, end) : -1;
            String stage = after < 0 ? "" : body.text(after + AFTER.length(), body.end());
            boolean odd = after < 0 || stage.length() > 16;
            return odd ? null : error(header, client, stage.toUpperCase(Locale.ROOT), "lost input", Breach.BROKEN_OFF);
        }
        if (body.hasAt(end, ATTACK)) {
            int command = end + ATTACK.length();
            int count = body.indexOf(COUNT, command);
            String stage = count < 0 ? "" : body.text(command, count);
            return error(header, client, stage, "possible SMTP attack", Breach.VIOLATION);
        }
        if (body.hasAt(end, NO_MAIL)) {
            return error(header, client, "", "no MAIL", Breach.BROKEN_OFF);
        }
        if (body.hasAt(end, COLON) && body.endsWith(REJECTED)) {
            return error(header, client, "VRFY", "VRFY or EXPN rejected", Breach.VIOLATION);
        }
        return null;
    }

    /** The last bracket before {@code mark}: the name may be the address in brackets, too. */
    private static int openBefore(Line body, int from, Mark mark) {
        int open = body.indexOf(mark, from);
        while (open >= from && body.bytes()[open] != '[') {
            open--;
        }
        return open < from ? -1 : open;
    }

    /** Nothing, a blank (a client without a name), or one word and a blank. */
    private static boolean isName(Line body, int from, int open) {
        if (open == from) {
            return true;
        }
        for (int i = from; i < open - 1; i++) {
            byte b = body.bytes()[i];
            if (b == ' ' || b == '<' || b == '>' || b == '"' || b == '(' || b == '@') {
                return false; // an address that the client wrote
            }
        }
        return body.bytes()[open - 1] == ' ';
    }

    private static LogEvent error(SyslogHeader header, Peer client, String stage, String reason, Breach breach) {
        return new LogEvent.ProtocolError(header.at(), header.by(), client, stage, reason, breach);
    }
}
