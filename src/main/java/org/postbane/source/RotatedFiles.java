package org.postbane.source;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a followed file became while nobody looked: files beside it, named {@code mail.log.1}, {@code mail.log-20261121}, as
 * logrotate and newsyslog name them.
 *
 * <p>Known shortcomings, all of them lines lost over a rotation that happened while the agent was down: a file that was
 * compressed or moved to another directory is not found; of several rotations, only the file of the stored position and the
 * newest one are read; an inode number that was given to another file by then is believed.
 */
final class RotatedFiles {

    private RotatedFiles() {}

    /** The file's identity: device and inode. Empty if there is no such file. */
    static Optional<String> identity(Path path) throws IOException {
        @Nullable BasicFileAttributes attributes = attributes(path);
        if (attributes == null) {
            return Optional.empty();
        }
        if (!attributes.isRegularFile()) {
            throw new IOException(path + ": Not a regular file");
        }
        @Nullable Object key = attributes.fileKey();
        if (key == null) {
            throw new IOException(path + ": The file system has no file identities");
        }
        return Optional.of(key.toString());
    }

    private static @Nullable BasicFileAttributes attributes(Path path) throws IOException {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class);
        } catch (java.nio.file.NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            throw FileFault.of(path.toString(), e);
        }
    }

    /** The file with this identity at {@code path}, or beside it under a rotated name. */
    static Optional<Path> find(Path path, String identity) throws IOException {
        if (identity(path).filter(identity::equals).isPresent()) {
            return Optional.of(path);
        }
        Path directory = path.toAbsolutePath().getParent();
        String name = path.getFileName().toString();
        try (DirectoryStream<Path> beside = Files.newDirectoryStream(directory, file -> isRotated(file, name))) {
            for (Path file : beside) {
                @Nullable BasicFileAttributes attributes = attributes(file);
                if (attributes != null
                        && attributes.isRegularFile()
                        && identity.equals(String.valueOf(attributes.fileKey()))) {
                    return Optional.of(file);
                }
            }
        } catch (java.nio.file.NoSuchFileException e) {
            return Optional.empty(); // not even the directory: the file may still come
        }
        return Optional.empty();
    }

    private static boolean isRotated(Path file, String name) {
        String other = file.getFileName().toString();
        return other.startsWith(name + ".") || other.startsWith(name + "-");
    }
}
