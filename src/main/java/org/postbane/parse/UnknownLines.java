package org.postbane.parse;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.postbane.source.Line;

/**
 * Counts the lines that nobody understood, by program and shape. A shape is the text with all that varies replaced: {@code N}
 * for numbers, {@code ID} for words of letters and digits, {@code IP}, {@code NAME} for host names, {@code ADDR} for mail
 * addresses, {@code <>} and {@code ""} for what stands between such.
 *
 * <p>Threads: one. Memory: at most {@link #MOST} shapes of at most {@link #MAX_SHAPE} bytes each with one sample. Shapes hold text
 * of strangers, so there may be any number of them: when there is no room, the rarer half is forgotten and only its number kept
 * (lossy counting, Manku and Motwani, VLDB 2002: what is frequent stays). A line whose shape is known allocates nothing.
 *
 * <p>Known shortcomings: a shape that was forgotten and comes again begins at 1.
 */
public final class UnknownLines {

    /** Shapes kept. */
    static final int MOST = 1000;

    /** Length of a shape, in bytes. */
    static final int MAX_SHAPE = 160;

    private static final int MAX_SAMPLE = 300;
    private static final int MAX_PROGRAMS = 200;
    private static final int SLOTS = 4096;

    private final @Nullable Entry[] slots = new Entry[SLOTS];
    private final byte[] shape = new byte[MAX_SHAPE];
    private final Map<String, long[]> byProgram = new TreeMap<>();
    private int length;
    private int kept;
    private long lines;
    private long forgotten;
    private long headless;

    /**
     * A shape and how often it came.
     *
     * @param sample the first line of it, perhaps cut; control characters as they were
     */
    public record Shape(String program, String shape, long count, String sample) {}

    private static final class Entry {
        final Program program;
        final byte[] shape;
        final int hash;
        final String sample;
        long count = 1;

        Entry(Program program, byte[] shape, int hash, String sample) {
            this.program = program;
            this.shape = shape;
            this.hash = hash;
            this.sample = sample;
        }
    }

    /** A line that has no header, so that nobody knows whose it is. */
    void addHeadless() {
        headless++;
    }

    /** A line of a program that is read. */
    void add(Program program, Line body) {
        lines++;
        long[] count = byProgram.get(program.name());
        if (count != null) {
            count[0]++;
        } else if (byProgram.size() < MAX_PROGRAMS) {
            byProgram.put(program.name(), new long[] {1});
        }
        length = shape(body, shape);
        int hash = program.name().hashCode();
        for (int i = 0; i < length; i++) {
            hash = 31 * hash + shape[i];
        }
        int slot = (hash ^ hash >>> 15) & SLOTS - 1;
        for (Entry entry = slots[slot]; entry != null; entry = slots[slot]) {
            if (entry.hash == hash
                    && entry.program.name().equals(program.name())
                    && Arrays.equals(entry.shape, 0, entry.shape.length, shape, 0, length)) {
                entry.count++;
                return;
            }
            slot = slot + 1 & SLOTS - 1;
        }
        Entry entry = new Entry(
                program,
                Arrays.copyOf(shape, length),
                hash,
                body.text(body.start(), Math.min(body.end(), body.start() + MAX_SAMPLE)));
        if (kept == MOST) {
            forgetRarer();
            put(entry);
        } else {
            slots[slot] = entry;
        }
        kept++;
    }

    private void put(Entry entry) {
        int slot = (entry.hash ^ entry.hash >>> 15) & SLOTS - 1;
        while (slots[slot] != null) {
            slot = slot + 1 & SLOTS - 1;
        }
        slots[slot] = entry;
    }

    private void forgetRarer() {
        List<Entry> all = entries();
        Arrays.fill(slots, null);
        kept = MOST / 2;
        all.subList(0, kept).forEach(this::put);
        all.subList(kept, all.size()).forEach(entry -> forgotten += entry.count);
    }

    private List<Entry> entries() {
        List<Entry> all = new ArrayList<>(kept);
        for (Entry entry : slots) {
            if (entry != null) {
                all.add(entry);
            }
        }
        all.sort(Comparator.comparingLong((Entry entry) -> -entry.count)
                .thenComparing(entry -> entry.program.name())
                .thenComparing(entry -> entry.shape, Arrays::compare));
        return all;
    }

    /** Lines of programs that are read which nobody understood. */
    public long lines() {
        return lines;
    }

    /** Of these, those whose shape is no longer known. */
    public long forgotten() {
        return forgotten;
    }

    /** Lines without a syslog header that is understood. */
    public long headless() {
        return headless;
    }

    /** How many of {@link #lines} each program wrote; at most 200 programs. A copy. */
    public Map<String, Long> byProgram() {
        Map<String, Long> counts = new TreeMap<>();
        byProgram.forEach((program, count) -> counts.put(program, count[0]));
        return counts;
    }

    /** The most frequent shapes, the most frequent first. */
    public List<Shape> shapes(int most) {
        return entries().stream()
                .limit(most)
                .map(entry -> new Shape(
                        entry.program.name(),
                        new String(entry.shape, StandardCharsets.UTF_8),
                        entry.count,
                        entry.sample))
                .toList();
    }

    // ---------------------------------------------------------------- the shape of a text

    /** Writes the shape of {@code body} to {@code out}; how many bytes it has. ASCII only. */
    static int shape(Line body, byte[] out) {
        Writer writer = new Writer(body, out);
        return writer.write();
    }

    /** One pass over a line. Short-lived, and gone when it is done: the JIT makes no object of it. */
    private static final class Writer {
        private final byte[] in;
        private final int end;
        private final byte[] out;
        private int at;
        private int size;

        Writer(Line body, byte[] out) {
            in = body.bytes();
            at = body.start();
            end = body.end();
            this.out = out;
        }

        int write() {
            while (at < end && size < out.length) {
                byte b = in[at];
                if (isWord(b)) {
                    word();
                } else if (b == '<') {
                    quoted('>', '<');
                } else if (b == '"') {
                    quoted('"', '"');
                } else {
                    plain(b);
                    at++;
                }
            }
            return size;
        }

        private void plain(byte b) {
            byte shown = b < ' ' || b == 127 ? (byte) '?' : b;
            boolean again = size > 0 && out[size - 1] == shown && (shown == ' ' || shown == '?');
            if (!again) {
                out[size++] = shown;
            }
        }

        /** What stands between two marks is left out; a mark without its partner stands for itself. */
        private void quoted(char close, char open) {
            int partner = at + 1;
            while (partner < end && in[partner] != close) {
                partner++;
            }
            if (partner == end) {
                plain(in[at]);
                at++;
                return;
            }
            text(open == '<' ? ANGLES : QUOTES);
            at = partner + 1;
        }

        private void word() {
            int from = at;
            int digits = 0;
            int letters = 0;
            int dots = 0;
            boolean mail = false;
            boolean hex = true;
            while (at < end && isWord(in[at])) {
                byte b = in[at];
                boolean digit = b >= '0' && b <= '9';
                digits += digit ? 1 : 0;
                boolean letter = b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z';
                letters += letter ? 1 : 0;
                dots += b == '.' && at + 1 < end && isWord(in[at + 1]) ? 1 : 0;
                mail |= b == '@';
                hex &= digit || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F';
                at++;
            }
            if (hex && isIpV6(from)) {
                text(IP);
            } else if (mail) {
                text(ADDR);
            } else if (letters == 0) {
                text(digits == 0 ? null : dots == 3 ? IP : N, from);
            } else if (dots > 0) {
                text(NAME);
            } else if (digits > 0 || at - from > 30) {
                text(WORD);
            } else {
                text(null, from);
            }
        }

        /** Whether hexadecimal groups and colons, two at least, follow; then they are skipped. */
        private boolean isIpV6(int from) {
            int i = from;
            int colons = 0;
            while (i < end && (isHex(in[i]) || in[i] == ':' || in[i] == '.')) {
                colons += in[i] == ':' ? 1 : 0;
                i++;
            }
            boolean ends = i == end || !isWord(in[i]);
            if (colons < 2 || !ends || in[i - 1] == ':' && in[i - 2] != ':') {
                return false;
            }
            at = i;
            return true;
        }

        private static boolean isHex(byte b) {
            return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F';
        }

        private static boolean isWord(byte b) {
            return b >= '0' && b <= '9'
                    || b >= 'a' && b <= 'z'
                    || b >= 'A' && b <= 'Z'
                    || b == '.'
                    || b == '-'
                    || b == '_'
                    || b == '@'
                    || b == '+';
        }

        private void text(byte[] text) {
            for (int i = 0; i < text.length && size < out.length; i++) {
                out[size++] = text[i];
            }
        }

        /** The text, or, where it is null, the word as it stands. */
        private void text(byte @Nullable [] text, int from) {
            if (text != null) {
                text(text);
                return;
            }
            for (int i = from; i < at && size < out.length; i++) {
                out[size++] = in[i];
            }
        }

        private static final byte[] ANGLES = {'<', '>'};
        private static final byte[] QUOTES = {'"', '"'};
        private static final byte[] N = {'N'};
        private static final byte[] IP = {'I', 'P'};
        private static final byte[] WORD = {'I', 'D'};
        private static final byte[] ADDR = {'A', 'D', 'D', 'R'};
        private static final byte[] NAME = {'N', 'A', 'M', 'E'};
    }
}
