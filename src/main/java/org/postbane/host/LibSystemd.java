package org.postbane.host;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The journal through libsystemd in this process, by JNA (sd-journal(3)).
 *
 * <p>Threads: any number of objects; a reader belongs to one thread, which also closes it. Memory: the library maps the
 * journal's files, some MiB at a time; outside the heap.
 *
 * <p>Known shortcomings: 64-bit machines only; elsewhere {@link Journalctl} does it.
 */
final class LibSystemd implements Journal {

    /** {@code SD_JOURNAL_LOCAL_ONLY}: not what other machines sent here. */
    private static final int LOCAL_ONLY = 1;

    private final JournalPlace place;

    LibSystemd(JournalPlace place) {
        this.place = place;
    }

    /** True where the library can be loaded. */
    static boolean isPresent() {
        try {
            return Native.SIZE_T_SIZE == Long.BYTES && Library.LOADED;
        } catch (LinkageError e) { // no libsystemd.so.0, or no JNA for this machine
            return false;
        }
    }

    @Override
    public Optional<String> lastCursor() throws IOException {
        try (Reader reader = new Reader(place.unmatched(), false)) {
            check("sd_journal_seek_tail", Library.sd_journal_seek_tail(reader.journal));
            int found = check("sd_journal_previous", Library.sd_journal_previous(reader.journal));
            return found == 0 ? Optional.empty() : Optional.of(reader.cursor());
        }
    }

    @Override
    public JournalReader read(@Nullable String after, boolean follow) throws IOException {
        Reader reader = new Reader(place, follow);
        try {
            reader.seek(after);
            return reader;
        } catch (IOException e) {
            reader.close();
            throw e;
        }
    }

    private static int check(String call, int result) throws IOException {
        if (result < 0) {
            throw new IOException("%s: %s".formatted(call, Libc.strerror(-result)));
        }
        return result;
    }

    private static byte[] zeroTerminated(String text) {
        return (text + '\0').getBytes(StandardCharsets.UTF_8);
    }

    /** One open journal. */
    private static final class Reader implements JournalReader {

        private static final byte[][] NAMES =
                JournalFields.WANTED.stream().map(LibSystemd::zeroTerminated).toArray(byte[][]::new);

        private final Memory results = new Memory(2 * Long.BYTES);
        private final Pointer second = results.share(Long.BYTES);
        private final JournalFields fields = new JournalFields();
        private final boolean follow;
        private final Pointer journal;
        private boolean closed;

        /** The entry to be passed over if it is the first one. */
        private @Nullable String after;

        Reader(JournalPlace place, boolean follow) throws IOException {
            this.follow = follow;
            this.journal = open(place.path());
            try {
                boolean first = true;
                for (var group : place.matches()) {
                    if (!first) {
                        check("sd_journal_add_disjunction", Library.sd_journal_add_disjunction(journal));
                    }
                    first = false;
                    for (String match : group) {
                        check("sd_journal_add_match", Library.sd_journal_add_match(journal, zeroTerminated(match), 0));
                    }
                }
                check(
                        "sd_journal_set_data_threshold",
                        Library.sd_journal_set_data_threshold(journal, 2L * JournalEntry.MAX_MESSAGE));
            } catch (IOException e) {
                close();
                throw e;
            }
        }

        private Pointer open(@Nullable Path path) throws IOException {
            int result;
            if (path == null) {
                result = Library.sd_journal_open(results, LOCAL_ONLY);
            } else if (Files.isDirectory(path)) {
                result = Library.sd_journal_open_directory(results, zeroTerminated(path.toString()), 0);
            } else {
                byte[] name = zeroTerminated(path.toString());
                try (Memory text = new Memory(name.length);
                        Memory list = new Memory(2L * Native.POINTER_SIZE)) {
                    text.write(0, name, 0, name.length);
                    list.setPointer(0, text);
                    list.setPointer(Native.POINTER_SIZE, null);
                    result = Library.sd_journal_open_files(results, list, 0);
                }
            }
            check(path == null ? "the journal cannot be opened" : path.toString(), result);
            return results.getPointer(0);
        }

        void seek(@Nullable String cursor) throws IOException {
            after = cursor;
            if (cursor == null) {
                check("sd_journal_seek_head", Library.sd_journal_seek_head(journal));
            } else {
                check("sd_journal_seek_cursor", Library.sd_journal_seek_cursor(journal, zeroTerminated(cursor)));
            }
        }

        @Override
        public @Nullable JournalEntry next(Duration patience) throws IOException {
            if (!advance()) {
                if (!follow) {
                    return null;
                }
                // also where the library learns of rotated and deleted files
                check("sd_journal_wait", Library.sd_journal_wait(journal, patience.toNanos() / 1000));
                if (!advance()) {
                    return null;
                }
            }
            fields.cursor(cursor());
            check("sd_journal_get_realtime_usec", Library.sd_journal_get_realtime_usec(journal, results));
            fields.realtime(results.getLong(0));
            for (int i = 0; i < NAMES.length; i++) {
                byte[] value = value(i);
                if (value != null) {
                    fields.put(JournalFields.WANTED.get(i), value);
                }
            }
            return fields.take();
        }

        private boolean advance() throws IOException {
            while (check("sd_journal_next", Library.sd_journal_next(journal)) > 0) {
                String passed = after;
                after = null;
                if (passed == null || !JournalCursor.sameEntry(passed, cursor())) {
                    return true;
                }
            }
            return false;
        }

        private String cursor() throws IOException {
            check("sd_journal_get_cursor", Library.sd_journal_get_cursor(journal, results));
            Pointer text = results.getPointer(0);
            try {
                return text.getString(0, "US-ASCII");
            } finally {
                Native.free(Pointer.nativeValue(text));
            }
        }

        /** Null if the entry has no such field, or it is damaged. */
        private byte @Nullable [] value(int field) {
            if (Library.sd_journal_get_data(journal, NAMES[field], results, second) < 0) {
                return null;
            }
            int skip = NAMES[field].length; // NAME=
            long length =
                    Math.min(results.getLong(Long.BYTES) - skip, JournalFields.most(JournalFields.WANTED.get(field)));
            return length < 0 ? null : results.getPointer(0).getByteArray(skip, (int) length);
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                Library.sd_journal_close(journal);
            }
        }
    }

    /** The functions of sd-journal(3) that are used. Loading this class loads the library. */
    private static final class Library {

        static final boolean LOADED;

        static {
            Native.register(Library.class, NativeLibrary.getInstance("libsystemd.so.0"));
            LOADED = true;
        }

        private Library() {}

        static native int sd_journal_open(Pointer result, int flags);

        static native int sd_journal_open_directory(Pointer result, byte[] path, int flags);

        static native int sd_journal_open_files(Pointer result, Pointer paths, int flags);

        static native void sd_journal_close(Pointer journal);

        static native int sd_journal_add_match(Pointer journal, byte[] match, long size);

        static native int sd_journal_add_disjunction(Pointer journal);

        static native int sd_journal_set_data_threshold(Pointer journal, long size);

        static native int sd_journal_seek_head(Pointer journal);

        static native int sd_journal_seek_tail(Pointer journal);

        static native int sd_journal_seek_cursor(Pointer journal, byte[] cursor);

        static native int sd_journal_next(Pointer journal);

        static native int sd_journal_previous(Pointer journal);

        static native int sd_journal_wait(Pointer journal, long micros);

        static native int sd_journal_get_cursor(Pointer journal, Pointer result);

        static native int sd_journal_get_realtime_usec(Pointer journal, Pointer result);

        static native int sd_journal_get_data(Pointer journal, byte[] field, Pointer data, Pointer length);
    }

    /** strerror(3). */
    private static final class Libc {

        static {
            Native.register(Libc.class, NativeLibrary.getInstance("c"));
        }

        private Libc() {}

        static native String strerror(int error);
    }
}
