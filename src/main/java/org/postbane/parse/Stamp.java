package org.postbane.parse;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.postbane.source.Line;

/**
 * The time stamp of the line at hand, in any of the forms that logs have:
 *
 * <pre>
 * Nov 21 09:15:23                     (RFC 3164: local time, no year)
 * Mar  7 09:15:23  and  Mar 7 09:15:23    (days of one digit)
 * 2026-11-21T09:15:23.318455+00:00    (RFC 3339; any fraction or none; Z; +0000 as journalctl -o short-iso has it)
 * 2026-11-21 09:15:23.318 +0100       (local time with a year; any fraction or none, offset or none)
 * </pre>
 *
 * <p>Local time that comes twice, when summer time ends, is the second one if that is the time of reading, or if the lines have
 * reached it; local time that is missing, when it begins, is counted as if the clock had not been changed.
 *
 * <p>One object is reused for all lines. A stamp that repeats the minute of the one before costs a comparison, one in the
 * traditional form that repeats it whole costs two words'.
 *
 * <p>Known shortcoming: of a source that is taken up in the hour that comes twice, at lines of the first of the two, the first
 * lines may be taken for an hour younger.
 */
final class Stamp {

    private static final int TRADITIONAL = 16; // with the blank after it
    private static final int TO_TRADITIONAL_SECOND = 12; // Nov 21 09:15
    private static final int TO_ISO_SECOND = 16; // 2026-11-21T09:15
    private static final int SHORTEST_ISO = 21; // with a Z, or one byte behind the blank
    private static final long A_DAY = 86_400;

    /** Lines are read so soon, and change places so little, in seconds. */
    private static final long SOON = 120;

    /** Years from one February 29 to the next, at most: 2096 to 2104. */
    private static final int LEAP_YEARS = 8;

    private final ZoneId zone;
    private final boolean followLines;
    private Instant reference;

    /** The line to come is of the reference's year. */
    private boolean yearTold;

    /** The reference by which {@link #minute} got its year. */
    private Instant minuteReference;

    private final byte[] minute = new byte[TO_ISO_SECOND]; // the text of the minute that minuteStart stands for
    private int minuteLength;
    private long minuteStart;

    /** The 16 bytes of the traditional stamp that was read last, and what it stands for as long as its minute is {@link #minute}. */
    private long stampHead;

    private long stampTail;
    private long stampSecond;

    /** Local time reads so a second time; then the next line of that minute is no repetition. */
    private boolean twice;

    private long second;
    private int nanos;
    private int fraction; // of the part that was read last, in nanoseconds
    private int offset; // likewise, in seconds

    /** What second and nanos stand for; null until somebody asks. */
    private @Nullable Instant time;

    /**
     * @param zone of stamps that name none
     * @param reference a stamp without a year is in the year that puts it nearest to this, and not over a day after it
     * @param followLines the first such stamp is in the reference's year, and then the reference moves along with the lines: for a
     *     log of a known year that may run over New Year
     */
    Stamp(ZoneId zone, Instant reference, boolean followLines) {
        this.zone = zone;
        this.reference = reference;
        this.minuteReference = reference;
        this.followLines = followLines;
        this.yearTold = followLines;
    }

    /** The lines to come are read at {@code now}. */
    void readAt(Instant now) {
        reference = now;
        if (Math.abs(now.getEpochSecond() - minuteReference.getEpochSecond()) > A_DAY / 4) {
            minuteLength = 0;
            minuteReference = now;
        }
    }

    /** The time that was read or set last. The same object as long as that is the same. */
    Instant time() {
        if (time == null) {
            time = Instant.ofEpochSecond(second, nanos);
        }
        return time;
    }

    /** As if {@code newTime} had been read. */
    void set(Instant newTime) {
        second = newTime.getEpochSecond();
        nanos = newTime.getNano();
        time = newTime;
    }

    private void set(long newSecond, int newNanos) {
        if (newSecond != second || newNanos != nanos) {
            second = newSecond;
            nanos = newNanos;
            time = null;
        }
    }

    /** Reads a stamp of the first two forms at {@code start}; the position after it and its blank, or -1. */
    int parse(Line line, int start) {
        byte[] bytes = line.bytes();
        if (line.end() - start < TRADITIONAL) {
            return -1;
        }
        return isDigit(bytes[start]) ? iso(bytes, start, line.end()) : traditional(bytes, start);
    }

    /** {@code Nov 21 09:15:23 }: positions 0-2 month, 4-5 day with a leading blank, 7-14 time. */
    private int traditional(byte[] bytes, int start) {
        long head = Line.word(bytes, start);
        long tail = Line.word(bytes, start + Long.BYTES);
        if (head == stampHead && tail == stampTail && minuteLength == TO_TRADITIONAL_SECOND) {
            set(stampSecond, 0);
            return start + TRADITIONAL;
        }
        if (bytes[start + 3] != ' ' || bytes[start + 6] != ' ' || bytes[start + 15] != ' ') {
            return oneBlank(bytes, start);
        }
        int seconds = seconds(bytes, start + TO_TRADITIONAL_SECOND);
        if (seconds < 0) {
            return -1;
        }
        if (!isSameMinute(bytes, start, TO_TRADITIONAL_SECOND)) {
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
            remember(bytes, start, TO_TRADITIONAL_SECOND, minuteOfYear);
        }
        stampHead = head;
        stampTail = tail;
        stampSecond = minuteStart + seconds;
        set(stampSecond, 0);
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
        ZonedDateTime later = first.withLaterOffsetAtOverlap();
        twice = !later.getOffset().equals(first.getOffset());
        return twice ? oneOf(first.toEpochSecond(), later.toEpochSecond()) : first.toEpochSecond();
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

    /** {@code 2026-11-21T09:15:23.318455+00:00 }, {@code ...23Z }. */
    private int iso(byte[] bytes, int start, int end) {
        if (end - start < SHORTEST_ISO || bytes[start + 10] != 'T') {
            return -1;
        }
        int seconds = seconds(bytes, start + TO_ISO_SECOND);
        if (seconds < 0 || !isSameMinute(bytes, start, TO_ISO_SECOND) && !isoMinute(bytes, start, ZoneOffset.UTC)) {
            return -1;
        }
        int i = fraction(bytes, start + TO_ISO_SECOND + 3, end);
        if (i < end && bytes[i] == 'Z') {
            offset = 0;
            i++;
        } else {
            i = offset(bytes, i, end);
        }
        if (i < 0 || i >= end || bytes[i] != ' ') {
            return -1;
        }
        set(minuteStart + Math.min(seconds, 59) - offset, fraction);
        return i + 1;
    }

    /** Reads a stamp of the last form at {@code start}; the position after it and its blank, or -1. */
    int parseLocal(Line line, int start) {
        byte[] bytes = line.bytes();
        int end = line.end();
        if (end - start < SHORTEST_ISO || !isDigit(bytes[start]) || bytes[start + 10] != ' ') {
            return -1;
        }
        int seconds = seconds(bytes, start + TO_ISO_SECOND);
        int i = fraction(bytes, start + TO_ISO_SECOND + 3, end);
        if (seconds < 0 || i >= end || bytes[i] != ' ') {
            return -1;
        }
        int behind = offset(bytes, i + 1, end);
        boolean itsOwn = behind >= 0 && behind < end && bytes[behind] == ' ';
        if (itsOwn) {
            minuteLength = 0; // the same text means another minute here
        }
        if (!isSameMinute(bytes, start, TO_ISO_SECOND) && !isoMinute(bytes, start, itsOwn ? ZoneOffset.UTC : zone)) {
            return -1;
        }
        if (itsOwn) {
            minuteLength = 0;
        }
        set(minuteStart + Math.min(seconds, 59) - (itsOwn ? offset : 0), fraction);
        return (itsOwn ? behind : i) + 1;
    }

    /** {@code :23} at {@code at}; below 0 if it is none. */
    private static int seconds(byte[] bytes, int at) {
        int seconds = two(bytes, at + 1);
        return bytes[at] == ':' && seconds <= 60 ? seconds : -1; // 60: leap second
    }

    /** Reads {@code .318455}, which may be missing; where it ends. */
    private int fraction(byte[] bytes, int at, int end) {
        fraction = 0;
        if (at >= end || bytes[at] != '.') {
            return at;
        }
        int scale = 100_000_000;
        int i = at + 1;
        for (; i < end && isDigit(bytes[i]); i++) {
            fraction += scale * (bytes[i] - '0');
            scale /= 10;
        }
        return i;
    }

    /** Reads {@code +01:00} or {@code +0100}; where it ends, or -1 if it is none. */
    private int offset(byte[] bytes, int at, int end) {
        if (at + 5 > end || bytes[at] != '+' && bytes[at] != '-') {
            return -1;
        }
        int behindHours = bytes[at + 3] == ':' ? at + 4 : at + 3;
        int hours = two(bytes, at + 1);
        int minutes = behindHours + 2 > end ? -1 : two(bytes, behindHours);
        if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) {
            return -1;
        }
        offset = (hours * 60 + minutes) * (bytes[at] == '+' ? 60 : -60);
        return behindHours + 2;
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
            remember(bytes, start, TO_ISO_SECOND, epochSecond(year, month, day, hour, minutes, where));
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
}
