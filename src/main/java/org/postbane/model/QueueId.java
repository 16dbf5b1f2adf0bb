package org.postbane.model;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A mail server's id of a message. Postfix's: short ({@code 3064E52EAC1}: microseconds and inode in hexadecimal) or long ({@code
 * 4jWmtL5ZBRzqhw5}: time and inode in an alphabet without vowels). Source: Postfix's {@code src/global/mail_queue.h}.
 *
 * <p>Held as 6 bits a character, first character highest, so that an id is two words, compares exactly and needs no
 * String: {@code high} has characters 1 to 10, {@code low} 11 to 20. Character codes are 1 to 62 for {@code 0-9A-Za-z}; 0
 * is "no character". Sendmail's ({@code 3ALAgmxV012345}) are held likewise.
 *
 * <p>Exim's: time, process and fraction of a second in base 62, {@code 1xUhpx-00003f-3C} or since 4.97 {@code
 * 1xUhpx-0000000003f-003C} (Exim's specification, section "Message identification"). {@code high} is negative then: below the
 * sign 1 bit for the long form, 36 bits of time, 24 bits of fraction; {@code low} is the process.
 */
public record QueueId(long high, long low) {

    /** Shortest text that is taken for a queue id. {@code mail_queue.c} prints at least five digits of microseconds and an inode. */
    public static final int MIN_LENGTH = 6;
    /** Longest text that is taken for a queue id: 11 characters of time, {@code z}, and a 48-bit inode. */
    public static final int MAX_LENGTH = 20;

    /** {@code 6-6-2} characters. */
    public static final int EXIM_SHORT = 16;
    /** {@code 6-11-4} characters. */
    public static final int EXIM_LONG = 23;

    private static final long LONG_FORM = 1L << 62;
    private static final int FRACTION_BITS = 24;

    private static final int PER_WORD = 10;
    private static final byte[] CODE = codes();
    private static final String ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private static byte[] codes() {
        byte[] codes = new byte[256];
        for (int c = '0'; c <= '9'; c++) {
            codes[c] = (byte) (c - '0' + 1);
        }
        for (int c = 'A'; c <= 'Z'; c++) {
            codes[c] = (byte) (c - 'A' + 11);
        }
        for (int c = 'a'; c <= 'z'; c++) {
            codes[c] = (byte) (c - 'a' + 37);
        }
        return codes;
    }

    /** Whether queue ids are made of bytes like this. */
    public static boolean isCharacter(byte b) {
        return CODE[b & 0xff] != 0;
    }

    /** The id in {@code text}, or null if it is none ({@code NOQUEUE}, a word of another alphabet, too long or too short). */
    public static @Nullable QueueId parse(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return parse(bytes, 0, bytes.length);
    }

    /** The id in bytes {@code from} (inclusive) to {@code to} (exclusive), or null if it is none. */
    public static @Nullable QueueId parse(byte[] bytes, int from, int to) {
        int length = to - from;
        if ((length == EXIM_SHORT || length == EXIM_LONG) && bytes[from + 6] == '-') {
            return exim(bytes, from, to);
        }
        if (length < MIN_LENGTH || length > MAX_LENGTH || isNoQueue(bytes, from, length)) {
            return null;
        }
        int split = from + Math.min(PER_WORD, length);
        long high = pack(bytes, from, split);
        long low = length > PER_WORD ? pack(bytes, split, to) : 0;
        return high < 0 || low < 0 ? null : new QueueId(high, low);
    }

    /** {@code time-process-fraction}; null where it is none, or a process number is beyond all bounds. */
    private static @Nullable QueueId exim(byte[] bytes, int from, int to) {
        boolean isLong = to - from == EXIM_LONG;
        int dash = to - (isLong ? 5 : 3);
        long time = base62(bytes, from, from + 6);
        long process = base62(bytes, from + 7, dash);
        long fraction = base62(bytes, dash + 1, to);
        if (bytes[dash] != '-' || time < 0 || process < 0 || fraction < 0) {
            return null;
        }
        return new QueueId(Long.MIN_VALUE | (isLong ? LONG_FORM : 0) | time << FRACTION_BITS | fraction, process);
    }

    private static long base62(byte[] bytes, int from, int to) {
        long value = 0;
        for (int i = from; i < to; i++) {
            int code = bytes[i] < 0 ? 0 : CODE[bytes[i]];
            if (code == 0 || value > (Long.MAX_VALUE - 61) / 62) {
                return -1;
            }
            value = value * 62 + code - 1;
        }
        return value;
    }

    /** Whether it is one of Exim's, which are never used again. */
    public boolean isExim() {
        return high < 0;
    }

    /**
     * Whether it has the form of Sendmail's: eight characters of time, then the process in six or seven digits ({@code 6AUCCMhf000773}).
     * Postfix's long ones have a {@code z} among the last six of as many.
     */
    public boolean isSendmails() {
        if (isExim()) {
            return false;
        }
        String text = toString();
        int length = text.length();
        return (length == 14 || length == 15) && text.chars().skip(8).allMatch(c -> c >= '0' && c <= '9');
    }

    private static boolean isNoQueue(byte[] bytes, int from, int length) {
        return length == 7 && bytes[from] == 'N' && bytes[from + 1] == 'O' && bytes[from + 2] == 'Q';
    }

    private static long pack(byte[] bytes, int from, int to) {
        long word = 0;
        for (int i = from; i < to; i++) {
            int code = CODE[bytes[i] & 0xff];
            if (code == 0) {
                return -1;
            }
            word = word << 6 | code;
        }
        return word << 6 * (PER_WORD - (to - from));
    }

    /** As the mail server prints it. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(EXIM_LONG);
        if (isExim()) {
            boolean isLong = (high & LONG_FORM) != 0;
            digits((high & ~Long.MIN_VALUE & ~LONG_FORM) >>> FRACTION_BITS, 6, text);
            digits(low, isLong ? 11 : 6, text.append('-'));
            digits(high & (1L << FRACTION_BITS) - 1, isLong ? 4 : 2, text.append('-'));
            return text.toString();
        }
        unpack(high, text);
        unpack(low, text);
        return text.toString();
    }

    private static void digits(long value, int count, StringBuilder text) {
        long unit = 1;
        for (int i = 1; i < count; i++) {
            unit *= 62;
        }
        for (; unit > 0; unit /= 62) {
            text.append(ALPHABET.charAt((int) (value / unit % 62)));
        }
    }

    private static void unpack(long word, StringBuilder text) {
        for (int shift = 6 * (PER_WORD - 1); shift >= 0; shift -= 6) {
            int code = (int) (word >>> shift & 63);
            if (code == 0) {
                return;
            }
            text.append(ALPHABET.charAt(code - 1));
        }
    }

    @Override
    public int hashCode() {
        long mixed = (high * 0x9E3779B97F4A7C15L ^ low) * 0xC2B2AE3D27D4EB4FL;
        return (int) (mixed >>> 32);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof QueueId id && id.high == high && id.low == low;
    }
}
