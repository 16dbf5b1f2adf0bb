package org.postbane.source;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postbane.source.RotatedFiles.Rotated;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds where the reading of a log goes on after it was rotated: the file of a {@link Place}, whatever it is called by now, or
 * its copy; and the files that were written after it.
 *
 * <p>A file that cannot be read here, as it is damaged or not ours to read, is not the one that is looked for.
 *
 * <p>While files are being renamed, all methods throw {@link MovedException}: look again.
 *
 * <p>Not thread-safe; keeps nothing. Costs a listing of the directory, and, where no inode is the one that is looked for, the
 * first bytes of each rotated file.
 */
final class Trail {

    private static final Logger LOG = LoggerFactory.getLogger(Trail.class);

    private final Path path;

    Trail(Path path) {
        this.path = path;
    }

    /** Goes on at a place, in the file at the path or a rotated one. Null if there is none with what was read. */
    @Nullable
    OpenFile resume(Place place) throws IOException {
        Optional<String> current = RotatedFiles.identity(path);
        if (current.isPresent() && current.get().equals(place.inode())) {
            @Nullable OpenFile file = OpenFile.open(path, false, place.inode(), place);
            if (file != null) {
                return file;
            }
        }
        @Nullable OpenFile rotated = rotated(place);
        if (rotated == null && !RotatedFiles.identity(path).equals(current)) {
            throw new MovedException(path + ": renamed");
        }
        return rotated;
    }

    /** The rotated file that holds what was read up to a place; null if there is none. */
    @Nullable
    OpenFile rotated(Place place) throws IOException {
        List<Rotated> files = RotatedFiles.of(path);
        for (Rotated file : files) {
            @Nullable OpenFile same = file.inode().equals(place.inode()) ? open(file, place) : null;
            if (same != null) {
                return same;
            }
        }
        if (place.isKnownByContent()) {
            files.sort((a, b) -> Boolean.compare(a.packed(), b.packed())); // it costs less to look into plain ones
            for (Rotated file : files) {
                @Nullable OpenFile copy = open(file, place);
                if (copy != null) {
                    return copy;
                }
            }
        }
        return null;
    }

    private static @Nullable OpenFile open(Rotated file, Place place) throws MovedException {
        try {
            return OpenFile.open(file.path(), file.packed(), file.inode(), place);
        } catch (MovedException e) {
            throw e;
        } catch (IOException e) {
            LOG.debug("{}", e.getMessage());
            return null;
        }
    }

    /**
     * The oldest of the rotated files that were written after {@code last}: more than one rotation happened while nobody
     * looked. Null if there is none, or if it cannot be told.
     *
     * @param known files that need not be read again, {@code last} among them
     */
    @Nullable
    OpenFile after(OpenFile last, List<OpenFile> known) throws IOException {
        List<Rotated> files = RotatedFiles.of(path);
        @Nullable Rotated origin = origin(last, files);
        if (origin == null) {
            return null;
        }
        List<Rotated> younger = new ArrayList<>();
        for (Rotated file : files) {
            if (file.isYoungerThan(origin)
                    && known.stream().noneMatch(k -> k.inode().equals(file.inode()))) {
                younger.add(file);
            }
        }
        younger.sort((a, b) -> a.isYoungerThan(b) ? 1 : b.isYoungerThan(a) ? -1 : 0);
        for (Rotated file : younger) {
            if (!isCopy(file, known)) {
                @Nullable OpenFile opened = open(file, Place.startOf(file.inode()));
                if (opened != null) {
                    return opened;
                }
                LOG.warn("{} cannot be read; its lines are lost", file.path());
            }
        }
        return null;
    }

    /** What {@code last} is called by now. */
    private static @Nullable Rotated origin(OpenFile last, List<Rotated> files) throws IOException {
        for (Rotated file : files) {
            if (file.inode().equals(last.inode())) {
                return file;
            }
        }
        Place place = last.place();
        for (Rotated file : place.isKnownByContent() ? files : List.<Rotated>of()) {
            try (@Nullable OpenFile same = open(file, place)) {
                if (same != null) {
                    return file;
                }
            }
        }
        return null;
    }

    private static boolean isCopy(Rotated file, List<OpenFile> known) throws IOException {
        for (OpenFile other : known) {
            try (@Nullable OpenFile candidate = open(file, Place.startOf(file.inode()))) {
                if (candidate != null && candidate.beginsLike(other)) {
                    return true;
                }
            } catch (MovedException e) {
                throw e;
            } catch (IOException e) {
                LOG.debug("{}: {}", file.path(), Objects.toString(e.getMessage()));
            }
        }
        return false;
    }
}
