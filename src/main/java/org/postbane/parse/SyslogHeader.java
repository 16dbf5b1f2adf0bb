package org.postbane.parse;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
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
 * <p>Of two stamps, the engine's in front and the program's behind, the first is taken, as it has year and zone; behind an
 * engine's stamp the program's may be missing.
 *
 * <p>Local time that comes twice, when summer time ends, is the second one if that is the time of reading, or if the lines have
 * reached it; local time that is missing, when it begins, is counted as if the clock had not been changed.
 *
 * <p>Of a live source, a stamp cannot be true that is over {@link #A_LITTLE} after the time of reading, or, while all is read as it
 * is written, over {@link #LONG_AGO} before it: the line counts as of the time of reading ({@link #at}), what stands on it
 * remains to be asked ({@link #stamp()}).
 *
 * <p>Known shortcoming: of a source that is taken up in the hour that comes twice, at lines of the first of the two, the first
 * lines may be taken for an hour younger.
 *
 * <p>One object is reused for all lines: {@link #parse} fills it, and nothing is allocated until somebody asks for {@link
 * #at} or {@link #by}. A header that repeats the minute of the line before costs a comparison.
 */
final class SyslogHeader {

    private static final int TRADITIONAL = 16; // with the blank after it
    private static final int ISO_MINUTE = 16; // 2026-11-21T09:15
    private static final long A_DAY = 86_400;

    /** Clocks of two machines that are kept right differ by less, in seconds. */
    static final long A_LITTLE = 2;

    /** No syslog daemon keeps lines so long until it writes or sends them, in seconds. */
    static final long LONG_AGO = 30 * A_DAY;

    /** Lines are read so soon, and change places so little, in seconds. */
    private static final long SOON = 120;

    /** Years from one February 29 to the next, at most: 2096 to 2104. */
    private static final int LEAP_YEARS = 8;

    private static final int PRIORITY_DIGITS = 3;
    private static final int MAX_LEVEL = "<authpriv.warning> ".length();
    private static final Mark STDOUT = Mark.of("stdout ");
    private static final Mark STDERR = Mark.of("stderr ");
    private static final Mark BYTE_ORDER = Mark.of("\ufeff");

    private final ZoneId zone;
    private Instant reference;
    private final boolean followLines;

    /** The line to come is of the reference's year. */
    private boolean yearTold;

    /** The reference by which {@link #minute} got its year. */
    private Instant minuteReference;

    /** For a live source, the time of reading; null for others. */
    private @Nullable Instant now;

    private boolean caughtUp;
    private long corrected;

    private final byte[] minute = new byte[ISO_MINUTE]; // the text of the minute that minuteStart stands for
    private int minuteLength;
    private long minuteStart;

    /** Local time reads so a second time; then the next line of that minute is no repetition. */
    private boolean twice;

    private long second;
    private int nanos;
    private @Nullable Instant at;
    private int tagStart;
    private int tagEnd;
    private int tagHash;
    private int pid;
    private int bodyStart;
    private ProgramTable.@Nullable Entry program;
    private @Nullable Program by;
    private final DockerLine docker = new DockerLine();
    private Line text = new Line();

    /**
     * @param zone of traditional stamps
     * @param reference a traditional stamp is in the year that puts it nearest to this, and not over a day after it
     * @param followLines the first such stamp is in the reference's year, and then the reference moves along with the lines: for a
     *     log of a known year that may run over New Year
     */
    SyslogHeader(ZoneId zone, Instant reference, boolean followLines) {
        this.zone = zone;
        this.reference = reference;
        this.minuteReference = reference;
        this.followLines = followLines;
        this.yearTold = followLines;
    }

    /**
     * The source is a live one; the lines to come are read at {@code time}.
     *
     * @param allRead nothing was waiting before: the lines to come have just been written
     */
    void readAt(Instant time, boolean allRead) {
        reference = time;
        now = time;
        caughtUp = allRead;
        lastAt = null;
        if (Math.abs(time.getEpochSecond() - minuteReference.getEpochSecond()) > A_DAY / 4) {
            minuteLength = 0;
            minuteReference = time;
        }
    }

    /** Reads the header of {@code line}; false if it has none of these forms. */
    boolean parse(Line line) {
        at = null;
        by = null;
        text = line;
        int host = stamp(line, line.start());
        return host >= 0 && hostAndTag(line, host) || otherForm(line);
    }

    /** {@code host program[pid]: }. A first word that ends with a colon is the program, and there is no host. */
    private boolean hostAndTag(Line line, int host) {
        int tag = line.indexOf(' ', host) + 1;
        return tag > host + 1 && line.bytes()[tag - 2] != ':' && tag(line, tag);
    }

    /** Any form but the first two. */
    private boolean otherForm(Line line) {
        int from = line.start();
        if (line.length() < TRADITIONAL) {
            return false;
        }
        byte first = line.bytes()[from];
        if (first == '{') {
            Line inner = docker.unwrap(line);
            if (inner == null) {
                return false;
            }
            text = inner;
            return behindStamp(inner, stamp(inner, inner.start()));
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
        int next = stamp(line, from);
        return behindStamp(line, next < 0 ? localIso(line.bytes(), from, line.end()) : next);
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
        long outerSecond = second;
        int outerNanos = nanos;
        int inner = stamp(line, i);
        if (inner >= 0) {
            at = null;
            setTime(outerSecond, outerNanos);
            i = inner;
        }
        if (i < line.end() && line.bytes()[i] == '<') {
            int close = line.indexOf(' ', i) + 1;
            if (close == 0 || close - i > MAX_LEVEL || line.bytes()[close - 2] != '>') {
                return false;
            }
            i = close;
        }
        return hostAndTag(line, i) || tag(line, i);
    }

    /** {@code stamp host program pid message-id data body}, behind the version; the data is {@code -} or {@code [...]}. */
    private boolean rfc5424(Line line, int from) {
        byte[] bytes = line.bytes();
        int host = stamp(line, from);
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
        tagStart = app;
        tagEnd = process - 1;
        tagHash = hash;
        pid = 0;
        for (int i = process; i < message - 1 && isDigit(bytes[i]) && pid < 100_000_000; i++) {
            pid = pid * 10 + bytes[i] - '0';
        }
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
        pid = 0;
        if (i < end && bytes[i] == '[') {
            i++;
            while (i < end && bytes[i] >= '0' && bytes[i] <= '9' && pid < 100_000_000) {
                pid = pid * 10 + bytes[i] - '0';
                i++;
            }
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

    /** Reads the time stamp; the position after it and its blank, or -1. */
    private int stamp(Line line, int start) {
        byte[] bytes = line.bytes();
        if (line.end() - start < TRADITIONAL) {
            return -1;
        }
        return isDigit(bytes[start]) ? iso(bytes, start, line.end()) : traditional(bytes, start);
    }

    /** {@code Nov 21 09:15:23 }: positions 0-2 month, 4-5 day with a leading blank, 7-14 time. */
    private int traditional(byte[] bytes, int start) {
        if (bytes[start + 3] != ' ' || bytes[start + 6] != ' ' || bytes[start + 15] != ' ') {
            return oneBlank(bytes, start);
        }
        int seconds = two(bytes, start + 13);
        if (bytes[start + 12] != ':' || seconds < 0 || seconds > 60) { // 60: leap second
            return -1;
        }
        if (!isSameMinute(bytes, start, 12)) {
            int month = month(bytes, start);
            int day = bytes[start + 4] == ' ' ? digit(bytes[start + 5]) : two(bytes, start + 4);
            int hour = two(bytes, start + 7);
            int minutes = two(bytes, start + 10);
            if (month == 0
                    || day < 1
                    || hour < 0
                    || hour > 23
                    || minutes < 0
                    || minutes > 59
                    || bytes[start + 9] != ':') {
                return -1;
            }
            long minuteOfYear = inYear(month, day, hour, minutes);
            if (minuteOfYear == Long.MIN_VALUE) {
                return -1;
            }
            remember(bytes, start, 12, minuteOfYear);
        }
        setTime(minuteStart + seconds, 0);
        return start + TRADITIONAL;
    }

    /** {@code Mar 7 09:15:23 }: some programs that write such files themselves do not pad the day. */
    private int oneBlank(byte[] bytes, int start) {
        boolean unpadded = bytes[start + 3] == ' '
                && isDigit(bytes[start + 4])
                && bytes[start + 5] == ' '
                && bytes[start + 14] == ' ';
        if (!unpadded) {
            return -1;
        }
        byte[] padded = new byte[TRADITIONAL];
        System.arraycopy(bytes, start, padded, 0, 4);
        padded[4] = ' ';
        System.arraycopy(bytes, start + 4, padded, 5, TRADITIONAL - 5);
        return traditional(padded, 0) < 0 ? -1 : start + TRADITIONAL - 1;
    }

    /** Epoch second of the minute in the year nearest to the reference; Long.MIN_VALUE if no year near has that day. */
    private long inYear(int month, int day, int hour, int minutes) {
        int thisYear = reference.atZone(zone).getYear();
        int firstYear = yearTold ? thisYear : thisYear - (month == 2 && day == 29 ? LEAP_YEARS : 1);
        int lastYear = yearTold ? thisYear : thisYear + 1;
        long near = reference.getEpochSecond();
        long best = Long.MIN_VALUE;
        boolean bestTwice = false;
        for (int year = firstYear; year <= lastYear; year++) {
            long candidate = epochSecond(year, month, day, hour, minutes, zone);
            if (candidate != Long.MIN_VALUE
                    && (followLines || candidate <= near + A_DAY)
                    && (best == Long.MIN_VALUE || Math.abs(candidate - near) < Math.abs(best - near))) {
                best = candidate;
                bestTwice = twice;
            }
        }
        twice = bestTwice;
        if (followLines && best != Long.MIN_VALUE) {
            reference = Instant.ofEpochSecond(best);
            yearTold = false;
        }
        return best;
    }

    private long epochSecond(int year, int month, int day, int hour, int minutes, ZoneId where) {
        if (day > LocalDate.of(year, month, 1).lengthOfMonth()) {
            return Long.MIN_VALUE;
        }
        ZonedDateTime first =
                LocalDateTime.of(year, month, day, hour, minutes).atZone(where).withEarlierOffsetAtOverlap();
        ZonedDateTime second = first.withLaterOffsetAtOverlap();
        twice = !second.getOffset().equals(first.getOffset());
        return twice ? oneOf(first.toEpochSecond(), second.toEpochSecond()) : first.toEpochSecond();
    }

    /** Which of two times it is that read the same on the clock. */
    private long oneOf(long earlier, long later) {
        if (!followLines) {
            long read = reference.getEpochSecond();
            if (Math.abs(later - read) <= SOON) {
                return later;
            }
            if (later > read) {
                return earlier;
            }
        }
        return earlier >= second - SOON ? earlier : later; // of the line before
    }

    /** {@code 2026-11-21T09:15:23.318455+00:00 }, {@code ...23Z }: fraction of any length or none, offset or Z. Also {@code
     * +0000}, as journalctl -o short-iso has it. */
    private int iso(byte[] bytes, int start, int end) {
        int i = start + ISO_MINUTE;
        if (end - start < 21 || bytes[i] != ':' || bytes[start + 10] != 'T') {
            return -1;
        }
        int seconds = two(bytes, i + 1);
        if (seconds < 0 || seconds > 60) {
            return -1;
        }
        if (!isSameMinute(bytes, start, ISO_MINUTE) && !isoMinute(bytes, start, ZoneOffset.UTC)) {
            return -1;
        }
        i += 3;
        int fraction = 0;
        if (bytes[i] == '.') {
            i++;
            int scale = 100_000_000;
            while (i < end && isDigit(bytes[i])) {
                fraction += scale * (bytes[i] - '0');
                scale /= 10;
                i++;
            }
        }
        int offset = 0;
        if (i < end && bytes[i] == 'Z') {
            i++;
        } else if (i + 6 < end && (bytes[i] == '+' || bytes[i] == '-') && bytes[i + 3] == ':') {
            int hours = two(bytes, i + 1);
            int minutes = two(bytes, i + 4);
            if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) {
                return -1;
            }
            offset = (hours * 60 + minutes) * (bytes[i] == '+' ? 60 : -60);
            i += 6;
        } else if (i + 5 < end && (bytes[i] == '+' || bytes[i] == '-')) {
            int hours = two(bytes, i + 1);
            int minutes = two(bytes, i + 3);
            if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) {
                return -1;
            }
            offset = (hours * 60 + minutes) * (bytes[i] == '+' ? 60 : -60);
            i += 5;
        } else {
            return -1;
        }
        if (i >= end || bytes[i] != ' ') {
            return -1;
        }
        setTime(minuteStart + Math.min(seconds, 59) - offset, fraction);
        return i + 1;
    }

    /** {@code 2026-11-21 09:15:23 }, {@code ...23.318 }: local time. */
    private int localIso(byte[] bytes, int start, int end) {
        int i = start + ISO_MINUTE;
        if (end - start < 21 || !isDigit(bytes[start]) || bytes[start + 10] != ' ' || bytes[i] != ':') {
            return -1;
        }
        int seconds = two(bytes, i + 1);
        if (seconds < 0 || seconds > 60) {
            return -1;
        }
        if (!isSameMinute(bytes, start, ISO_MINUTE) && !isoMinute(bytes, start, zone)) {
            return -1;
        }
        i += 3;
        int fraction = 0;
        if (bytes[i] == '.') {
            int scale = 100_000_000;
            for (i++; i < end && isDigit(bytes[i]); i++) {
                fraction += scale * (bytes[i] - '0');
                scale /= 10;
            }
        }
        if (i >= end || bytes[i] != ' ') {
            return -1;
        }
        setTime(minuteStart + Math.min(seconds, 59), fraction);
        return i + 1;
    }

    private boolean isoMinute(byte[] bytes, int start, ZoneId where) {
        int year = two(bytes, start) * 100 + two(bytes, start + 2);
        int month = two(bytes, start + 5);
        int day = two(bytes, start + 8);
        int hour = two(bytes, start + 11);
        int minutes = two(bytes, start + 14);
        if (bytes[start + 4] != '-' || bytes[start + 7] != '-' || bytes[start + 13] != ':') {
            return false;
        }
        if (year < 1970 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minutes < 0) {
            return false;
        }
        try {
            remember(bytes, start, ISO_MINUTE, epochSecond(year, month, day, hour, minutes, where));
        } catch (DateTimeException e) {
            return false; // a month and day that no year has
        }
        return minuteStart != Long.MIN_VALUE;
    }

    private boolean isSameMinute(byte[] bytes, int start, int length) {
        return minuteLength == length && Arrays.equals(minute, 0, length, bytes, start, start + length);
    }

    private void remember(byte[] bytes, int start, int length, long epochSecond) {
        System.arraycopy(bytes, start, minute, 0, length);
        minuteLength = epochSecond == Long.MIN_VALUE || twice ? 0 : length;
        minuteStart = epochSecond;
    }

    private @Nullable Instant lastAt;

    private void setTime(long newSecond, int newNanos) {
        if (newSecond == second && newNanos == nanos && lastAt != null) {
            at = lastAt; // traditional stamps: one Instant for all lines of a second
            return;
        }
        second = newSecond;
        nanos = newNanos;
        lastAt = null;
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    private static int digit(byte b) {
        return isDigit(b) ? b - '0' : -1;
    }

    /** Two digits; -1 (or below) if they are none. */
    private static int two(byte[] bytes, int at) {
        return isDigit(bytes[at]) && isDigit(bytes[at + 1]) ? (bytes[at] - '0') * 10 + bytes[at + 1] - '0' : -1;
    }

    private static int month(byte[] bytes, int at) {
        return switch (bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2]) {
            case 'J' << 16 | 'a' << 8 | 'n' -> 1;
            case 'F' << 16 | 'e' << 8 | 'b' -> 2;
            case 'M' << 16 | 'a' << 8 | 'r' -> 3;
            case 'A' << 16 | 'p' << 8 | 'r' -> 4;
            case 'M' << 16 | 'a' << 8 | 'y' -> 5;
            case 'J' << 16 | 'u' << 8 | 'n' -> 6;
            case 'J' << 16 | 'u' << 8 | 'l' -> 7;
            case 'A' << 16 | 'u' << 8 | 'g' -> 8;
            case 'S' << 16 | 'e' << 8 | 'p' -> 9;
            case 'O' << 16 | 'c' << 8 | 't' -> 10;
            case 'N' << 16 | 'o' << 8 | 'v' -> 11;
            case 'D' << 16 | 'e' << 8 | 'c' -> 12;
            default -> 0;
        };
    }

    /** The time of the line: what stands on it, unless it is a live source's and cannot be true. */
    Instant at() {
        if (at == null) {
            Instant stamp = stamp();
            at = believed(stamp);
            lastAt = at;
            if (!at.equals(stamp)) {
                corrected++;
            }
        }
        return at;
    }

    private Instant believed(Instant stamp) {
        if (now == null) {
            return stamp;
        }
        long ahead = stamp.getEpochSecond() - now.getEpochSecond();
        if (ahead > A_LITTLE || caughtUp && ahead < -LONG_AGO) {
            return now;
        }
        return stamp;
    }

    /** As {@link #at}, of the last line that had a header; not counted. */
    Instant lastAt() {
        return believed(stamp());
    }

    /** The time that stands on that line. */
    Instant stamp() {
        return Instant.ofEpochSecond(second, nanos);
    }

    /** How often {@link #at} was not what stands on the line. */
    long corrected() {
        return corrected;
    }

    /** Who wrote the line. */
    Program by() {
        if (by == null) {
            by = Objects.requireNonNull(program, "asked before the program was looked up")
                    .process(pid);
        }
        return by;
    }

    /** Time and writer of a line that bears another header. */
    void set(Instant time, Program writer) {
        second = time.getEpochSecond();
        nanos = time.getNano();
        at = null;
        lastAt = null;
        by = writer;
    }

    void setProgram(ProgramTable.Entry entry) {
        program = entry;
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

    /** {@link ProgramTable#hash} of the bytes of the tag. */
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
