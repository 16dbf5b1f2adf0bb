package org.postbane.source;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A growing log file, followed by name: hands on complete lines, each once and in the order written, over rotations and over
 * restarts from {@link #position}.
 *
 * <p>After a rename the writer goes on in the old file for seconds, and a writer that nobody told goes on for ever: an old
 * file stays open until nothing came for {@link #GRACE}. Of several files the older is always read to its end first. A file
 * that became shorter was truncated, and is read from its start. A file that is missing is waited for.
 *
 * <p>Not thread-safe. Memory: one buffer of 128 KiB per open file, at most {@link #MOST_FILES} of them. On an IOException
 * the position stands where it stood and the call may be repeated.
 *
 * <p>Known shortcomings: a file truncated and grown over its old length between two looks passes for the old one; see also
 * {@link RotatedFiles}.
 */
public final class FileTail implements LineSource {

    /** Where to begin in a file of which no position is known. */
    public enum StartAt {
        BEGINNING,
        END
    }

    /** How long an old file must have been silent before it is closed. */
    public static final Duration GRACE = Duration.ofSeconds(10);

    /** Files open at once: the current one, and the ones before it. */
    static final int MOST_FILES = 4;

    private static final Logger LOG = LoggerFactory.getLogger(FileTail.class);

    private final String name;
    private final Path path;
    private final StartAt startAt;

    /** Where a former run stopped; null once it has been taken up, or if there was none. */
    private @Nullable Position stored;

    private boolean begun;

    /** Oldest first; the last one is, or was when last seen, the file at {@link #path}. */
    private final List<OpenFile> files = new ArrayList<>();

    private long truncations;
    private long cutLines;

    /**
     * Does not touch the file yet.
     *
     * @param name of the source in the configuration, for the log
     * @param stored what {@link #position} said in a former run
     * @param startAt for a file that is there already, if nothing is stored
     */
    public FileTail(String name, Path path, Optional<Position> stored, StartAt startAt) {
        this.name = name;
        this.path = path;
        this.stored = stored.orElse(null);
        this.startAt = startAt;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String place() {
        return path.toString();
    }

    public Path path() {
        return path;
    }

    /**
     * Hands on what is there now.
     *
     * @param most lines at once; above 0
     * @param now for the {@link #GRACE} of old files only
     * @return whether there may be more to read at once
     * @throws IOException with a message for people, {@code file: why}
     */
    @Override
    public boolean poll(LineSink sink, int most, Instant now) throws IOException {
        if (!begun) {
            begun = begin();
            if (!begun) {
                return true;
            }
        }
        lookForNewFile(now);
        int left = most;
        for (OpenFile file : files) {
            left -= read(file, sink, left, now);
            if (left <= 0 || file.hasMore()) {
                return true; // the next file has to wait, as its lines are younger
            }
        }
        closeSilentFiles(sink, now);
        return false;
    }

    private int read(OpenFile file, LineSink sink, int most, Instant now) throws IOException {
        if (file.startOverIfTruncated()) {
            truncations++;
            LOG.warn("{}: {} was truncated; reading it from its start", name, path);
        }
        long cutBefore = file.cutLines();
        int lines = file.read(sink, most, now);
        cutLines += file.cutLines() - cutBefore;
        return lines;
    }

    /**
     * Opens the files of the stored position, or the file at its end.
     *
     * @return false if a file was renamed under our hands: try again
     */
    private boolean begin() throws IOException {
        closeAll(); // of an attempt that failed
        if (stored != null) {
            for (Position place : TailPosition.places(stored)) {
                Optional<Path> file = RotatedFiles.find(path, place.identity());
                if (file.isEmpty()) {
                    LOG.warn("{}: the file read last time, {}, is gone; lines may be lost", name, place.identity());
                } else if (!open(file.get(), place)) {
                    return false;
                }
            }
            stored = null;
            return true;
        }
        Optional<String> identity = startAt == StartAt.END ? RotatedFiles.identity(path) : Optional.empty();
        if (identity.isEmpty()) {
            return true;
        }
        boolean opened = open(path, new Position(identity.get(), 0));
        if (opened) {
            current().skipToLastLine();
        }
        return opened;
    }

    private boolean open(Path file, Position place) throws IOException {
        @Nullable OpenFile open = OpenFile.open(file, place.identity(), place.offset());
        if (open != null) {
            files.add(open);
        }
        return open != null;
    }

    private void lookForNewFile(Instant now) throws IOException {
        Optional<String> identity = RotatedFiles.identity(path);
        if (identity.isEmpty() || (!files.isEmpty() && current().identity().equals(identity.get()))) {
            return;
        }
        if (!files.isEmpty()) {
            current().keepFrom(now);
        }
        for (OpenFile file : files) {
            if (file.identity().equals(identity.get())) { // moved back to its old name
                files.remove(file);
                files.add(file);
                return;
            }
        }
        open(path, new Position(identity.get(), 0)); // if that fails, the next look finds what is there then
    }

    private void closeSilentFiles(LineSink sink, Instant now) throws IOException {
        while (files.size() > 1 && (files.size() > MOST_FILES || files.get(0).silentSince(now.minus(GRACE)))) {
            OpenFile oldest = files.remove(0);
            oldest.finish(sink); // nobody will complete its last line any more
            oldest.close();
        }
    }

    private OpenFile current() {
        return files.get(files.size() - 1);
    }

    /**
     * Up to where lines were handed on; what a later run has to be constructed with to go on behind the last one. Before the
     * first successful {@link #poll}, what this run was constructed with, or {@link TailPosition#NOTHING}.
     */
    @Override
    public Position position() {
        return stored != null
                ? stored
                : TailPosition.of(files.stream().map(OpenFile::position).toList());
    }

    /** How often the file became shorter. */
    public long truncations() {
        return truncations;
    }

    /** Lines that were longer than 64 KiB and lost their rest. */
    public long cutLines() {
        return cutLines;
    }

    /** Bytes that are in the files but were not handed on, for those who want to know how far behind we are. */
    @Override
    public long backlog() throws IOException {
        long sum = 0;
        for (OpenFile file : files) {
            sum += file.backlog();
        }
        return sum;
    }

    /** The position stays. */
    @Override
    public void close() throws IOException {
        stored = position();
        closeAll();
    }

    private void closeAll() throws IOException {
        while (!files.isEmpty()) {
            files.remove(files.size() - 1).close();
        }
    }
}
