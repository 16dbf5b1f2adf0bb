package org.postbane.parse;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.model.Judgement;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Result lines of SpamAssassin's spamd, and of spampd, the proxy filter that does without it. Shapes: {@code check()} in {@code
 * spamd/spamd.raw}; {@code process_message()} in spampd 2.61's {@code spampd.pl}.
 *
 * <pre>
 * spamd: processing message &lt;m&gt; for user:uid
 * spamd: result: Y 15 - RULE1,RULE2 scantime=0.6,size=763,user=u,uid=108,required_score=5.0,rhost=localhost,raddr=127.0.0.1,
 *     rport=42666,mid=&lt;m&gt;,autolearn=disabled
 * identified spam &lt;m&gt; (1000.40/5.00) from &lt;s&gt; for &lt;r1&gt;,&lt;r2&gt; in 0.05s, 1045 bytes.
 * </pre>
 *
 * <p>{@code .} for {@code Y} is ham. In the Message-ID, spamd has put {@code ?} for blanks and {@code _} for commas, so that
 * it ends at the next comma. spampd leaves the commas. {@code clean message} is ham.
 *
 * <p>Memory: when each of {@link #MOST} processes began; not kept over a restart, after which a few verdicts are a little less
 * certain.
 */
final class SpamdParser implements LineParser {

    private static final Mark RESULT = Mark.of("spamd: result: ");
    private static final Mark DASH = Mark.of(" - ");
    private static final Mark SCAN_TIME = Mark.of(" scantime=");
    private static final Mark SIZE = Mark.of(",size=");
    private static final Mark PORT = Mark.of(",rport=");
    private static final Mark MID = Mark.of(",mid=");
    private static final Mark IDENTIFIED = Mark.of("identified spam ");
    private static final Mark CLEAN = Mark.of("clean message ");
    private static final Mark POINTS = Mark.of(" (");
    private static final Mark FROM = Mark.of(") from ");
    private static final Mark PROCESSING = Mark.of("spamd: processing message ");
    private static final Mark CHECKING = Mark.of("spamd: checking message ");
    private static final int MOST = 256;
    /** So exact are stamps of whole seconds. */
    private static final int STAMP_MILLIS = 1100;

    private static final String NO_ID = "(unknown)";

    /** When the processes began with the messages that they have; of {@link #MOST} of them. */
    private final Map<Program, Instant> begun = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Program, Instant> eldest) {
            return size() > MOST;
        }
    };

    /**
     * Where {@code ,mid=} stands behind the port, or -1. Commas of the Message-ID are masked, those of {@code user=} are not, which may
     * be a recipient's local part: the last port counts. With {@code --socketpath} it is the socket's path.
     */
    private static int endOfPort(Line body, int from) {
        int port = body.lastIndexOf(PORT, from);
        int at = port + PORT.length();
        if (port < 0 || at >= body.end()) {
            return -1;
        }
        int end = body.bytes()[at] == '/' ? body.indexOf(',', at) : PostfixText.endOfNumber(body, at);
        return end >= 0 && body.hasAt(end, MID) ? end : -1;
    }

    private static long size(Line body, int from) {
        int at = body.indexOf(SIZE, from);
        int digits = at + SIZE.length();
        return at < 0 ? 0 : Math.max(0, PostfixText.number(body, digits, PostfixText.endOfNumber(body, digits)));
    }

    private static final Silent SILENT = Silent.of(
            "processing message *", // spampd's
            "rules hit for *",
            "skipped large message *",
            "Process Backgrounded",
            "* SpamPD (type *",
            "Binding to *",
            "Setting gid to *",
            "Setting uid to *",
            "WARNING!! *",
            "spamd: connection from *",
            "spamd: creating default_prefs: *",
            "spamd: handle_user *",
            "spamd: setuid to *",
            "spamd: still running as *",
            "spamd: checking message *",
            "spamd: processing message *",
            "spamd: clean message *",
            "spamd: identified spam *",
            "spamd: server *",
            "spamd: server started on *",
            "spamd: server pid: *",
            "spamd: server successfully spawned *",
            "spamd: child * killed *",
            "spamd: handled cleanup of child pid *",
            "spamd: server killed by *",
            "spamd: server hit by *",
            "spamd: restarting using *",
            "spamd: could not *",
            "spamd: got connection over *",
            "spamd: using default config *",
            "spamd: bad protocol: *",
            "spamd: timeout: *",
            "spamd: service unavailable: *",
            "spamd: Tell: *",
            "spamd: ident username *",
            "spamd: created *",
            "spamd: failed to create *",
            "spamd: skipped *",
            "prefork: *",
            "plugin: *",
            "config: *",
            "dns: *",
            "dnsbl: *",
            "bayes: *",
            "info: *",
            "error: *",
            "logger: *",
            "netset: *",
            "auto-welcomelist: *",
            "rules: *",
            "check: *",
            "pyzor: *",
            "razor2: *",
            "dcc: *",
            "spf: *",
            "util: *",
            "zoom: *",
            "channel: *");

    @Override
    public boolean knows(Line body) {
        return SILENT.matches(body);
    }

    @Override
    public void parse(Line body, SyslogHeader header, Consumer<LogEvent> out) {
        if (body.startsWith(IDENTIFIED)) {
            spampd(body, IDENTIFIED, header, out);
        } else if (body.startsWith(CLEAN)) {
            spampd(body, CLEAN, header, out);
        }
        if (body.startsWith(PROCESSING) || body.startsWith(CHECKING)) {
            begun.put(header.by(), header.at());
            return;
        }
        if (!body.startsWith(RESULT) || body.length() < RESULT.length() + 4) {
            return;
        }
        int word = body.start() + RESULT.length();
        byte letter = body.bytes()[word];
        int dash = body.indexOf(DASH, word);
        int mid = dash < 0 ? -1 : endOfPort(body, dash);
        if (mid < 0 || letter != 'Y' && letter != '.' || body.bytes()[word + 1] != ' ') {
            return;
        }
        int from = mid + MID.length();
        int end = body.indexOf(',', from);
        int took = body.indexOf(SCAN_TIME, dash);
        int tookFrom = took + SCAN_TIME.length();
        int tookEnd = took < 0 ? -1 : body.indexOf(',', tookFrom);
        double seconds = tookEnd < 0 ? 0 : AmavisParser.decimal(body.text(tookFrom, tookEnd));
        int millis = (int) Math.round(1000 * seconds);
        String messageId = body.text(from, end < 0 ? body.end() : end);
        boolean spam = letter == 'Y';
        new VerdictDraft(header, "spamd", spam ? "Y" : ".", spam ? Judgement.SPAM : Judgement.CLEAN)
                .points(AmavisParser.decimal(body.text(word + 1, dash).strip()))
                .message(messageId.equals(NO_ID) ? null : messageId, size(body, dash))
                .took(millis)
                .begun(begun(header, millis))
                .state(out);
    }

    /** When the process began with what it tells of now; null if the line that told of it is lost. */
    private @Nullable Instant begun(SyslogHeader header, int took) {
        Instant begin = begun.remove(header.by());
        boolean ofThis = begin != null
                && !begin.isBefore(header.at().minusMillis(took + STAMP_MILLIS))
                && !begin.isAfter(header.at());
        return ofThis ? begin : null;
    }

    /** In the Message-ID, spampd has put {@code ?} for blanks. */
    private static void spampd(Line body, Mark word, SyslogHeader header, Consumer<LogEvent> out) {
        int from = body.start() + word.length();
        int end = body.indexOf(' ', from);
        int points = end + POINTS.length();
        int slash = body.hasAt(end, POINTS) ? body.indexOf('/', points) : -1;
        int close = slash < 0 ? -1 : body.indexOf(')', slash);
        if (!body.hasAt(close, FROM)) {
            return;
        }
        String messageId = body.text(from, end);
        boolean spam = word == IDENTIFIED;
        new VerdictDraft(header, "spampd", spam ? "spam" : "clean", spam ? Judgement.SPAM : Judgement.CLEAN)
                .points(AmavisParser.decimal(body.text(points, slash)))
                .message(messageId.equals(NO_ID) ? null : messageId.replace(',', '_'), 0)
                .state(out);
    }
}
