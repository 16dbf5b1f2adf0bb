package org.postbane.parse;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.postbane.model.QueueId;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * The header of the line at hand: time, host, program and process id, in any of the forms that syslog daemons, container
 * engines and Postfix's own postlogd write. Which form it is, is found out per line; the first two come first.
 *
 * <pre>
 * Nov 21 09:15:23 mx1 postfix/smtpd[2820]: body                          (RFC 3164: local time, no year)
 * Mar  7 09:15:23 mx1 ...  and  Mar 7 09:15:23 mx1 ...                   (days of one digit)
 * 2026-11-21T09:15:23.318455+00:00 mx1 postfix/smtpd[2820]: body         (RFC 3339: rsyslog, Debian 12 and later)
 * Nov 21 09:15:23 postfix/smtpd[2820]: body                              (no host: syslog(3) to a socket, busybox)
 * Nov 21 09:15:23 &lt;mail.info&gt; mx1 postfix/smtpd[2820]: body              (FreeBSD's syslogd -v -v, &lt;2.6&gt; with one -v)
 * 2026-11-21 09:15:23 mx1 postfix/smtpd[2820]: body                      (local time with a year: templates)
 * &lt;22&gt;Nov 21 09:15:23 mx1 postfix/smtpd[2820]: body                      (over the network; any of the above behind it)
 * &lt;22&gt;1 2026-11-21T09:15:23.3Z mx1 postfix/smtpd 2820 - - body           (RFC 5424)
 * {"log":"Nov 21 09:15:23 mx1 postfix/smtpd[2820]: body\n","stream":"stdout","time":"2026-11-21T09:15:23.3Z"}  (Docker)
 * 2026-11-21T09:15:23.3Z stdout F Nov 21 09:15:23 mx1 postfix/smtpd[2820]: body     (Kubernetes, Podman: CRI)
 * </pre>
 *
 * <p>Behind the stamps of the other forms a program may have written by itself, as Exim does, and what it wrote may hold {@code
 * program[pid]: } in the words of a client: there the host has to be a name or an address, and no program's name has {@code =}.
 *
 * <p>Of two stamps, the engine's in front and the program's behind, the first is taken, as it has year and zone; behind an
 * engine's stamp the program's may be missing.
 *
 * <p>Of a live source, a stamp cannot be true that is over {@link #A_LITTLE} after the time of reading, or, while all is read as it
 * is written, over {@link #LONG_AGO} before it: the line counts as of the time of reading ({@link #at}), what stands on it
 * remains to be asked ({@link #stamp()}).
 *
 * <p>One object is reused for all lines: {@link #parse} fills it, and nothing is allocated until somebody asks for {@link
 * #at} or {@link #by}. What stamps mean: see {@link Stamp}.
 */
final class SyslogHeader {

    private static final int SHORTEST = 16;
    private static final int MOST_PID = 100_000_000;
    private static final long A_DAY = 86_400;

    /** Clocks of two machines that are kept right differ by less, in seconds. */
    static final long A_LITTLE = 2;

    /** No syslog daemon keeps lines so long until it writes or sends them, in seconds. */
    static final long LONG_AGO = 30 * A_DAY;

    private static final int PRIORITY_DIGITS = 3;
    /** RFC 5424, section 6: longer ones are told apart by so many bytes. */
    private static final int MAX_HOST = 255;

    private static final int MAX_LEVEL = "<authpriv.warning> ".length();
    private static final Mark STDOUT = Mark.of("stdout ");
    private static final Mark STDERR = Mark.of("stderr ");
    private static final Mark BRACKET = Mark.of("[");
    private static final Mark BYTE_ORDER = Mark.of("\ufeff");

    private final Stamp stamp;

    /** Of the stamp behind another one; its time does not count. */
    private final Stamp inner;

    /** For a live source, the time of reading; null for others. */
    private @Nullable Instant now;

    private boolean caughtUp;
    private long corrected;

    private @Nullable Instant at;
    private int hostStart;
    private int hostEnd;
    /** The host of the line for which it was asked last: most lines have the same. */
    private String lastHost = "";

    private int tagStart;
    private int tagEnd;
    /** Of a name that is not recent. */
    private int tagHash;

    private int pid;
    private int bodyStart;
    private ProgramTable.@Nullable Entry program;
    private final RecentTags recent = new RecentTags();
    private @Nullable Program by;
    private final DockerLine docker = new DockerLine();
    private Line text = new Line();

    /** The arguments are those of {@link Stamp}. */
    SyslogHeader(ZoneId zone, Instant reference, boolean followLines) {
        stamp = new Stamp(zone, reference, followLines);
        inner = new Stamp(zone, reference, false);
    }

    /**
     * The source is a live one; the lines to come are read at {@code time}.
     *
     * @param allRead nothing was waiting before: the lines to come have just been written
     */
    void readAt(Instant time, boolean allRead) {
        stamp.readAt(time);
        now = time;
        caughtUp = allRead;
    }

    /** Reads the header of {@code line}; false if it has none of these forms. */
    boolean parse(Line line) {
        at = null;
        by = null;
        program = null;
        text = line;
        hostStart = 0;
        hostEnd = 0;
        int host = stamp.parse(line, line.start());
        return host >= 0 && hostAndTag(line, host) || otherForm(line);
    }

    /** {@code host program[pid]: }. A first word that ends with a colon is the program, and there is no host. */
    private boolean hostAndTag(Line line, int host) {
        int tag = line.indexOf(' ', host) + 1;
        if (tag <= host + 1 || line.bytes()[tag - 2] == ':' || !tag(line, tag)) {
            return false;
        }
        hostStart = host;
        hostEnd = tag - 1;
        return true;
    }

    /** Any form but the first two. */
    private boolean otherForm(Line line) {
        int from = line.start();
        if (line.length() < SHORTEST) {
            return false;
        }
        byte first = line.bytes()[from];
        if (first == '{') {
            Line wrapped = docker.unwrap(line);
            if (wrapped == null) {
                return false;
            }
            text = wrapped;
            return behindStamp(wrapped, stamp.parse(wrapped, wrapped.start()));
        }
        if (first == '<') {
            from = endOfPriority(line, from);
            if (from < 0) {
                return false;
            }
            if (line.bytes()[from] == '1' && line.bytes()[from + 1] == ' ') {
                return rfc5424(line, from + 2);
            }
        }
        int next = stamp.parse(line, from);
        return behindStamp(line, next < 0 ? stamp.parseLocal(line, from) : next);
    }

    /** {@code <22>}: where it ends; -1 if it is none. The line goes on for two bytes there at least. */
    private static int endOfPriority(Line line, int from) {
        byte[] bytes = line.bytes();
        int i = from + 1;
        while (i <= from + PRIORITY_DIGITS && i < line.end() && isDigit(bytes[i])) {
            i++;
        }
        return i > from + 1 && i + 2 < line.end() && bytes[i] == '>' ? i + 1 : -1;
    }

    /** What follows the first stamp: perhaps a stream, a second stamp, a level, a host. {@code from} below 0: nothing. */
    private boolean behindStamp(Line line, int from) {
        if (from < 0) {
            return false;
        }
        int i = from;
        if (line.hasAt(i, STDOUT) || line.hasAt(i, STDERR)) { // F: full, P: part of a line
            i = line.indexOf(' ', i + STDOUT.length()) + 1;
            if (i == 0) {
                return false;
            }
        }
        int behindInner = inner.parse(line, i);
        i = behindInner < 0 ? i : behindInner;
        if (i < line.end() && line.bytes()[i] == '#') {
            return false; // no host is called so; rspamd's own file
        }
        if (i < line.end() && line.bytes()[i] == '<') {
            int close = line.indexOf(' ', i) + 1;
            if (close == 0 || close - i > MAX_LEVEL || line.bytes()[close - 2] != '>') {
                return false;
            }
            i = close;
        }
        return (hostAndTag(line, i) || tag(line, i))
                && isHostName(line, hostStart, hostEnd)
                && !isEximsMessage(line)
                && line.indexOf('=', tagStart, tagEnd) < 0;
    }

    /** {@code 1xUhpx-00003f-3C SA: text}: no host, though one may be called {@code mailer-server-01}, and no program with a process. */
    private boolean isEximsMessage(Line line) {
        if (hostEnd == hostStart || line.hasAt(tagEnd, BRACKET)) {
            return false;
        }
        QueueId id = QueueId.parse(line.bytes(), hostStart, hostEnd);
        return id != null && id.isExim();
    }

    /** None of the text of a program that writes its own file, as is Exim's {@code H=(} with what a client says behind it. */
    private static boolean isHostName(Line line, int from, int to) {
        for (int i = from; i < to; i++) {
            byte b = line.bytes()[i];
            boolean letter = b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z';
            if (!letter && !isDigit(b) && b != '.' && b != '-' && b != '_' && b != ':') {
                return false;
            }
        }
        return true;
    }

    /** {@code stamp host program pid message-id data body}, behind the version; the data is {@code -} or {@code [...]}. */
    private boolean rfc5424(Line line, int from) {
        byte[] bytes = line.bytes();
        int host = stamp.parse(line, from);
        int app = host < 0 ? 0 : line.indexOf(' ', host) + 1;
        int process = app == 0 ? 0 : line.indexOf(' ', app) + 1;
        int message = process == 0 ? 0 : line.indexOf(' ', process) + 1;
        int data = message == 0 ? 0 : line.indexOf(' ', message) + 1;
        if (data == 0 || data >= line.end() || process - 1 - app > ProgramTable.MAX_NAME) {
            return false;
        }
        int hash = 0;
        for (int i = app; i < process - 1; i++) {
            hash = ProgramTable.hash(hash, bytes[i]);
        }
        hostStart = host;
        hostEnd = app - 1;
        tagStart = app;
        tagEnd = process - 1;
        tagHash = hash;
        pid(bytes, process, message - 1);
        int end = bytes[data] == '-' ? data + 1 : endOfData(line, data);
        if (end < 0 || end < line.end() && bytes[end] != ' ') {
            return false;
        }
        int body = Math.min(end + 1, line.end());
        if (line.hasAt(body, BYTE_ORDER)) {
            body += BYTE_ORDER.length();
        }
        while (body < line.end() && bytes[body] == ' ') { // rsyslog keeps the blank that stood behind the tag
            body++;
        }
        bodyStart = body;
        return true;
    }

    /** {@code [id name="va\"l]ue"][id2]}: where it ends; -1 if it is none. */
    private static int endOfData(Line line, int from) {
        byte[] bytes = line.bytes();
        int i = from;
        while (i < line.end() && bytes[i] == '[') {
            boolean quoted = false;
            for (i++; i < line.end() && (quoted || bytes[i] != ']'); i++) {
                if (bytes[i] == '\\' && quoted) {
                    i++;
                } else if (bytes[i] == '"') {
                    quoted = !quoted;
                }
            }
            if (i >= line.end()) {
                return -1;
            }
            i++;
        }
        return i > from ? i : -1;
    }

    /** {@code program[pid]: } or {@code program: }. */
    private boolean tag(Line line, int from) {
        int bracket = line.indexOf('[', from, from + RecentTags.LONGEST + 1);
        program = bracket > from ? recent.find(line, from, bracket) : null;
        if (program != null) {
            tagStart = from;
            tagEnd = bracket;
            return pidAndBody(line, bracket);
        }
        return newTag(line, from);
    }

    private boolean newTag(Line line, int from) {
        byte[] bytes = line.bytes();
        int end = line.end();
        int last = Math.min(end, from + ProgramTable.MAX_NAME + 1);
        int hash = 0;
        int i = from;
        for (; i < last; i++) {
            byte b = bytes[i];
            if (b == '[' || b == ':' && i + 1 < end && bytes[i + 1] == ' ') {
                break;
            }
            if (b <= ' ') {
                return false;
            }
            hash = ProgramTable.hash(hash, b);
        }
        if (i == last && last < end) {
            return false; // no program has so long a name
        }
        tagStart = from;
        tagEnd = i;
        tagHash = hash;
        return pidAndBody(line, i);
    }

    /** {@code [pid]: } or {@code : }, behind the program's name. */
    private boolean pidAndBody(Line line, int nameEnd) {
        byte[] bytes = line.bytes();
        int end = line.end();
        int i = nameEnd;
        pid = 0;
        if (i < end && bytes[i] == '[') {
            i = pid(bytes, i + 1, end);
            if (i >= end || bytes[i] != ']') {
                return false;
            }
            i++;
        }
        if (i + 1 >= end || bytes[i] != ':' || bytes[i + 1] != ' ') {
            return false;
        }
        bodyStart = i + 2;
        return true;
    }

    /** Reads a number of few digits, or none, which is 0; where it ends. */
    private int pid(byte[] bytes, int from, int end) {
        pid = 0;
        int i = from;
        while (i < end && isDigit(bytes[i]) && pid < MOST_PID) {
            pid = pid * 10 + bytes[i] - '0';
            i++;
        }
        return i;
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    /**
     * Reads a line that has no syslog header, but a stamp in local time, as programs write into files of their own: where the text
     * behind it begins; -1 if it has none.
     */
    int parseOwn(Line line) {
        at = null;
        text = line;
        return stamp.parseLocal(line, line.start());
    }

    /** The time of the line: what stands on it, unless it is a live source's and cannot be true. */
    Instant at() {
        if (at == null) {
            Instant printed = stamp.time();
            at = believed(printed);
            if (!at.equals(printed)) {
                corrected++;
            }
        }
        return at;
    }

    private Instant believed(Instant printed) {
        if (now == null) {
            return printed;
        }
        long ahead = printed.getEpochSecond() - now.getEpochSecond();
        if (ahead > A_LITTLE || caughtUp && ahead < -LONG_AGO) {
            return now;
        }
        return printed;
    }

    /** As {@link #at}, of the last line that had a header; not counted. */
    Instant lastAt() {
        return believed(stamp.time());
    }

    /** The time that stands on that line. */
    Instant stamp() {
        return stamp.time();
    }

    /** How often {@link #at} was not what stands on the line. */
    long corrected() {
        return corrected;
    }

    /** Who wrote the line. */
    Program by() {
        if (by == null) {
            by = Objects.requireNonNull(program, "asked before the program was looked up")
                    .process(host(), pid);
        }
        return by;
    }

    private String host() {
        int length = Math.min(hostEnd - hostStart, MAX_HOST);
        if (!isHost(length)) {
            lastHost = new String(text.bytes(), hostStart, length, StandardCharsets.ISO_8859_1);
        }
        return lastHost;
    }

    private boolean isHost(int length) {
        byte[] bytes = text.bytes();
        int same = lastHost.length() == length ? 0 : -1;
        while (same >= 0 && same < length) {
            same = lastHost.charAt(same) == (bytes[hostStart + same] & 0xff) ? same + 1 : -1;
        }
        return same == length;
    }

    /** Time and writer of a line that bears another header. */
    void set(Instant time, Program writer) {
        stamp.set(time);
        at = null;
        by = writer;
    }

    /** The program, if its name is one of those that were set last; null if it is to be looked up. */
    ProgramTable.@Nullable Entry program() {
        return program;
    }

    void setProgram(ProgramTable.Entry entry) {
        program = entry;
        if (text.hasAt(tagEnd, BRACKET)) {
            recent.add(text, tagStart, tagEnd, entry);
        }
    }

    /** What all positions refer to: the line that was parsed, or what was wrapped in it. Valid as long as that line is. */
    Line text() {
        return text;
    }

    int tagStart() {
        return tagStart;
    }

    int tagEnd() {
        return tagEnd;
    }

    /** {@link ProgramTable#hash} of the bytes of the tag; only where {@link #program} is null. */
    int tagHash() {
        return tagHash;
    }

    int pid() {
        return pid;
    }

    /** Where the text after {@code program[pid]: } begins. */
    int bodyStart() {
        return bodyStart;
    }
}
