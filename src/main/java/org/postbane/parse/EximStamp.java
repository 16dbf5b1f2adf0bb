package org.postbane.parse;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Arrays;
import org.postbane.source.Line;

/**
 * The time stamp of the line at hand in Exim's own files ({@code mainlog}, {@code rejectlog}), which bear neither host nor
 * program. Shapes: {@code tod_stamp()} in Exim's {@code src/tod.c}, with the log selectors {@code millisec} and {@code
 * log_timezone}.
 *
 * <pre>
 * 2026-11-21 09:15:23 body
 * 2026-11-21 09:15:23.318 body
 * 2026-11-21 09:15:23 +0100 body
 * 2026-11-21 09:15:23.318 +0100 body
 * </pre>
 *
 * <p>One object is reused for all lines; the minute of the line before costs a comparison.
 */
final class EximStamp {

    private static final int TO_MINUTE = 16;
    private static final int TO_SECOND = 19;

    private final ZoneId zone;
    private final byte[] minute = new byte[TO_MINUTE];
    private boolean known;
    private LocalDateTime lastMinute = LocalDateTime.MIN;
    private long minuteStart;
    private long second;
    private int nanos;
    private int bodyStart;

    /** @param zone of stamps without an offset */
    EximStamp(ZoneId zone) {
        this.zone = zone;
    }

    /** Reads the stamp of {@code line}; false if it has none of these forms. */
    boolean parse(Line line) {
        byte[] bytes = line.bytes();
        int at = line.start();
        if (line.length() <= TO_SECOND
                || bytes[at + 4] != '-'
                || bytes[at + 10] != ' '
                || bytes[at + 13] != ':'
                || bytes[at + 16] != ':'
                || !minute(bytes, at)) {
            return false;
        }
        int seconds = two(bytes, at + 17);
        if (seconds < 0 || seconds > 60) {
            return false;
        }
        at += TO_SECOND;
        nanos = 0;
        if (bytes[at] == '.') {
            int end = PostfixText.endOfNumber(line, at + 1);
            int digits = PostfixText.number(line, at + 1, end);
            if (digits < 0) {
                return false;
            }
            nanos = digits;
            for (int i = end - at - 1; i < 9; i++) {
                nanos *= 10;
            }
            at = end;
        }
        second = minuteStart + Math.min(seconds, 59);
        if (at + 6 < line.end() && bytes[at] == ' ' && (bytes[at + 1] == '+' || bytes[at + 1] == '-')) {
            int hours = two(bytes, at + 2);
            int minutes = two(bytes, at + 4);
            if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) {
                return false;
            }
            int offset = (hours * 60 + minutes) * (bytes[at + 1] == '+' ? 60 : -60);
            second = lastMinute.toEpochSecond(ZoneOffset.UTC) + Math.min(seconds, 59) - offset;
            at += 6;
        }
        bodyStart = at + 1;
        return at + 1 < line.end() && bytes[at] == ' ';
    }

    private boolean minute(byte[] bytes, int at) {
        if (known && Arrays.equals(minute, 0, TO_MINUTE, bytes, at, at + TO_MINUTE)) {
            return true;
        }
        int century = two(bytes, at);
        int year = two(bytes, at + 2);
        int month = two(bytes, at + 5);
        int day = two(bytes, at + 8);
        int hour = two(bytes, at + 11);
        int minutes = two(bytes, at + 14);
        if (century < 19 || year < 0 || month < 1 || day < 1 || hour < 0 || minutes < 0 || bytes[at + 7] != '-') {
            return false;
        }
        try {
            lastMinute = LocalDateTime.of(century * 100 + year, month, day, hour, minutes);
        } catch (DateTimeException e) {
            return false; // a day that no year has
        }
        minuteStart = lastMinute.atZone(zone).toEpochSecond();
        System.arraycopy(bytes, at, minute, 0, TO_MINUTE);
        known = true;
        return true;
    }

    private static int two(byte[] bytes, int at) {
        int tens = bytes[at] - '0';
        int ones = bytes[at + 1] - '0';
        return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones;
    }

    Instant at() {
        return Instant.ofEpochSecond(second, nanos);
    }

    int bodyStart() {
        return bodyStart;
    }
}
