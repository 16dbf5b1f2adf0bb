package org.postbane.model;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A Postfix queue id: short ({@code 3064E52EAC1}: microseconds and inode in hexadecimal) or long ({@code
 * 4jWmtL5ZBRzqhw5}: time and inode in an alphabet without vowels). Source: Postfix's {@code src/global/mail_queue.h}.
 *
 * <p>Held as 6 bits a character, first character highest, so that an id is two words, compares exactly and needs no
 * String: {@code high} has characters 1 to 10, {@code low} 11 to 20. Character codes are 1 to 62 for {@code 0-9A-Za-z}; 0
 * is "no character".
 */
public record QueueId(long high, long low) {

    /** Shortest text that is taken for a queue id. {@code mail_queue.c} prints at least five digits of microseconds and an inode. */
    public static final int MIN_LENGTH = 6;
    /** Longest text that is taken for a queue id: 11 characters of time, {@code z}, and a 48-bit inode. */
    public static final int MAX_LENGTH = 20;

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
        if (length < MIN_LENGTH || length > MAX_LENGTH || isNoQueue(bytes, from, length)) {
            return null;
        }
        int split = from + Math.min(PER_WORD, length);
        long high = pack(bytes, from, split);
        long low = length > PER_WORD ? pack(bytes, split, to) : 0;
        return high < 0 || low < 0 ? null : new QueueId(high, low);
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

    /** As Postfix prints it. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(MAX_LENGTH);
        unpack(high, text);
        unpack(low, text);
        return text.toString();
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
