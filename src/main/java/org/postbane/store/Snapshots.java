package org.postbane.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipInputStream;

/**
 * The files beside the database that make it safe against damage: the newest {@value #KEPT} snapshots ({@code
 * state.snapshot-1795276307.zip}, with the second of its making), the databases that were found damaged ({@code
 * state.mv.db.damaged-1}), and the checksum of a database that was closed in peace ({@code state.sum}).
 *
 * <p>From one thread. Known shortcoming: without the checksum, after a crash, H2 finds damage in the structure of its file,
 * and {@link RowSum} in the rows; damage in the keys of an index alone may stay unseen.
 */
final class Snapshots {

    static final int KEPT = 2;
    private static final int DAMAGED_KEPT = 3;
    private static final Set<PosixFilePermission> RIGHTS = PosixFilePermissions.fromString("rw-r-----");

    private final Path base;
    private final Path file;

    /**
     * @param base the database's path without its suffix
     * @param file the database
     */
    Snapshots(Path base, Path file) {
        this.base = base;
        this.file = file;
    }

    private Path beside(String suffix) {
        return base.resolveSibling(base.getFileName() + suffix);
    }

    /** The newest first. */
    List<Path> all() throws IOException {
        String prefix = base.getFileName() + ".snapshot-";
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(
                base.toAbsolutePath().resolveSibling("."),
                f -> f.getFileName().toString().startsWith(prefix)
                        && f.getFileName().toString().endsWith(".zip"))) {
            files.forEach(found::add);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return found; // no directory yet
        }
        found.sort(Comparator.comparingLong(Snapshots::second).reversed());
        return found;
    }

    /** When a snapshot was made, seconds since 1970; 0 if its name does not say. */
    static long second(Path snapshot) {
        String digits = snapshot.getFileName().toString().replaceFirst(".*\\.snapshot-(\\d{1,15})\\.zip", "$1");
        return digits.matches("\\d+") ? Long.parseLong(digits) : 0;
    }

    /** When the newest was made, seconds since 1970; 0 if there is none. */
    long newest() throws IOException {
        List<Path> all = all();
        return all.isEmpty() ? 0 : second(all.get(0));
    }

    /**
     * What a snapshot made at {@code at} is called by: that second, but one later than the newest's where a clock was set back, or
     * the newest would be taken for the oldest.
     */
    long next(Instant at) throws IOException {
        return Math.max(at.getEpochSecond(), newest() + 1);
    }

    /** An empty file to write a snapshot into, with the right rights. */
    Path begin() throws IOException {
        Path made = beside(".snapshot.new");
        Files.deleteIfExists(made);
        return Files.createFile(made, PosixFilePermissions.asFileAttribute(RIGHTS));
    }

    /**
     * Keeps what was written into {@link #begin}'s file as the newest snapshot, and lets old ones go.
     *
     * @param second of {@link #next}
     */
    void keep(Path made, long second) throws IOException {
        try (FileChannel channel = FileChannel.open(made, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(made, beside(".snapshot-" + second + ".zip"), StandardCopyOption.ATOMIC_MOVE);
        List<Path> all = all();
        for (Path old : all.subList(Math.min(KEPT, all.size()), all.size())) {
            Files.delete(old);
        }
    }

    /** Puts a snapshot in the place of the database. */
    void unpack(Path snapshot) throws IOException {
        Path made = beside(".restored");
        Files.deleteIfExists(made);
        Files.createFile(made, PosixFilePermissions.asFileAttribute(RIGHTS));
        try (ZipInputStream in = new ZipInputStream(Files.newInputStream(snapshot))) {
            if (in.getNextEntry() == null) {
                throw new IOException(snapshot + ": not a zip file");
            }
            Files.copy(in, made, StandardCopyOption.REPLACE_EXISTING);
            Files.setPosixFilePermissions(made, RIGHTS);
        }
        Files.move(made, file, StandardCopyOption.REPLACE_EXISTING);
    }

    /** A database was restored: what the checksum was made of is no more. */
    void restored() throws IOException {
        Files.deleteIfExists(beside(".sum"));
    }

    /** Moves a damaged database away; where it is now, empty if there is none. The oldest of such go. */
    Optional<Path> putAside() throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        for (int n = DAMAGED_KEPT - 1; n >= 1; n--) {
            if (Files.exists(damaged(n))) {
                Files.move(damaged(n), damaged(n + 1), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        Path aside = damaged(1);
        Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
        return Optional.of(aside);
    }

    /** Undoes {@link #putAside}; what took its place goes. */
    void putBack(Optional<Path> aside) throws IOException {
        if (aside.isPresent()) {
            Files.move(aside.get(), file, StandardCopyOption.REPLACE_EXISTING);
        } else {
            Files.deleteIfExists(file);
        }
    }

    /** H2 takes {@code state.ANYTHING.mv.db} for a part of the database, of which it then makes no backup. */
    private Path damaged(int n) {
        return beside(".mv.db.damaged-" + n);
    }

    /** What is known of a database before it is opened. */
    enum Health {
        /** It is as it was closed. */
        SOUND,
        /** It was not closed in peace, or somebody else had it since, or it is new. */
        UNKNOWN,
        /** Bytes have changed since it was closed, and nobody changed them. */
        CHANGED
    }

    /** Compares the database with its checksum, which is gone afterwards, unless it differs: else the file is about to change. */
    Health examine() throws IOException {
        Path sum = beside(".sum");
        if (!Files.exists(sum) || !Files.exists(file)) {
            return Health.UNKNOWN;
        }
        String expected = Files.readString(sum).strip();
        boolean written = !expected.startsWith(modified()); // by somebody, on purpose
        if (!written && !expected.equals(checksum())) {
            return Health.CHANGED;
        }
        Files.delete(sum);
        return written ? Health.UNKNOWN : Health.SOUND;
    }

    /** Notes the checksum of a database that was closed. Not while it is open: closing it here would give up H2's lock. */
    void seal() throws IOException {
        Path sum = beside(".sum");
        Files.deleteIfExists(sum);
        Files.createFile(sum, PosixFilePermissions.asFileAttribute(RIGHTS));
        Files.writeString(sum, checksum() + "\n");
    }

    private String checksum() throws IOException {
        CRC32C crc = new CRC32C();
        try (InputStream in = new CheckedInputStream(Files.newInputStream(file), crc)) {
            byte[] block = new byte[128 * 1024];
            long length = 0;
            for (int n = in.read(block); n >= 0; n = in.read(block)) {
                length += n;
            }
            return modified() + " " + length + " " + Long.toHexString(crc.getValue());
        }
    }

    private String modified() throws IOException {
        return Files.getLastModifiedTime(file).toString();
    }
}
