package org.postbane.parse;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Lines of postfix/postscreen. Shapes: {@code src/postscreen/postscreen.c}, {@code postscreen_early.c}, {@code
 * postscreen_smtpd.c} and {@code postscreen_misc.c}.
 *
 * <pre>
 * PREGREET 26 after 0.1 from [address]:port: text of the client's
 * DNSBL rank 3 for [address]:port
 * COMMAND PIPELINING from [address]:port after EHLO: text of the client's
 * HANGUP after 1.2 from [address]:port in tests before SMTP handshake
 * NOQUEUE: reject: RCPT from [address]:port: 550 5.7.1 ...; from=&lt;s&gt;, to=&lt;r&gt;, proto=ESMTP, helo=&lt;h&gt;
 * PASS NEW [address]:port
 * </pre>
 *
 * <p>What the client said stands after its address everywhere. A postscreen before Postfix 2.8 prints no brackets and is not
 * understood.
 */
final class PostscreenParser implements LineParser {

    private static final Mark FROM = Mark.of(" from ");
    private static final Mark REJECT = Mark.of("NOQUEUE: reject: ");
    private static final Mark SENDER = Mark.of("; from=<");
    private static final Mark RECIPIENT = Mark.of(">, to=<");
    private static final Mark PROTO = Mark.of(">, proto=");
    private static final Mark TOO_MANY = Mark.of(": too many connections");

    private static final int RANK_AT = "DNSBL ".length();

    private static final Silent SILENT = Silent.ofPostfix(
            "cache * full cleanup: *",
            "NOQUEUE: reject: CONNECT from *: all server ports busy",
            "reject: connect from *: all screening ports busy",
            "entering STRESS mode with * connections",
            "leaving STRESS mode with * connections",
            "ENFORCE *",
            "UNFAIL *",
            "UNPASS *",
            "DROP *",
            "SKIP *",
            "discarding EHLO keywords: *",
            "*: discarding EHLO keywords: *",
            "*: replacing command *",
            "warning: dnsblog *",
            "warning: dnsblog_*",
            "warning: psc_*",
            "warning: cannot connect to service *",
            "warning: cannot pass connection to service *",
            "warning: problem talking to *",
            "warning: getpeername: *",
            "warning: haproxy *");

    private static final Test[] TESTS = {
        test("CONNECT from ", "CONNECT", false),
        test("DISCONNECT ", "DISCONNECT", false),
        test("PASS OLD ", "PASS OLD", false),
        test("PASS NEW ", "PASS NEW", false),
        test("PREGREET ", "PREGREET", true),
        test("DNSBL rank ", "DNSBL", true),
        test("HANGUP after ", "HANGUP", false),
        test("COMMAND PIPELINING from ", "COMMAND PIPELINING", true),
        test("NON-SMTP COMMAND from ", "NON-SMTP COMMAND", true),
        test("BARE NEWLINE from ", "BARE NEWLINE", true),
        test("COMMAND TIME LIMIT from ", "COMMAND TIME LIMIT", false),
        test("COMMAND COUNT LIMIT from ", "COMMAND COUNT LIMIT", true),
        test("COMMAND LENGTH LIMIT from ", "COMMAND LENGTH LIMIT", true),
        test("DATA without valid RCPT from ", "DATA without valid RCPT", true),
        test("BDAT without valid RCPT from ", "BDAT without valid RCPT", true),
        test("ALLOWLISTED ", "ALLOWLISTED", false),
        test("WHITELISTED ", "ALLOWLISTED", false),
        test("DENYLISTED ", "DENYLISTED", false),
        test("BLACKLISTED ", "DENYLISTED", false),
        test("ALLOWLIST VETO ", "ALLOWLIST VETO", false),
        test("WHITELIST VETO ", "ALLOWLIST VETO", false),
    };

    /**
     * @param mark how the line begins
     * @param name of the test, in the newer spelling
     * @param failed no honest mail server fails it
     */
    private record Test(Mark mark, String name, boolean failed) {}

    private final boolean texts;

    /** @param texts what follows the test is wanted too where the client has passed */
    PostscreenParser(boolean texts) {
        this.texts = texts;
    }

    private static Test test(String text, String name, boolean failed) {
        return new Test(Mark.of(text), name, failed);
    }

    @Override
    public void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        if (body.startsWith(REJECT)) {
            reject(body, header, out);
            return;
        }
        for (Test test : TESTS) {
            if (body.startsWith(test.mark)) {
                tested(body, test, header, out);
                return;
            }
        }
    }

    @Override
    public boolean knows(Line body) {
        return SILENT.matches(body);
    }

    private void tested(Line body, Test test, SyslogHeader header, Consumer<LogEvent> out) {
        // numbers and times stand between, no text of the client's
        int open = body.indexOf('[', body.start() + test.mark.length());
        int end = open < 0 ? -1 : PostfixText.endOfPeer(body, open);
        if (end < 0 || open - body.start() - test.mark.length() > 40) {
            return;
        }
        int text = end;
        while (text < body.end() && (body.bytes()[text] == ':' || body.bytes()[text] == ' ')) {
            text++;
        }
        int rank = body.start() + RANK_AT;
        String reason = "";
        if (texts || test.failed) {
            reason = test.name.equals("DNSBL")
                    ? body.text(rank, Math.max(rank, open - " for ".length()))
                    : body.text(text, body.end());
        }
        out.accept(new LogEvent.Postscreen(
                header.at(), header.by(), PostfixText.peer(body, open, end), test.name, test.failed, reason));
    }

    /** {@code NOQUEUE: reject: RCPT from [a]:p: 550 5.7.1 text; from=<s>, to=<r>, proto=ESMTP, helo=<h>}. */
    private static void reject(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        int stage = body.start() + REJECT.length();
        int from = body.indexOf(FROM, stage);
        int peer = from + FROM.length();
        int peerEnd = from < 0 || from - stage > 16 ? -1 : PostfixText.endOfPeer(body, peer);
        if (peerEnd < 0) {
            return;
        }
        Peer client = PostfixText.peer(body, peer, peerEnd);
        if (body.hasAt(peerEnd, TOO_MANY)) {
            out.accept(new LogEvent.RateLimit(header.at(), header.by(), client, "connections", 0));
            return;
        }
        int text = peerEnd + 2;
        int digits = PostfixText.endOfNumber(body, text);
        int code = PostfixText.number(body, text, digits);
        if (digits - text != 3 || code < 400 || code > 599) {
            return;
        }
        int sender = body.indexOf(SENDER, text);
        String reason = body.text(text, sender < 0 ? body.end() : sender);
        String mailFrom = null;
        String rcptTo = null;
        if (sender >= 0) {
            int begin = sender + SENDER.length();
            int end = endOfField(body, begin, RECIPIENT);
            mailFrom = end < 0 ? null : body.text(begin, end);
            rcptTo = end < 0 ? null : recipient(body, end + RECIPIENT.length());
        }
        out.accept(new LogEvent.Reject(
                header.at(), header.by(), null, body.text(stage, from), client, code, reason, mailFrom, rcptTo, false));
    }

    private static @Nullable String recipient(Line body, int begin) {
        int end = endOfField(body, begin, PROTO);
        return end < 0 ? null : body.text(begin, end);
    }

    private static int endOfField(Line body, int begin, Mark next) {
        int end = PostfixText.endOfAddress(body, begin);
        return body.hasAt(end, next) ? end : body.indexOf(next, begin);
    }
}
