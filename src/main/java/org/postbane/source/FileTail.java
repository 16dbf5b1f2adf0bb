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
 * that does not hold any more what was read of it was truncated: its rest is read in the copy that the rotation made, and then
 * it is read from its start. Where {@link Trail} finds that several rotations happened while nobody looked, all their files
 * are read. A file that is missing is waited for.
 *
 * <p>Not thread-safe. Memory: one buffer of 128 KiB per open file, at most {@link #MOST_FILES} of them, and what unpacking
 * takes. On an IOException the position stands where it stood and the call may be repeated.
 *
 * <p>A file of which nothing was read yet is known by the one before it, which is kept until then.
 *
 * <p>Known shortcomings: of a log that was cut in its middle, what was written between the cut and the next look is
 * passed over, as it cannot be told from what was there before. See also {@link RotatedFiles}.
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
    private final Trail trail;

    /** Where a former run stopped; null once it has been taken up, or if there was none. */
    private @Nullable Position stored;

    private boolean begun;

    /** At the last look there was nothing at {@link #path}. */
    private boolean missing;

    /** Oldest first; the last one is, or was when last seen, the file at {@link #path}. */
    private final List<OpenFile> files = new ArrayList<>();

    private long truncations;
    private long cutLines;

    /**
     * Does not touch the file yet.
     *
     * @param name of the source in the configuration, for the log
     * @param stored what {@link #position} said in a former run; that of another kind of source is passed over
     * @param startAt for a file that is there already, if nothing is stored
     */
    public FileTail(String name, Path path, Optional<Position> stored, StartAt startAt) {
        this.name = name;
        this.path = path;
        this.stored = stored.filter(TailPosition::isOne).orElse(null);
        this.startAt = startAt;
        this.trail = new Trail(path);
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
        try {
            return pollOnce(sink, most, now);
        } catch (MovedException e) {
            LOG.debug("{}: {}", name, e.getMessage());
            return true;
        }
    }

    private boolean pollOnce(LineSink sink, int most, Instant now) throws IOException {
        if (!begun) {
            begun = begin();
            if (!begun) {
                return true;
            }
        }
        int left = most;
        do {
            for (int i = 0; i < files.size(); i++) {
                OpenFile file = files.get(i);
                left -= read(file, sink, left, now);
                if (file.isReplaced()) {
                    followTruncated(i);
                    return true;
                }
                if (left <= 0 || file.hasMore()) {
                    return true; // the next file has to wait, as its lines are younger
                }
            }
            closeSilentFiles(sink, now); // before another is opened: there may be a hundred
        } while (openNext(now));
        return false;
    }

    private int read(OpenFile file, LineSink sink, int most, Instant now) throws IOException {
        long cutBefore = file.cutLines();
        int lines = file.read(sink, most, now);
        cutLines += file.cutLines() - cutBefore;
        return lines;
    }

    /** A file does not hold any more what was read of it: goes on in its copy, if there is one, else at its start. */
    private void followTruncated(int index) throws IOException {
        truncations++;
        OpenFile file = files.get(index);
        @Nullable OpenFile copy = trail.rotated(file.place());
        if (copy != null) {
            LOG.info("{}: {} was truncated after it was copied; going on in {}", name, path, copy.name());
            files.set(index, copy);
            file.close(); // it will be found again, as it has the name
        } else if (file.hasItsHead()) {
            LOG.warn("{}: {} was cut, but not to nothing; going on at its end", name, path);
            file.skipToLastLine();
        } else {
            LOG.warn("{}: {} was truncated, and no copy has more; reading it from its start", name, path);
            file.startOver();
        }
    }

    /**
     * Opens the files of the stored position, or the file at its end.
     *
     * @return false if a file was renamed under our hands: try again
     */
    private boolean begin() throws IOException {
        closeAll(); // of an attempt that failed
        if (stored != null) {
            List<Place> places = TailPosition.places(stored);
            for (Place place : places) {
                if (place.offset() == 0 && !files.isEmpty()) {
                    continue; // nothing is known of it but that it comes after the one before: found as such
                }
                @Nullable OpenFile file = trail.resume(place);
                if (file == null && place.equals(places.get(places.size() - 1))) {
                    file = changed(place);
                }
                if (file != null) {
                    files.add(file);
                } else {
                    LOG.warn("{}: the file read last time, {}, is gone; lines may be lost", name, place.inode());
                }
            }
            stored = null;
            return true;
        }
        Optional<String> identity = startAt == StartAt.END ? RotatedFiles.identity(path) : Optional.empty();
        if (identity.isEmpty()) {
            return true;
        }
        @Nullable OpenFile opened = OpenFile.open(path, false, identity.get(), Place.startOf(identity.get()));
        if (opened != null) {
            files.add(opened);
            opened.skipToLastLine();
        }
        return opened != null;
    }

    /** The file of a place of which no file holds what was read; null if it is gone too. */
    private @Nullable OpenFile changed(Place place) throws IOException {
        Optional<String> identity = RotatedFiles.identity(path);
        if (identity.isEmpty() || !identity.get().equals(place.inode())) {
            return null;
        }
        @Nullable OpenFile file = OpenFile.open(path, false, place.inode(), Place.startOf(place.inode()));
        if (file == null) {
            return null;
        }
        if (file.goesOnLike(place)) {
            LOG.warn("{}: {} was cut, but not to nothing, since the last time; going on at its end", name, path);
            file.skipToLastLine();
        } else {
            LOG.warn(
                    "{}: {} was truncated since the last time, and no copy has more; reading it from its start",
                    name,
                    path);
        }
        return file;
    }

    /** Whether another file was opened: the one at the path, or one that came before it and was rotated too. */
    private boolean openNext(Instant now) throws IOException {
        Optional<String> identity = RotatedFiles.identity(path);
        missing = identity.isEmpty();
        if (!files.isEmpty()) {
            OpenFile current = current();
            if (identity.isPresent() && current.inode().equals(identity.get())) {
                return false;
            }
            @Nullable OpenFile missed = trail.after(current, files);
            if (missed != null) {
                LOG.info("{}: reading {}, which was rotated too", name, missed.name());
                current.keepFrom(now);
                files.add(missed);
                return true;
            }
        }
        if (identity.isEmpty()) {
            return false;
        }
        if (!files.isEmpty()) {
            current().keepFrom(now);
        }
        for (OpenFile file : files) {
            if (file.inode().equals(identity.get())) { // moved back to its old name
                files.remove(file);
                files.add(file);
                return true;
            }
        }
        // if that fails, the next look finds what is there then
        @Nullable OpenFile next = OpenFile.open(path, false, identity.get(), Place.startOf(identity.get()));
        if (next != null) {
            files.add(next);
        }
        return next != null;
    }

    private void closeSilentFiles(LineSink sink, Instant now) throws IOException {
        while (files.size() > 1
                && (files.size() > 2 || current().place().offset() > 0)
                && (files.size() > MOST_FILES
                        || files.get(0).isPacked()
                        || files.get(0).silentSince(now.minus(GRACE)))) {
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
     * first successful {@link #poll}, what this run was constructed with; or {@link TailPosition#NOTHING}, or, where it is to
     * begin at the end, {@link TailPosition#NOWHERE}.
     */
    @Override
    public Position position() {
        if (stored != null) {
            return stored;
        }
        return begun || startAt == StartAt.BEGINNING
                ? TailPosition.of(files.stream().map(OpenFile::place).toList())
                : TailPosition.NOWHERE;
    }

    @Override
    public Optional<String> waitsFor() {
        return missing ? Optional.of("there is no " + path) : Optional.empty();
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
