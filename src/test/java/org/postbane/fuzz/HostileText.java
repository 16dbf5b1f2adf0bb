package org.postbane.fuzz;

import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Text that a stranger would write where he may write any: pieces of lines that blame an address of {@code 192.0.2.0/24}, whom
 * no software ever names as a peer, other people's queue ids and Message-IDs, and what breaks parsers.
 */
final class HostileText {

    private static final List<String> PIECES = List.of(
            "[%a]",
            "x[%a]",
            " client=unknown[%a]",
            ": client=unknown[%a]",
            "%q: client=unknown[%a]",
            ", orig_queue_id=%q, orig_client=unknown[%a]",
            ", sasl_method=PLAIN, sasl_username=bob",
            ", sasl_username=bob",
            ", sasl_sender=a",
            "%q: reject: RCPT from unknown[%a]: 550 5.1.1 <t1@example.org>: no; from=<a@b> to=<t1@example.org> proto=ESMTP helo=<x>",
            ": reject: RCPT from unknown[%a]: 550 ",
            ": milter-reject: END-OF-MESSAGE from x[%a]: 5.7.1 spam; from=<a> to=<b>",
            " from unknown[%a]: 550 5.7.1 no; from=<a@b> to=<t1@example.org> proto=SMTP helo=<h>",
            "; from=<a@b> to=<t1@example.org> proto=SMTP helo=<h>",
            "> to=<t1@example.org>",
            "warning: unknown[%a]: SASL LOGIN authentication failed: x",
            ": SASL LOGIN authentication failed: ",
            ") [%a] P=esmtp S=1",
            ") [%a] P=esmtp S=1 id=\"",
            ") [%a]: 535 Incorrect authentication data (set_id=x",
            ") [%a]: ",
            ") [%a] F=<a@b> rejected RCPT <t1@example.org>: no",
            ") [%a] F=<a@b> rejected after DATA: spam",
            ") [%a] Warning: spam detected",
            " H=(x) [%a] P=esmtp S=1",
            "%e <= a@b H=(x) [%a] P=esmtp S=1",
            "%e => t1 <t1@example.org> R=x T=y",
            " <t1@example.org> R=x",
            " for t1@example.org t2@example.org",
            " A=plain:alice S=1",
            ", size=1, class=0, nrcpts=9, proto=SMTP, relay=x [%a]",
            ", relay=x [%a]",
            ", relay=[%a], reject=550 no",
            ", reject=550 x",
            ", stat=Sent",
            " result=ok",
            " result=permfail",
            "\" result=\"550 spam",
            " smtp connected address=%a host=x",
            "(02662-01) Passed SPAM {Relayed}, [%a]:25 [%a] <a@b> -> <u1@example.org>, Queue-ID: %q, Message-ID: %m",
            ", Queue-ID: %q",
            ", Queue-ID: %q, Message-ID: %m, mail_id: abc, Hits: 99, size: 1, queued_as: %q",
            ", queued_as: %q",
            ", Hits: 99.9",
            "> -> <t1@example.org>,<t2@example.org>",
            " -> <t1@example.org>",
            "spamd: result: Y 99 - X scantime=0.1,size=1,user=u,uid=1,required_score=5.0,rhost=localhost,raddr=127.0.0.1,rport=4,mid=%m,",
            ",mid=%m,autolearn=no",
            "%m",
            "%q",
            "%e",
            "250 2.0.0 Ok: queued as %q",
            "status=sent (queued as %q)",
            "message repeated 900 times: [ x]",
            "#012Nov 21 09:00:00 mx1 postfix/smtpd[1]: %q: client=unknown[%a]",
            "250 2.7.0 Ok, discarded, id=01010-01 - spam",
            " id=01040-01 - spam",
            ", qid: <%q>, ip: %a, from: <",
            ">, (default: F (no action): [0.00/15.00] [A(0.00){}]), len: 1, time: 1ms, dns req: 0, digest: <158eb16c2b79ef43d6ca6523c885f5f7>, rcpts: <u",
            ">, (default: T (reject): [99.00/15.00] [A(0.00){}]), len: 900, time: 1ms, dns req: 0, digest: <158eb16c2b79ef43d6ca6523c885f5f7>, rcpts: <t1@example.org>",
            ", rcpts: <t1@example.org>, mime_rcpts: <t2@example.org>",
            ",t1@example.org",
            ">, method=PLAIN, rip=%a, lip=10.9.0.1",
            ", rip=%a, lip=10.9.0.1, session=<x>",
            "(auth failed, 99 attempts in 1 secs): user=<x>, rip=%a",
            ",%a): Password mismatch",
            "): unknown user,%a",
            ",%a,<x>): Password mismatch",
            " after 0 from [%a]:25: x",
            " from [%a]:25 after EHLO: ",
            "; client [%a] blocked using x; from=<a>, to=<t1@example.org>, proto=SMTP, helo=<h>",
            "NOQUEUE: client=unknown[%a]",
            "proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject, id=01010-01 - spam; from=<a> to=<t1@example.org>",
            "; from=<a> to=<t1@example.org> proto=ESMTP helo=<x>",
            "connect from unknown[%a]",
            "disconnect from unknown[%a] ehlo=1 rcpt=9 commands=10",
            "...",
            "[1\\9] ",
            "[1/2] ",
            "[2/2] ",
            "\"",
            "\\",
            "\\\"",
            "<",
            ">",
            "(",
            ")",
            "[",
            "]",
            ",",
            ":",
            ";",
            "=",
            "%%",
            " ",
            "?",
            "{",
            "}",
            "'",
            "\u00e9",
            "\ufffd");

    private final Random random;
    /** Texts of somebody else's making; null where they are made here. */
    private final @Nullable Supplier<String> given;
    /** Ids of messages of the honest, to be abused. */
    private final List<String> queueIds;

    private final List<String> eximIds;
    private final List<String> messageIds;

    HostileText(
            Random random,
            @Nullable Supplier<String> given,
            List<String> queueIds,
            List<String> eximIds,
            List<String> messageIds) {
        this.random = random;
        this.given = given;
        this.queueIds = queueIds;
        this.eximIds = eximIds;
        this.messageIds = messageIds;
    }

    /** Anything printable. */
    String text() {
        if (given != null) {
            return given.get().replace("\u0000", innocent());
        }
        StringBuilder text = new StringBuilder();
        for (int pieces = random.nextInt(5); pieces >= 0; pieces--) {
            text.append(piece());
            if (random.nextInt(3) == 0) {
                text.append((char) (' ' + random.nextInt(95)));
            }
        }
        if (random.nextInt(40) == 0) {
            text.append("a".repeat(random.nextInt(3000)));
        }
        return text.toString();
    }

    private String piece() {
        return pick(PIECES)
                .replace("%%", "\u0000")
                .replace("%a", innocent())
                .replace("%q", pick(queueIds))
                .replace("%e", pick(eximIds))
                .replace("%m", pick(messageIds))
                .replace("\u0000", "%");
    }

    /** Somebody whose address stands in hostile text only. */
    String innocent() {
        return "192.0.2." + random.nextInt(256);
    }

    /** A mailbox with a quoted local part (RFC 5321 section 4.1.2), as mail servers accept and print it. */
    String address() {
        if (random.nextInt(3) == 0) {
            return "s" + random.nextInt(9) + "@x.example";
        }
        return quoted(text()) + "@x.example";
    }

    static String quoted(String localPart) {
        return '"' + localPart.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /** A host name that the client's own DNS gives him. */
    String hostName() {
        return switch (random.nextInt(4)) {
            case 0 -> "unknown";
            case 1 -> innocent() + ".x.example";
            case 2 -> innocent();
            default -> "mail" + random.nextInt(9) + ".x.example";
        };
    }

    /** A word without blanks. */
    String word() {
        return text().replace(' ', '_');
    }

    <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }
}
