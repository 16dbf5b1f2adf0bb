package org.postbane.parse;

import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.model.Output;
import org.postbane.source.Line;
import org.postbane.source.LineSink;
import org.postbane.source.Mark;

/**
 * Turns the lines of one source into events: reads the header, finds the parser for the program, hands the body to it.
 *
 * <p>Threads: one. Memory: bounded, see {@link ProgramTable} and {@link AmavisParser}. Errors: a line that is odd in any way
 * yields no event.
 *
 * <p>Known shortcomings: rsyslog's RFC 5424 output says {@code postfix} where the program is {@code postfix/smtpd}; such
 * lines are passed over.
 */
public final class LogParser implements LineSink {

    /** Postfix's programs that state nothing here. Sources: {@code src/NAME/NAME.c} each, {@code conf/postfix-script}. */
    private static final LineParser SILENT_POSTFIX = new SilentParser(Silent.ofPostfix(
            "daemon started -- version *", // master
            "reload -- version *",
            "terminating on signal *",
            "warning: process *",
            "warning: service * has reached its process limit *",
            "warning: to avoid this condition, *",
            "warning: see * for examples of stress-adapting *",
            "warning: * -- throttling",
            "starting the Postfix mail system", // postfix-script
            "stopping the Postfix mail system",
            "refreshing the Postfix mail system",
            "waiting for the Postfix mail system to terminate",
            "the Postfix mail system is running: *",
            "warning: * and * differ",
            "warning: not owned by *: *",
            "warning: symlink leaves directory: *",
            "warning: group or other writable: *",
            "warning: not set-gid or not owner+group+world executable: *",
            "TLSRPT: status=*", // tlsproxy
            "ID: sender non-delivery notification: *", // bounce
            "ID: sender notification failed to *",
            "ID: sender delay notification: *",
            "ID: sender delivery status notification: *",
            "ID: postmaster non-delivery notification: *",
            "ID: postmaster delay notification: *",
            "statistics: *", // anvil, scache, qmgr
            "addr * listed by domain * as *", // dnsblog
            "warning: dnsblog_query: *",
            "warning: lookup error for DNS query *",
            "CONNECT *", // tlsproxy
            "DISCONNECT *",
            "CONNECT from *",
            "TLS handshake failed for service=* peer=*",
            "SSL_accept error from *",
            "SSL_accept:*",
            "Anonymous TLS connection *",
            "Untrusted TLS connection *",
            "Trusted TLS connection *",
            "Verified TLS connection *",
            "setting up TLS connection *",
            "cache * full cleanup: *", // verify
            "close database *: *",
            "warning: do not list domain * in BOTH *", // trivial-rewrite
            "Deleted: * message*", // postsuper
            "Placed on hold: *",
            "Released from hold: *",
            "Requeued: *",
            "ID: removed",
            "ID: placed on hold",
            "ID: released from hold",
            "ID: requeued"));

    /** Programs of which it is known that they tell nothing that no other tells. */
    private static final LineParser SILENT = new SilentParser(Silent.of("*"));

    private static final Mark REPEATED = Mark.of("message repeated ");
    private static final Mark TIMES = Mark.of(" times: [ ");
    private static final int MOST_REPEATS = 1000;

    /** The parts of a line stand close together, or the rest never comes. */
    private static final int PARTS_WITHIN = 100;

    private final SyslogHeader header;
    private final ProgramTable programs;
    private final AmavisParser amavis;
    private final List<VerdictForm> forms;
    private final List<OwnFile> ownFiles = new ArrayList<>();

    /** What the line at hand states; empty between lines. */
    private final Output<LogEvent> out;

    private final Line body = new Line();
    private final UnknownLines unknown = new UnknownLines();
    private long lines;
    private long bytes;
    private long wholeAgain;
    private long unread;
    private boolean stamped;

    /**
     * @param zone of stamps that name none
     * @param reference a stamp without a year is in the year that puts it nearest to this, and not over a day after it
     * @param followLines the reference moves along with the lines, for a log of a known year that may run over New Year
     */
    public LogParser(MailFilter filter, ZoneId zone, Instant reference, boolean followLines, Consumer<LogEvent> out) {
        this(filter, zone, reference, followLines, true, out);
    }

    /** @param texts host names, relays and replies are wanted too, by which nothing is decided; without them it takes less time */
    public LogParser(
            MailFilter filter,
            ZoneId zone,
            Instant reference,
            boolean followLines,
            boolean texts,
            Consumer<LogEvent> out) {
        this.header = new SyslogHeader(zone, reference, followLines);
        this.out = new Output<>(out);
        Map<String, LineParser> postfix = postfixParsers(texts);
        amavis = new AmavisParser(filter);
        EximParser exim = new EximParser();
        RspamdParser rspamd = new RspamdParser();
        this.forms = List.of(amavis.form(), rspamd.form());
        if (filter.reads(Software.RSPAMD)) {
            ownFiles.add(new RspamdFile(rspamd));
        }
        if (filter.reads(Software.EXIM)) {
            ownFiles.add(new EximFile(exim)); // last, as it takes whatever has a stamp, and what follows
        }
        Map<Software, LineParser> others = Map.of(
                Software.AMAVIS, amavis,
                Software.SPAMD, new SpamdParser(),
                Software.RSPAMD, rspamd,
                Software.CLAMAV_MILTER, new ClamavMilterParser(),
                Software.DOVECOT, new DovecotParser(),
                Software.EXIM, exim,
                Software.SENDMAIL, new SendmailParser(),
                Software.OPENSMTPD, new OpenSmtpdParser());
        this.programs = new ProgramTable(name -> {
            List<RegexFilter> own = filter.own(name);
            LineParser builtIn = builtIn(name, filter, postfix, others);
            return own.isEmpty() ? builtIn : new RegexParser(builtIn, own);
        });
    }

    private static @Nullable LineParser builtIn(
            String program, MailFilter filter, Map<String, LineParser> postfix, Map<Software, LineParser> others) {
        String service = filter.postfixService(program);
        if (service != null) {
            return postfix.getOrDefault(service, SILENT_POSTFIX);
        }
        Software software = filter.software(program);
        return software != null ? others.get(software) : filter.isSilent(program) ? SILENT : null;
    }

    private static Map<String, LineParser> postfixParsers(boolean texts) {
        PostfixDeliveryParser relaying = new PostfixDeliveryParser(true, false, texts);
        PostfixDeliveryParser delivery = new PostfixDeliveryParser(false, false, texts);
        PostfixDeliveryParser running = new PostfixDeliveryParser(false, true, texts);
        return Map.ofEntries(
                Map.entry("smtpd", new PostfixSmtpdParser(texts)),
                Map.entry("cleanup", new PostfixCleanupParser()),
                Map.entry("qmgr", new PostfixQmgrParser()),
                Map.entry("oqmgr", new PostfixQmgrParser()),
                Map.entry("pickup", new PostfixPickupParser()),
                Map.entry("postscreen", new PostscreenParser(texts)),
                Map.entry("smtp", relaying),
                Map.entry("lmtp", relaying),
                Map.entry("relay", relaying),
                Map.entry("local", running),
                Map.entry("virtual", delivery),
                Map.entry("pipe", running),
                Map.entry("discard", delivery),
                Map.entry("error", delivery),
                Map.entry("retry", delivery));
    }

    /**
     * For a live source: the lines to come are read at {@code now}. Stamps without a year get theirs by it, and no line is
     * believed to be of a later time.
     *
     * @param caughtUp nothing was waiting before, so what comes has just been written, and cannot be very old either
     */
    public void readAt(Instant now, boolean caughtUp) {
        header.readAt(now, caughtUp);
    }

    @Override
    public void accept(Line line) {
        lines++;
        bytes += line.length() + 1;
        if (!header.parse(line)) {
            headless(line);
            return;
        }
        stamped = true;
        Line text = header.text();
        ProgramTable.Entry program = header.program();
        if (program == null) {
            program = programs.find(text, header.tagStart(), header.tagEnd(), header.tagHash());
            if (program != null) {
                header.setProgram(program);
            }
        }
        if (program == null || program.parser == null) {
            unread++;
            return;
        }
        body.set(text.bytes(), header.bodyStart(), text.end());
        if (body.startsWith(REPEATED)) {
            repeat(program.parser);
        } else {
            program.parser.parse(body, header, out);
        }
        if (!out.isEmpty()) {
            out.handOn();
        } else if (!program.parser.knows(body)) {
            unknown.add(header.by(), body);
            program.parser.puzzled(body);
        }
        if (program.parser == amavis || program.parser instanceof RegexParser own && own.own() == amavis) {
            wholeAgain = amavis.isMidLine() ? lines + PARTS_WITHIN : 0;
        }
    }

    private void headless(Line line) {
        for (OwnFile file : ownFiles) {
            if (file.parse(line, header, out)) {
                stamped = true;
                if (out.isEmpty() && !file.knowsLast()) {
                    unknown.add(header.by(), file.last());
                    file.puzzled();
                }
                out.handOn();
                return;
            }
        }
        unknown.addHeadless();
    }

    /**
     * Whether the last lines began a message that a line to come will end: what is known of it is here only, and lost if
     * reading goes on behind it in another process.
     */
    public boolean isMidLine() {
        return lines < wholeAgain;
    }

    /** rsyslog's {@code message repeated 3 times: [ text]}: the line before, three times more. */
    private void repeat(LineParser parser) {
        int digits = body.start() + REPEATED.length();
        int end = PostfixText.endOfNumber(body, digits);
        int times = PostfixText.number(body, digits, end);
        if (times < 1 || !body.hasAt(end, TIMES) || body.bytes()[body.end() - 1] != ']') {
            return;
        }
        body.set(body.bytes(), end + TIMES.length(), body.end() - 1);
        for (int i = 0; i < Math.min(times, MOST_REPEATS); i++) {
            parser.parse(body, header, out);
        }
    }

    /** Lines that nobody understood. */
    public UnknownLines unknown() {
        return unknown;
    }

    /** Lines that are to be understood: those of programs that are read, and those without a header. */
    public long concerned() {
        return lines - unread;
    }

    /** Of these, those that nobody understood. */
    public long puzzling() {
        return unknown.headless() + unknown.lines();
    }

    /** What an administrator should change, or know that it is not understood. For people; the same words as long as it lasts. */
    public List<String> complaints() {
        return forms.stream().flatMap(form -> form.complaint().stream()).toList();
    }

    /** Lines of programs that are not read at all. */
    public long unread() {
        return unread;
    }

    /** Lines so far. */
    public long lines() {
        return lines;
    }

    /** Bytes of these lines, with their ends. */
    public long bytes() {
        return bytes;
    }

    /** The time of the last line that had one; null if none had. Of a live source, right after the reading only. */
    public @Nullable Instant lastTime() {
        return stamped ? header.lastAt() : null;
    }

    /** What stood on that line, which a live source's clock may have put far from {@link #lastTime}. */
    public @Nullable Instant lastStamp() {
        return stamped ? header.stamp() : null;
    }

    /** Lines that state something and bear a time that cannot be true; they count as of the time of reading. */
    public long corrected() {
        return header.corrected();
    }
}
