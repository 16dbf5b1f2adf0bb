package org.postbane.parse;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.postbane.source.Line;

/**
 * Finds the parser for the program name in a header without making a String of it: a hash table from the name's bytes,
 * filled as names turn up. Bounded: any local user can log under any name, so names beyond {@link #MOST} are not kept and
 * those programs are passed over.
 */
final class ProgramTable {

    /** Longest program name, in bytes. */
    static final int MAX_NAME = 128;

    private static final int MOST = 1024;
    private static final int SLOTS = 4 * MOST;
    private static final int PIDS = 64;

    private final Function<String, @Nullable LineParser> parsers;
    private final @Nullable Entry[] slots = new Entry[SLOTS];
    private int size;

    /** @param parsers the parser for a program name; null for a program that is of no interest */
    ProgramTable(Function<String, @Nullable LineParser> parsers) {
        this.parsers = parsers;
    }

    /** One program name. */
    static final class Entry {
        private final byte[] bytes;
        private final String name;
        final @Nullable LineParser parser;
        private final @Nullable Program[] recent = new Program[PIDS];

        Entry(byte[] bytes, @Nullable LineParser parser, String name) {
            this.bytes = bytes;
            this.parser = parser;
            this.name = name;
        }

        /** The same object for the same process as long as not too many others are about. */
        Program process(String host, int pid) {
            int slot = pid % PIDS;
            Program known = recent[slot];
            if (known == null || known.pid() != pid || !known.host().equals(host)) {
                known = new Program(host, name, pid);
                recent[slot] = known;
            }
            return known;
        }
    }

    /** The hash of a name, byte by byte, from 0. */
    static int hash(int soFar, byte next) {
        return 31 * soFar + next;
    }

    /**
     * The entry for the bytes {@code from} to {@code to}; null if the table is full.
     *
     * @param hash theirs
     */
    @Nullable
    Entry find(Line line, int from, int to, int hash) {
        byte[] bytes = line.bytes();
        int slot = (hash ^ hash >>> 15) & SLOTS - 1;
        while (true) {
            Entry entry = slots[slot];
            if (entry == null) {
                return add(slot, Arrays.copyOfRange(bytes, from, to));
            }
            if (Arrays.equals(entry.bytes, 0, entry.bytes.length, bytes, from, to)) {
                return entry;
            }
            slot = slot + 1 & SLOTS - 1;
        }
    }

    private @Nullable Entry add(int slot, byte[] name) {
        if (size == MOST) {
            return null;
        }
        size++;
        String text = new String(name, StandardCharsets.UTF_8);
        Entry entry = new Entry(name, parsers.apply(text), text);
        slots[slot] = entry;
        return entry;
    }
}
