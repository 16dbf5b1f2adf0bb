package org.postbane.parse;

import java.util.function.Consumer;
import org.postbane.parse.LogEvent.Breach;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * What smtpd logs of clients that break off, break the rules, or ask for too much. Source: {@code smtpd_proto()}, {@code
 * mail_cmd()} and their like in Postfix's {@code src/smtpd/smtpd.c}.
 *
 * <pre>
 * lost connection after DATA (97 bytes) from name[address]      (since Postfix 3.10 with ID: or NOQUEUE: in front)
 * improper command pipelining after EHLO from name[address]: text of the client's
 * warning: Connection rate limit exceeded: 6 from name[address] for service smtp
 * warning: non-SMTP command from name[address]: text of the client's
 * </pre>
 *
 * <p>The peer stands before all text of the client's, and is looked for only at the place where Postfix prints it.
 */
final class PostfixFaultText {

    private static final Mark AFTER = Mark.of(" after ");
    private static final Mark FROM = Mark.of(" from ");
    private static final Mark LIMIT_EXCEEDED = Mark.of(" limit exceeded: ");
    private static final Mark SSL_ERROR = Mark.of("SSL_accept error from ");
    private static final Mark IN = Mark.of(" in ");
    private static final Mark COMMAND = Mark.of(" command: ");
    private static final Mark REQUEST_TOO_LONG = Mark.of(": request longer than ");

    private static final Mark NON_SMTP = Mark.of("non-SMTP command from ");
    private static final Mark ILLEGAL = Mark.of("Illegal address syntax from ");

    /** What stands before {@code after STAGE from peer}. */
    private record Word(Mark mark, String text, Breach breach) {}

    private static final Word[] WORDS = {
        word("lost connection", Breach.BROKEN_OFF),
        word("timeout", Breach.BROKEN_OFF),
        word("too many errors", Breach.VIOLATION),
        word("improper command pipelining", Breach.VIOLATION)
    };

    /** Text of a warning before {@code limit exceeded}, and the word for it. */
    private record Limit(Mark mark, String word) {}

    private static final Limit[] LIMITS = {
        limit("Connection rate", "connection-rate"),
        limit("Connection concurrency", "connections"),
        limit("Message delivery request rate", "messages"),
        limit("Recipient address rate", "recipients"),
        limit("New TLS session rate", "tls-sessions"),
        limit("AUTH command rate", "auth")
    };

    private PostfixFaultText() {}

    private static Word word(String text, Breach breach) {
        return new Word(Mark.of(text), text, breach);
    }

    private static Limit limit(String text, String word) {
        return new Limit(Mark.of(text), word);
    }

    /** Hands on the event of a body that is no warning and has no queue id, if it is one of these. */
    static void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        if (body.startsWith(SSL_ERROR)) {
            at(body, body.start() + SSL_ERROR.length(), "STARTTLS", "TLS handshake failed", Breach.SLIP, header, out);
        } else {
            end(body, body.start(), header, out);
        }
    }

    /** Hands on the event if {@code text}, behind a queue id or not, tells how a session came to its end. */
    static boolean end(Line body, int text, SyslogHeader header, Consumer<LogEvent> out) {
        for (Word word : WORDS) {
            int wordEnd = text + word.mark.length();
            if (body.hasAt(text, word.mark) && body.hasAt(wordEnd, AFTER)) {
                after(body, wordEnd + AFTER.length(), word, header, out);
                return true;
            }
        }
        return false;
    }

    /** {@code ... after STAGE from peer}, {@code ... after STAGE (97 bytes) from peer}. */
    private static void after(Line body, int stage, Word word, SyslogHeader header, Consumer<LogEvent> out) {
        int from = body.indexOf(FROM, stage);
        if (from < 0 || from - stage > 48) {
            return;
        }
        int stageEnd = stage;
        while (stageEnd < from && isStage(body.bytes()[stageEnd])) {
            stageEnd++;
        }
        boolean odd = stageEnd == stage || stageEnd < from && body.bytes()[stageEnd] != ' ';
        if (odd) {
            return;
        }
        at(body, from + FROM.length(), body.text(stage, stageEnd), word.text, word.breach, header, out);
    }

    private static boolean isStage(byte b) {
        return b >= 'A' && b <= 'Z' || b == '-';
    }

    private static void at(
            Line body,
            int peer,
            String stage,
            String reason,
            Breach breach,
            SyslogHeader header,
            Consumer<LogEvent> out) {
        int end = PostfixText.endOfPeer(body, peer);
        if (end < 0 || end < body.end() && body.bytes()[end] != ':' && body.bytes()[end] != ' ') {
            return;
        }
        out.accept(new LogEvent.ProtocolError(
                header.at(), header.by(), PostfixText.peer(body, peer, end), stage, reason, breach));
    }

    /** Hands on the event of a body that begins with {@code warning: }, of which {@code text} is what follows. */
    static void warning(Line body, int text, SyslogHeader header, Consumer<LogEvent> out) {
        if (text >= body.end()) {
            return;
        }
        switch (body.bytes()[text]) {
            case 'C', 'M', 'R', 'N', 'A' -> limit(body, text, header, out);
            case 'I' -> illegalAddress(body, text, header, out);
            default -> {
                if (body.hasAt(text, NON_SMTP)) {
                    at(body, text + NON_SMTP.length(), "", "non-SMTP command", Breach.VIOLATION, header, out);
                } else {
                    tooLong(body, text, header, out);
                }
            }
        }
    }

    private static void limit(Line body, int text, SyslogHeader header, Consumer<LogEvent> out) {
        for (Limit limit : LIMITS) {
            int end = text + limit.mark.length();
            if (!body.hasAt(text, limit.mark) || !body.hasAt(end, LIMIT_EXCEEDED)) {
                continue;
            }
            int digits = end + LIMIT_EXCEEDED.length();
            int digitsEnd = PostfixText.endOfNumber(body, digits);
            int peer = digitsEnd + FROM.length();
            int peerEnd = body.hasAt(digitsEnd, FROM) ? PostfixText.endOfPeer(body, peer) : -1;
            if (peerEnd >= 0) {
                out.accept(new LogEvent.RateLimit(
                        header.at(),
                        header.by(),
                        PostfixText.peer(body, peer, peerEnd),
                        limit.word,
                        Math.max(0, PostfixText.number(body, digits, digitsEnd))));
            }
            return;
        }
    }

    /** {@code Illegal address syntax from peer in RCPT command: <address>}. */
    private static void illegalAddress(Line body, int text, SyslogHeader header, Consumer<LogEvent> out) {
        if (!body.hasAt(text, ILLEGAL)) {
            return;
        }
        int peer = text + ILLEGAL.length();
        int peerEnd = PostfixText.endOfPeer(body, peer);
        if (peerEnd < 0 || !body.hasAt(peerEnd, IN)) {
            return;
        }
        int stage = peerEnd + IN.length();
        int stageEnd = body.indexOf(COMMAND, stage);
        if (stageEnd < 0 || stageEnd - stage > 16) {
            return;
        }
        out.accept(new LogEvent.ProtocolError(
                header.at(),
                header.by(),
                PostfixText.peer(body, peer, peerEnd),
                body.text(stage, stageEnd),
                "Illegal address syntax",
                Breach.SLIP));
    }

    /** {@code peer: request longer than 2048: EHLO AAAA...}. */
    private static void tooLong(Line body, int peer, SyslogHeader header, Consumer<LogEvent> out) {
        int peerEnd = PostfixText.endOfPeer(body, peer);
        if (peerEnd >= 0 && body.hasAt(peerEnd, REQUEST_TOO_LONG)) {
            at(body, peer, "", "request too long", Breach.SLIP, header, out);
        }
    }
}
