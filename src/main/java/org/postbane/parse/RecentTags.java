package org.postbane.parse;

import org.jspecify.annotations.Nullable;
import org.postbane.source.Line;

/**
 * The program names that were met last, found by three words of eight bytes each instead of byte by byte: every line has one,
 * and a log has a dozen of them.
 *
 * <p>Threads: one. Memory: a few hundred words. A name that falls on the place of another takes it.
 */
final class RecentTags {

    /** Bytes of a name that can be found here. */
    static final int LONGEST = 3 * Long.BYTES;

    private static final int PLACES = 64;

    private final long[] words = new long[3 * PLACES];
    private final int[] lengths = new int[PLACES]; // as a line may have NULs where a name ends
    private final ProgramTable.@Nullable Entry[] entries = new ProgramTable.Entry[PLACES];

    /** The program whose name stands from {@code from} to {@code to}; null if it is not known here. */
    ProgramTable.@Nullable Entry find(Line line, int from, int to) {
        long first = line.word(from, to);
        long second = line.word(from + Long.BYTES, to);
        long third = line.word(from + 2 * Long.BYTES, to);
        int place = place(first, second, third);
        boolean known = lengths[place] == to - from
                && words[3 * place] == first
                && words[3 * place + 1] == second
                && words[3 * place + 2] == third;
        return known ? entries[place] : null;
    }

    /** Remembers it, if the name is not too long. */
    void add(Line line, int from, int to, ProgramTable.Entry entry) {
        if (to - from > LONGEST) {
            return;
        }
        long first = line.word(from, to);
        long second = line.word(from + Long.BYTES, to);
        long third = line.word(from + 2 * Long.BYTES, to);
        int place = place(first, second, third);
        words[3 * place] = first;
        words[3 * place + 1] = second;
        words[3 * place + 2] = third;
        lengths[place] = to - from;
        entries[place] = entry;
    }

    private static int place(long first, long second, long third) {
        long mixed = (first ^ Long.rotateLeft(second, 21) ^ Long.rotateLeft(third, 42)) * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 58);
    }
}
