package org.postbane.parse;

import org.jspecify.annotations.Nullable;
import org.postbane.source.Line;
import org.postbane.source.Mark;

/**
 * Takes a line out of the JSON that Docker's {@code json-file} driver wraps it in, and puts Docker's time in front of it:
 * {@code {"log":"text\n","stream":"stdout","time":"2026-11-21T09:15:23.3Z"}} becomes {@code 2026-11-21T09:15:23.3Z text}.
 * {@code log} is the first member and {@code time} the last (jsonlog.go of Docker); between them anything may stand.
 *
 * <p>No JSON reader: within the text a quote is always escaped, so that it ends at the first one that is not, whatever
 * strangers wrote into it. Control characters become {@code ?}.
 *
 * <p>One object is reused; its buffer grows with the longest line. Known shortcoming: a text of more than 16 KiB, which
 * Docker splits into several such lines, is taken for several.
 */
final class DockerLine {

    private static final Mark LOG = Mark.of("{\"log\":\"");
    private static final Mark TIME = Mark.of("\"time\":\"");
    private static final int MAX_TIME = "2026-11-21T09:15:23.123456789+00:00".length();
    private static final int ROOM = 64; // for what the time takes, and for words read behind the end

    private byte[] buffer = new byte[1024];
    private int size;
    private final Line inner = new Line();

    /** @return valid until the next call; null if it is no such line */
    @Nullable
    Line unwrap(Line line) {
        int time = line.startsWith(LOG) ? line.lastIndexOf(TIME, line.start() + LOG.length()) : -1;
        if (time < 0) {
            return null;
        }
        int stamp = time + TIME.length();
        int stampEnd = line.indexOf('"', stamp);
        if (stampEnd < 0 || stampEnd - stamp > MAX_TIME) {
            return null;
        }
        if (buffer.length < line.length() + ROOM) {
            buffer = new byte[line.length() + ROOM];
        }
        size = stampEnd - stamp;
        System.arraycopy(line.bytes(), stamp, buffer, 0, size);
        buffer[size++] = ' ';
        if (!unescape(line.bytes(), line.start() + LOG.length(), time)) {
            return null;
        }
        while (size > 0 && (buffer[size - 1] == '\n' || buffer[size - 1] == '\r')) {
            size--;
        }
        for (int i = 0; i < size; i++) {
            if (buffer[i] >= 0 && buffer[i] < ' ') {
                buffer[i] = '?';
            }
        }
        return inner.set(buffer, 0, size);
    }

    /** @return false if the text does not end before {@code to} */
    private boolean unescape(byte[] bytes, int from, int to) {
        int i = from;
        while (i < to && bytes[i] != '"') {
            if (bytes[i] != '\\') {
                buffer[size++] = bytes[i++];
            } else if (i + 1 < to && bytes[i + 1] == 'u') {
                int unit = i + 6 <= to ? hex(bytes, i + 2) : -1;
                if (unit < 0) {
                    return false;
                }
                i += 6;
                put(unit);
            } else if (i + 1 < to) {
                buffer[size++] = plain(bytes[i + 1]);
                i += 2;
            } else {
                return false;
            }
        }
        return i < to;
    }

    private static byte plain(byte escaped) {
        return switch (escaped) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't', 'b', 'f' -> '\t';
            default -> escaped;
        };
    }

    /** As UTF-8, in at most three bytes; half a pair becomes {@code ?}: Docker writes characters of two units as they are. */
    private void put(int unit) {
        if (unit < 0x80) {
            buffer[size++] = (byte) unit;
        } else if (unit < 0x800) {
            buffer[size++] = (byte) (0xc0 | unit >> 6);
            buffer[size++] = (byte) (0x80 | unit & 0x3f);
        } else if (Character.isSurrogate((char) unit)) {
            buffer[size++] = '?';
        } else {
            buffer[size++] = (byte) (0xe0 | unit >> 12);
            buffer[size++] = (byte) (0x80 | unit >> 6 & 0x3f);
            buffer[size++] = (byte) (0x80 | unit & 0x3f);
        }
    }

    private static int hex(byte[] bytes, int at) {
        int value = 0;
        for (int i = at; i < at + 4; i++) {
            int digit = Character.digit(bytes[i], 16);
            if (digit < 0) {
                return -1;
            }
            value = value << 4 | digit;
        }
        return value;
    }
}
