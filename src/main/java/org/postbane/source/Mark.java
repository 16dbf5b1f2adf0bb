package org.postbane.source;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A fixed text that is looked for in lines: {@code ", status="}. Compared eight bytes at a time and without a loop where it
 * has at most 24: parsers do little else, and loops are what the JIT compiles longest.
 *
 * <p>Immutable.
 */
public final class Mark {

    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int UNLOOPED = 3 * Long.BYTES;

    private final byte[] text;
    private final int length;
    private final long first;
    private final long firstMask;
    private final long second;
    private final long secondMask;
    private final long third;
    private final long thirdMask;

    private Mark(byte[] text) {
        this.text = text;
        length = text.length;
        first = word(text, 0);
        firstMask = mask(length);
        second = word(text, Long.BYTES);
        secondMask = mask(length - Long.BYTES);
        third = word(text, 2 * Long.BYTES);
        thirdMask = mask(length - 2 * Long.BYTES);
    }

    /** @param text one character or more, as UTF-8 */
    public static Mark of(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("an empty mark stands everywhere");
        }
        return new Mark(text.getBytes(StandardCharsets.UTF_8));
    }

    private static long word(byte[] text, int from) {
        return from >= text.length ? 0 : at(Arrays.copyOfRange(text, from, from + Long.BYTES), 0);
    }

    /** Ones for as many bytes as are left, the first byte lowest. */
    static long mask(int left) {
        return left >= Long.BYTES ? -1 : left <= 0 ? 0 : -1L >>> 8 * (Long.BYTES - left);
    }

    /** Eight bytes, the first one lowest. */
    static long at(byte[] bytes, int from) {
        return (long) WORDS.get(bytes, from);
    }

    /** Bytes. */
    public int length() {
        return length;
    }

    byte firstByte() {
        return text[0];
    }

    /** Whether it stands at {@code from}; {@code bytes} go on for {@link Line#SLACK} after its end. */
    boolean standsAt(byte[] bytes, int from) {
        return (at(bytes, from) & firstMask) == first && (length <= Long.BYTES || goesOnAt(bytes, from));
    }

    private boolean goesOnAt(byte[] bytes, int from) {
        if ((at(bytes, from + Long.BYTES) & secondMask) != second) {
            return false;
        }
        if (length <= 2 * Long.BYTES) {
            return true;
        }
        return (at(bytes, from + 2 * Long.BYTES) & thirdMask) == third
                && (length <= UNLOOPED || Arrays.equals(text, UNLOOPED, length, bytes, from + UNLOOPED, from + length));
    }

    @Override
    public String toString() {
        return new String(text, StandardCharsets.UTF_8);
    }
}
