package org.postbane.parse;

import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;
import org.postbane.parse.LogEvent.Status;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Lines of Exim, main log and reject log. Shapes: Exim's specification, chapter "Log files"; {@code src/receive.c} (arrival),
 * {@code src/deliver.c} (delivery), {@code src/smtp_in.c} (refusals, logins), {@code src/acl.c} (warnings), sa-exim's {@code
 * sa-exim.c}.
 *
 * <pre>
 * ID &lt;= sender H=name (helo) [address]:port I=[ours]:port P=esmtpsa X=.. A=login:user S=size id=message-id T="subject" for r1 r2
 *                                                                                 (= where the client was told that it was refused)
 * ID =&gt; r &lt;original&gt; F=&lt;sender&gt; R=router T=transport H=host [address] C="reply"       (also -&gt; &gt;&gt; *&gt; ** ==)
 * ID =&gt; blackhole (DATA ACL discarded recipients): reason
 * ID Completed
 * ID H=.. F=&lt;sender&gt; rejected after DATA: reason
 * ID H=.. Warning: text
 * ID spam text                                                        (of logwrite)
 * H=.. F=&lt;sender&gt; [temporarily ]rejected RCPT &lt;r&gt;: reason
 * login authenticator failed for name (helo) [address]: 535 Incorrect authentication data (set_id=user)     (4.99: for H=name ..)
 * ID rejected from &lt;sender&gt; H=..: message too big: ..
 * ID SA: Action: flagged as Spam but accepted: score=7.2 required=5.0 (scanned in 3/3 secs | Message-Id: m). From ..
 * </pre>
 *
 * <p>The stamp of Exim's own files ({@code syslog_timestamp}) and {@code [pid] } may stand before each. What clients do wrong
 * otherwise, {@link EximFaultText} knows; where the client is, {@link EximPeer} knows; whom RCPT names, {@link EximArgument};
 * what an ACL's words mean, {@link EximVerdictText}.
 *
 * <p>Memory: see {@link EximParts}. Known shortcomings: with {@code syslog_duplication = false} two equal refusals in a row of
 * one process count once; a refused message's recipients are told by the reject log only, up to five, or by {@code nrcpt=}; a
 * client is not named in a refusal that holds what looks like another's address, too (see {@link EximPeer}); over a restart
 * an entry of several parts is lost if it was in the midst of them, and a refusal counts twice if its copy for the reject log comes
 * after.
 */
final class EximParser implements LineParser {

    private static final Mark HOST = Mark.of("H=");
    private static final Mark HOST_FIELD = Mark.of(" H=");
    private static final Mark SIGNED_NAME = Mark.of(" DS");
    private static final Mark SIGNED_HOST = Mark.of(" DSH=");
    private static final Mark PROTOCOL = Mark.of(" P=");
    private static final Mark SENDER = Mark.of(" F=<");
    private static final Mark LOGIN = Mark.of(" A=");
    private static final Mark IDENT = Mark.of(" U=");
    private static final Mark PER_RECIPIENT = Mark.of(" PRDR");
    private static final Mark PROXY = Mark.of(" PRX=");
    private static final Mark CHUNKED = Mark.of(" K");
    private static final Mark CIPHER = Mark.of(" X=");
    private static final Mark VERIFIED = Mark.of(" CV=");
    private static final Mark NAMED = Mark.of(" DN=\"");
    private static final Mark SERVER_NAME = Mark.of(" SNI=");
    private static final Mark SIZE = Mark.of(" S=");
    private static final Mark MESSAGE_ID = Mark.of(" id=");
    private static final Mark FOR = Mark.of(" for ");
    private static final Mark ORIGINAL = Mark.of(" <");
    private static final Mark PARENT = Mark.of(" (");
    private static final Mark ROUTER = Mark.of(" R=");
    private static final Mark TRANSPORT = Mark.of(" T=");
    private static final Mark REPLY = Mark.of(" C=\"");
    private static final Mark BLACKHOLE = Mark.of("=> blackhole (");
    private static final Mark BY_ACL = Mark.of(" ACL discarded recipients)");
    private static final Mark COLON = Mark.of(": ");
    private static final Mark WARNING = Mark.of(" Warning: ");
    private static final Mark REJECTED = Mark.of(" rejected ");
    private static final Mark TEMPORARILY = Mark.of(" temporarily rejected ");
    private static final Mark RCPT = Mark.of("RCPT ");
    private static final Mark DISCARDED = Mark.of(": discarded by ");
    private static final Mark DISCARD = Mark.of(" RCPT ");
    private static final Mark FAILED = Mark.of(" authenticator failed for ");
    private static final Mark WRONG = Mark.of(": 535 Incorrect authentication data");
    private static final Mark SET_ID = Mark.of(" (set_id=");
    private static final Mark SYNTAX = Mark.of("rejected ");
    private static final Mark TOO_BIG = Mark.of("rejected from <");
    private static final Mark FROM = Mark.of(" from ");
    private static final Mark COMPLETED = Mark.of("Completed");
    private static final Mark SA = Mark.of("SA: ");
    private static final Mark WRITTEN = Mark.of("spam ");
    private static final Mark WRITTEN_LOUD = Mark.of("SPAM ");
    private static final Mark ENVELOPE_TO = Mark.of("Envelope-to: <");
    private static final Mark MORE_TO = Mark.of("    <");
    private static final Mark NULL_SENDER = Mark.of("<>");

    /** What may follow the client in lines of ACLs. */
    private static final Mark[] ACL = {
        SENDER, WARNING, REJECTED, TEMPORARILY, CIPHER, VERIFIED, NAMED, SERVER_NAME, LOGIN, DISCARD
    };

    private static final String AFTER_DATA = "after DATA";
    private static final String MIME = "during MIME ACL checks";
    private static final String LOCAL_SCAN = "by local_scan()";
    private static final int REFUSED = 550; // Exim logs no code: as for a milter, the class is kept
    private static final int DEFERRED = 450;

    private final EximParts parts = new EximParts();
    private final EximPeer host = new EximPeer();
    private final EximArgument argument = new EximArgument();
    private final Line cut = new Line();

    /** What it states nothing of. Sources: Exim's {@code src/daemon.c}, {@code src/smtp_in.c}, {@code src/host.c}, {@code src/exim.c}. */
    private static final Silent SILENT = Silent.of(
            "SMTP connection *",
            "no MAIL in *SMTP connection *",
            "no host name found for IP address *",
            "no IP address found for host *",
            "Start queue run: pid=*",
            "End queue run: pid=*",
            "Start '* queue run: pid=*",
            "End '* queue run: pid=*",
            "exim * daemon started: pid=*",
            "pid *: SIGHUP received: re-exec daemon",
            "cwd=* args: *",
            "Warning: purging the environment.*",
            "TLS error on connection to *",
            "TLS session: *",
            "TLS session (*",
            "lowest numbered MX record points to local host*",
            "queue run: *",
            "retry time not reached *",
            "* authenticator failed for *", // a temporary error, or a login broken off
            "H=* sender verify * for <*", // the refusal has a line of its own
            "H=* Warning: *",
            "list matching forced to fail: *",
            "too many recipients: excess temporarily rejected: *",
            "H=* incomplete transaction (*",
            "H=* dropped by *"); // of a port with TLS from the start: for good or for now, and not told to the client

    /** Likewise, after a message's id. Sources: {@code src/deliver.c}, {@code src/dkim.c}, {@code src/queue.c}, sa-exim.c. */
    private static final Silent SILENT_OF_MESSAGE = Silent.of(
            "Frozen*",
            "Unfrozen *",
            "frozen by *",
            "=> blackhole (*", // without a reason, or with one that is none against the content
            "* from env-from rewritten as * by submission mode",
            "Spool file * not found",
            "Spool file for * is locked (*",
            "SMTP connection lost after final dot *",
            "PRDR *",
            "Message is frozen*",
            "Retry time not yet reached*",
            "Spool file is locked*",
            "DKIM: *",
            "PDKIM: *",
            "DMARC*",
            "SPF: *",
            "SA: *",
            "H=* Warning: *",
            "H=* sender verify * for <*",
            "H=* [*",
            "[*] *",
            "SMTP error from remote mail server *",
            "SMTP connection from * closed by DROP in ACL", // whose refusal has a line of its own
            "removed by *",
            "cancelled by *",
            "no immediate delivery: *",
            "no custody *",
            "* routing defer *",
            "* all hosts *",
            "Completed*");

    /** The message that the reject log's entry at hand is about, if it was refused for its content. */
    private @Nullable RefusedMessage refused;

    record RefusedMessage(QueueId id, Judgement as) {}

    /** Only read away: what syslogd wrote in front of it counts. */
    private final Stamp stamp = new Stamp(ZoneOffset.UTC, Instant.EPOCH, true);

    /** Of the last line: it was a part, a copy, or the rest of an entry. */
    private boolean known;

    /** Of the last line: where what follows a message's id begins. */
    private int afterId;

    /** In an own file: what follows the stamp. */
    void parseOwn(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        refused = null;
        known = false;
        int text = pastPid(body, header);
        line(cut.set(body.bytes(), text, body.end()), true, header, out);
    }

    /** In an own file: a line without a stamp, which belongs to an entry of the reject log. */
    void parseMore(Line line, SyslogHeader header, Consumer<LogEvent> out) {
        known = true;
        envelope(line, header, out);
    }

    @Override
    public void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        Line whole = parts.join(body, header.by());
        known = whole == null || parts.row() > 1;
        if (whole == null) {
            return;
        }
        if (parts.row() > 1) {
            refused = parts.refused(); // other processes may have written between
            envelope(whole, header, out);
            parts.refuse(refused);
            return;
        }
        refused = null;
        int behindStamp = stamp.parseLocal(whole, whole.start());
        if (behindStamp >= 0) { // syslog_timestamp, which is on unless turned off
            whole = cut.set(whole.bytes(), behindStamp, whole.end());
        }
        line(cut.set(whole.bytes(), pastPid(whole, null), whole.end()), false, header, out);
        parts.refuse(refused);
    }

    /** Asked of the line that was parsed last. */
    @Override
    public boolean knows(Line body) {
        if (known || cut.length() == 0) {
            return true;
        }
        return afterId < 0 ? SILENT.matches(cut) : SILENT_OF_MESSAGE.matches(cut.set(cut.bytes(), afterId, cut.end()));
    }

    /** The line that was parsed last, without stamp and process. */
    Line last() {
        return cut;
    }

    /** {@code [523] } before the text, with the log selector {@code pid}. */
    private static int pastPid(Line body, @Nullable SyslogHeader own) {
        int start = body.start();
        if (start >= body.end() || body.bytes()[start] != '[') {
            return start;
        }
        int close = PostfixText.endOfNumber(body, start + 1);
        int pid = PostfixText.number(body, start + 1, close);
        if (pid < 0 || close + 1 >= body.end() || body.bytes()[close] != ']' || body.bytes()[close + 1] != ' ') {
            return start;
        }
        if (own != null) {
            own.set(own.at(), new Program(own.by().host(), own.by().name(), pid));
        }
        return close + 2;
    }

    private void line(Line line, boolean own, SyslogHeader header, Consumer<LogEvent> out) {
        afterId = -1;
        int blank = line.indexOf(' ', line.start());
        if (blank < 0) {
            return;
        }
        QueueId id = QueueId.parse(line.bytes(), line.start(), blank);
        if (id != null && id.isExim()) {
            afterId = blank + 1;
            ofMessage(line, blank + 1, id, own, header, out);
        } else if (line.startsWith(HOST) || line.startsWith(SIGNED_HOST)) {
            acl(line, pastSigned(line, line.start()), null, own, header, out);
        } else if (line.startsWith(SYNTAX)) {
            syntax(line, own, header, out);
        } else if (line.hasAt(blank, FAILED)) {
            authFailure(line, blank, own, header, out);
        } else {
            LogEvent fault = EximFaultText.event(line, host, header);
            if (fault != null && !(EximFaultText.isForRejectLog(line) && isCopy(line, own, header))) {
                out.accept(fault);
            }
        }
    }

    private void ofMessage(Line line, int from, QueueId id, boolean own, SyslogHeader header, Consumer<LogEvent> out) {
        byte[] bytes = line.bytes();
        if (line.hasAt(from, HOST) || line.hasAt(from, SIGNED_HOST)) {
            acl(line, pastSigned(line, from), id, own, header, out);
        } else if (line.hasAt(from, SA)) {
            saExim(line, from, id, header, out);
        } else if (line.hasAt(from, WRITTEN) || line.hasAt(from, WRITTEN_LOUD)) {
            warning(line.text(from, line.end()), id, header, out); // logwrite
        } else if (line.hasAt(from, TOO_BIG)) {
            tooBig(line, from + TOO_BIG.length(), own, header, out);
        } else if (line.hasAt(from, COMPLETED)) {
            int end = from + COMPLETED.length();
            if (end == line.end() || bytes[end] == ' ') {
                out.accept(new LogEvent.Removed(header.at(), header.by(), id));
            }
        } else if (from + 3 < line.end() && bytes[from + 2] == ' ') {
            Status status = status(bytes[from], bytes[from + 1]);
            if ((bytes[from] == '<' || bytes[from] == '(') && bytes[from + 1] == '=') {
                arrival(line, from + 3, id, header, out);
            } else if (line.hasAt(from, BLACKHOLE)) {
                discarded(line, from + BLACKHOLE.length(), id, header, out);
            } else if (status != null) {
                delivery(line, from + 3, id, status, header, out);
            }
        }
    }

    /** With the log selector {@code dnssec}, {@code  DS} stands before the {@code H=} of a client whose name is signed. */
    private static int pastSigned(Line line, int from) {
        return line.hasAt(from, SIGNED_HOST) ? from + SIGNED_NAME.length() : from;
    }

    private static @Nullable Status status(byte first, byte second) {
        return switch (first << 8 | second) {
            case '=' << 8 | '>', '-' << 8 | '>', '>' << 8 | '>', '*' << 8 | '>' -> Status.SENT;
            case '*' << 8 | '*' -> Status.BOUNCED;
            case '=' << 8 | '=' -> Status.DEFERRED;
            default -> null;
        };
    }

    // ---------------------------------------------------------------- arrival and delivery

    private void arrival(Line line, int from, QueueId id, SyslogHeader header, Consumer<LogEvent> out) {
        int end = endOfWord(line, from);
        String sender = line.hasAt(from, NULL_SENDER) && end == from + 2 ? "" : line.text(from, end);
        end = line.hasAt(end, SIGNED_NAME) ? end + SIGNED_NAME.length() : end;
        int fields = end;
        if (line.hasAt(end, HOST_FIELD)) {
            if (!host.findInArrival(line, end + HOST_FIELD.length(), PROTOCOL)) {
                return;
            }
            fields = host.end();
            Peer client = host.peerBehindQuotes();
            String account = account(line, end, fields);
            out.accept(new LogEvent.Client(header.at(), header.by(), id, client, account, null, null));
        }
        int size = field(line, fields, SIZE);
        int digits = size + SIZE.length();
        int digitsEnd = PostfixText.endOfNumber(line, digits);
        int bytes = size < 0 ? -1 : PostfixText.number(line, digits, digitsEnd);
        int mid = size < 0 ? -1 : field(line, digitsEnd, MESSAGE_ID);
        if (mid >= 0) {
            int text = mid + MESSAGE_ID.length();
            out.accept(new LogEvent.MessageId(
                    header.at(), header.by(), id, "<" + line.text(text, endOfWord(line, text)) + ">"));
        }
        out.accept(new LogEvent.Queued(header.at(), header.by(), id, sender, Math.max(0, bytes), 0));
        int list = size < 0 ? -1 : field(line, digitsEnd, FOR);
        if (list >= 0) {
            List<String> recipients = words(line, list + FOR.length());
            out.accept(new LogEvent.Recipients(header.at(), header.by(), id, recipients.size(), recipients));
        }
    }

    /** Those that stand after {@code  for }, with {@code received_recipients}: behind the subject in its quotes and the sender. */
    private static List<String> words(Line line, int from) {
        List<String> words = new ArrayList<>();
        for (int at = from; at < line.end(); ) {
            int end = endOfWord(line, at);
            words.add(line.text(at, end));
            at = end + 1;
        }
        return words;
    }

    /**
     * {@code  A=authenticator:login}, before {@code  S=}; with {@code smtp_mailauth} another colon and what the client says, and
     * perhaps {@code  PRDR PRX=address K} behind it. Only where the protocol says that there was a login ({@code  P=esmtpsa}), and where what looks like a
     * certificate's name goes on behind it, with another, none.
     */
    private static @Nullable String account(Line line, int host, int protocol) {
        int word = endOfWord(line, protocol + 1);
        int at = field(line, word, LOGIN);
        int size = at < 0 ? -1 : line.indexOf(SIZE, at);
        int ident = line.indexOf(IDENT, host);
        boolean forged = ident >= 0 && ident < protocol && field(line, word, PROTOCOL) >= 0;
        boolean raw = at >= 0
                && EximPeer.hasRawQuotes(line, word, at)
                && line.indexOf('"', at) >= 0
                && line.indexOf(LOGIN, at + 1) >= 0;
        if (line.bytes()[word - 1] != 'a' || size < 0 || forged || raw) {
            return null;
        }
        int colon = line.indexOf(':', at);
        if (colon < 0 || colon > size) {
            return null; // an authenticator without server_set_id
        }
        int end = line.hasAt(size - CHUNKED.length(), CHUNKED) ? size - CHUNKED.length() : size;
        int proxy = line.lastIndexOf(PROXY, colon, end);
        end = proxy < 0 ? end : proxy;
        end = line.hasAt(end - PER_RECIPIENT.length(), PER_RECIPIENT) ? end - PER_RECIPIENT.length() : end;
        int second = line.indexOf(':', colon + 1, end);
        return line.text(colon + 1, second < 0 ? end : second);
    }

    /** Where {@code mark} begins a field, which may have blanks in quotes; -1 if it does not. */
    private static int field(Line line, int from, Mark mark) {
        int at = from;
        while (at < line.end() && !line.hasAt(at, mark)) {
            at = endOfWord(line, at + 1);
        }
        return at < line.end() ? at : -1;
    }

    private static void delivery(
            Line line, int from, QueueId id, Status status, SyslogHeader header, Consumer<LogEvent> out) {
        int end = endOfWord(line, from);
        if (end == from) {
            return;
        }
        int router = line.indexOf(ROUTER, end);
        int original = line.indexOf(ORIGINAL, end);
        String to = line.text(from, end);
        String as = null;
        // a pipe's name may have blanks, and with all_parents there may be (parents) between
        boolean isLater = router >= 0 && original < router && (isNoAddress(line, from) || line.hasAt(end, PARENT));
        if (original >= 0 && (original == end || isLater)) {
            int close = PostfixText.endOfAddress(line, original + ORIGINAL.length());
            as = close < 0 ? null : line.text(original + ORIGINAL.length(), close);
        }
        int transport = line.indexOf(TRANSPORT, end);
        int word = transport + TRANSPORT.length();
        String relay = transport < 0 ? "none" : line.text(word, endOfWord(line, word));
        int reply = line.indexOf(REPLY, end);
        String why = reply >= 0 ? line.text(reply + REPLY.length(), line.end()) : "";
        out.accept(new LogEvent.Delivery(header.at(), header.by(), id, to, as, relay, status, why, null, null, null));
    }

    /** A file, a pipe, or {@code :blackhole:}. */
    private static boolean isNoAddress(Line line, int from) {
        byte b = line.bytes()[from];
        return b == '|' || b == '/' || b == ':';
    }

    /** Where a blank ends the address that begins at {@code from}; blanks in quotes and after a backslash belong to it. */
    private static int endOfWord(Line line, int from) {
        boolean quoted = false;
        for (int i = from; i < line.end(); i++) {
            byte b = line.bytes()[i];
            if (b == '\\') {
                i++;
            } else if (b == '"') {
                quoted = !quoted;
            } else if (b == ' ' && !quoted) {
                return i;
            }
        }
        return line.end();
    }

    /** {@code DATA ACL discarded recipients): reason}: the client was told that its message was accepted. */
    private static void discarded(Line line, int from, QueueId id, SyslogHeader header, Consumer<LogEvent> out) {
        int close = line.indexOf(' ', from);
        int reason = close + BY_ACL.length() + COLON.length();
        if (!line.hasAt(close, BY_ACL) || !line.hasAt(reason - COLON.length(), COLON)) {
            return;
        }
        String text = line.text(reason, line.end());
        Judgement judgement = EximVerdictText.refusal(text);
        if (judgement != null) {
            told(text, id, header, out);
            verdict("discarded", judgement, EximVerdictText.points(text), true, id, null, List.of(), header, out);
        }
    }

    /** How many recipients the words tell of. */
    private static void told(String words, QueueId id, SyslogHeader header, Consumer<LogEvent> out) {
        int recipients = EximVerdictText.recipients(words);
        if (recipients > 0) {
            out.accept(new LogEvent.Recipients(header.at(), header.by(), id, recipients));
        }
    }

    // ---------------------------------------------------------------- refusals

    /** {@code H=.. X=.. CV=.. F=<sender> A=.. rejected WHAT: reason}, {@code H=.. Warning: text}. */
    private void acl(
            Line line, int from, @Nullable QueueId id, boolean own, SyslogHeader header, Consumer<LogEvent> out) {
        if (!host.find(line, from + HOST.length(), ACL)) {
            return;
        }
        Peer client = host.peer();
        int at = pastTls(line, host.end());
        if (line.hasAt(at, WARNING)) {
            warning(line.text(at + WARNING.length(), line.end()), id, header, out);
            return;
        }
        String sender = null;
        if (line.hasAt(at, SENDER)) {
            int close = PostfixText.endOfAddress(line, at + SENDER.length());
            if (close < 0) {
                return;
            }
            sender = line.text(at + SENDER.length(), close);
            at = close + 1;
        }
        if (line.hasAt(at, LOGIN)) {
            at = endOfWord(line, at + LOGIN.length());
        }
        if (line.hasAt(at, DISCARD)) {
            argument.read(line, at + DISCARD.length(), line.length());
            int end = argument.end();
            if (line.hasAt(end, DISCARDED) && !isCopy(line, own, header)) {
                String recipient = argument.address();
                String reason = line.text(end + COLON.length(), line.end());
                out.accept(new LogEvent.Match(
                        header.at(), header.by(), null, "discard", "RCPT", client, reason, sender, recipient));
            }
            return;
        }
        boolean forNow = line.hasAt(at, TEMPORARILY);
        if (forNow || line.hasAt(at, REJECTED)) {
            int what = at + (forNow ? TEMPORARILY.length() : REJECTED.length());
            Refusal refusal = new Refusal(id, client, sender, forNow, own);
            rejected(line, what, refusal, header, out);
        }
    }

    /** What stands before the words that say what was refused. */
    private record Refusal(
            @Nullable QueueId id, Peer client, @Nullable String sender, boolean forNow, boolean own) {}

    private static int pastTls(Line line, int from) {
        int at = from;
        while (line.hasAt(at, CIPHER)
                || line.hasAt(at, VERIFIED)
                || line.hasAt(at, NAMED)
                || line.hasAt(at, SERVER_NAME)) {
            at = endOfWord(line, at + 1);
        }
        return at;
    }

    private void rejected(Line line, int what, Refusal of, SyslogHeader header, Consumer<LogEvent> out) {
        String recipient = null;
        int end = line.indexOf(COLON, what);
        String stage = line.text(what, endOfWord(line, what));
        if (line.hasAt(what, RCPT)) {
            argument.read(line, what + RCPT.length(), EximArgument.MOST_PRINTED);
            recipient = argument.address();
            end = line.hasAt(argument.end(), COLON) ? argument.end() : -1;
        }
        String reason = end < 0 ? "" : line.text(end + COLON.length(), line.end());
        String words = line.text(what, end < 0 ? line.end() : end);
        if (words.startsWith(AFTER_DATA) || words.startsWith(MIME) || words.startsWith(LOCAL_SCAN)) {
            stage = "END-OF-MESSAGE";
            Judgement judgement = of.forNow() ? null : EximVerdictText.refusal(reason);
            if (judgement != null && of.id() != null) {
                refusedMessage(line, judgement, reason, of, header, out);
                return;
            }
        } else if (stage.equals("connection")) {
            stage = "CONNECT";
        }
        if (isCopy(line, of.own(), header)) {
            return;
        }
        QueueId id = stage.equals("END-OF-MESSAGE") && !of.forNow() ? of.id() : null;
        if (id != null && of.client().address() != null) { // a warning may have told of its content before
            out.accept(new LogEvent.Client(header.at(), header.by(), id, of.client(), null, null, null));
        }
        out.accept(new LogEvent.Reject(
                header.at(),
                header.by(),
                id,
                stage,
                of.client(),
                of.forNow() ? DEFERRED : REFUSED,
                reason,
                of.sender(),
                recipient,
                false));
    }

    private boolean isCopy(Line line, boolean own, SyslogHeader header) {
        boolean copy = own ? parts.isInOtherFile(header.at(), line) : parts.isCopy(line, header.by());
        known |= copy;
        return copy;
    }

    /** Its content was seen, and it was refused for that. A copy in the reject log says nothing new. */
    private void refusedMessage(
            Line line, Judgement judgement, String reason, Refusal of, SyslogHeader header, Consumer<LogEvent> out) {
        QueueId id = of.id();
        if (id == null) {
            return;
        }
        refused = new RefusedMessage(id, judgement);
        if (of.own() && parts.isInOtherFile(header.at(), line)) {
            known = true;
            return;
        }
        Peer client = host.peerBehindQuotes();
        if (client.address() != null) {
            out.accept(new LogEvent.Client(header.at(), header.by(), id, client, null, null, null));
        }
        told(reason, id, header, out);
        verdict(
                LogEvent.REFUSED,
                judgement,
                EximVerdictText.points(reason),
                true,
                id,
                of.sender(),
                List.of(),
                header,
                out);
        out.accept(new LogEvent.Removed(header.at(), header.by(), id));
    }

    /**
     * The rest of an entry of the reject log, after a refusal: {@code Envelope-to: <r1>}, {@code     <r2>}, then the message's
     * header, which is the sender's text and has other beginnings ({@code log_write()} in {@code src/log.c}).
     */
    private void envelope(Line line, SyslogHeader header, Consumer<LogEvent> out) {
        RefusedMessage message = refused;
        if (message == null) {
            return;
        }
        boolean first = line.startsWith(ENVELOPE_TO);
        if (!first && !line.startsWith(MORE_TO)) {
            if (line.length() == 0 || line.bytes()[line.start()] != 'E') {
                refused = null; // the header begins
            }
            return;
        }
        int from = line.start() + (first ? ENVELOPE_TO.length() : MORE_TO.length());
        int close = PostfixText.endOfAddress(line, from);
        if (close == line.end() - 1) {
            verdict(
                    LogEvent.REFUSED,
                    message.as(),
                    Double.NaN,
                    true,
                    message.id(),
                    null,
                    List.of(line.text(from, close)),
                    header,
                    out);
        }
    }

    private static void warning(String text, @Nullable QueueId id, SyslogHeader header, Consumer<LogEvent> out) {
        Judgement judgement = id == null ? null : EximVerdictText.warning(text);
        if (id == null || judgement == null) {
            return;
        }
        told(text, id, header, out);
        double points = EximVerdictText.points(text);
        verdict(
                "Warning",
                judgement,
                judgement == Judgement.CLEAN && Double.isNaN(points) ? 0 : points,
                false,
                id,
                null,
                List.of(),
                header,
                out);
    }

    private static void saExim(Line line, int from, QueueId id, SyslogHeader header, Consumer<LogEvent> out) {
        String text = line.text(from + SA.length(), line.end());
        String action = text.startsWith("Action: ") ? text.substring("Action: ".length()) : text;
        Judgement judgement;
        if (action.startsWith("scanned but message isn't spam: ")) {
            judgement = Judgement.CLEAN;
        } else if (action.startsWith("flagged as Spam but accepted: ")
                || action.startsWith("permanently rejected message: ")
                || action.startsWith("silently tossed message: ")) {
            judgement = Judgement.SPAM;
        } else {
            return;
        }
        int end = action.indexOf(" (scanned in ");
        String status = end < 0 ? action : action.substring(0, end);
        double points = EximVerdictText.points(status.substring(status.indexOf(':')));
        verdict(
                action.substring(0, action.indexOf(':')),
                judgement,
                Double.isNaN(points) ? 0 : points,
                !action.startsWith("flagged") && judgement == Judgement.SPAM,
                id,
                null,
                List.of(),
                header,
                out);
    }

    private static void verdict(
            String category,
            Judgement judgement,
            double points,
            boolean blocked,
            QueueId id,
            @Nullable String sender,
            List<String> recipients,
            SyslogHeader header,
            Consumer<LogEvent> out) {
        new VerdictDraft(header, "exim", category, judgement)
                .points(points)
                .blocked(blocked)
                .on(id)
                .from(null, sender)
                .to(recipients, LogEvent.Listed.EXPANDED)
                .state(out);
    }

    /** {@code rejected EHLO from name (helo) [address]: syntactically invalid argument(s): ...}. */
    private void syntax(Line line, boolean own, SyslogHeader header, Consumer<LogEvent> out) {
        int command = line.start() + SYNTAX.length();
        int blank = line.indexOf(' ', command);
        if (!line.hasAt(blank, FROM) || !host.find(line, blank + FROM.length(), COLON) || isCopy(line, own, header)) {
            return;
        }
        refused(line, line.text(command, blank), null, header, out);
    }

    /** {@code sender> H=name (helo) [address]: message too big: read=296534 max=204800}. */
    private void tooBig(Line line, int from, boolean own, SyslogHeader header, Consumer<LogEvent> out) {
        int close = PostfixText.endOfAddress(line, from);
        int client = close + 1;
        if (close < 0
                || !line.hasAt(client, HOST_FIELD)
                || !host.find(line, client + HOST_FIELD.length(), COLON)
                || isCopy(line, own, header)) {
            return;
        }
        refused(line, "DATA", line.text(from, close), header, out);
    }

    /** Without a message's id: by whom is known, and the reason follows. */
    private void refused(
            Line line, String stage, @Nullable String sender, SyslogHeader header, Consumer<LogEvent> out) {
        out.accept(new LogEvent.Reject(
                header.at(),
                header.by(),
                null,
                stage,
                host.peer(),
                REFUSED,
                line.text(host.end() + COLON.length(), line.end()),
                sender,
                null,
                false));
    }

    private void authFailure(Line line, int blank, boolean own, SyslogHeader header, Consumer<LogEvent> out) {
        int peer = blank + FAILED.length();
        int from = line.hasAt(peer, HOST) ? peer + HOST.length() : peer;
        if (!host.find(line, from, WRONG) || isCopy(line, own, header)) {
            return;
        }
        Peer client = host.peer();
        int setId = line.indexOf(SET_ID, host.end());
        boolean named = setId >= 0 && line.bytes()[line.end() - 1] == ')';
        out.accept(new LogEvent.AuthFailure(
                header.at(),
                header.by(),
                client,
                line.text(line.start(), blank),
                named ? line.text(setId + SET_ID.length(), line.end() - 1) : null,
                line.text(host.end() + COLON.length(), setId < 0 ? line.end() : setId)));
    }
}
