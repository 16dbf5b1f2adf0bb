package org.postbane.source;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a followed file became: files beside it, as logrotate, newsyslog, savelog and others name them, each perhaps
 * compressed. Of {@code mail.log}: {@code mail.log.1}, {@code mail.log.2.gz}, {@code mail.log-20261121.zst}, {@code
 * mail-20261121.log}, {@code mail.log.2026-11-21T13}.
 *
 * <p>Known shortcomings: files moved to another directory, or compressed by other means (bzip2, xz), are not found.
 */
final class RotatedFiles {

    private static final Pattern SUFFIX = Pattern.compile("[._-](\\d[\\dT:_-]{0,30})");
    private static final String[] PACKED = {".gz", ".zst"};
    private static final int LONGEST_NUMBER = 4;

    private RotatedFiles() {}

    /**
     * One of them.
     *
     * @param inode device and inode as the system names them
     * @param packed it is compressed, by its name
     * @param number the digits of its name
     * @param counted they count, from the youngest to the oldest; else they are a time
     */
    record Rotated(Path path, String inode, boolean packed, String number, boolean counted, FileTime modified) {

        /** Whether it was written after {@code other}. */
        boolean isYoungerThan(Rotated other) {
            if (counted != other.counted) {
                return modified.compareTo(other.modified) > 0;
            }
            int longer = Integer.compare(number.length(), other.number.length());
            int greater = longer != 0 ? longer : number.compareTo(other.number);
            return counted ? greater < 0 : greater > 0;
        }
    }

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

    /**
     * Those of {@code path}, in no order. Of one that is there compressed and not, as while it is being compressed, only the
     * latter.
     *
     * @throws MovedException if they are being renamed: two looks differ
     */
    static List<Rotated> of(Path path) throws IOException {
        Map<String, Rotated> first = look(path);
        Map<String, Rotated> second = look(path);
        if (!inodes(first).equals(inodes(second))) {
            throw new MovedException(path + ": is being rotated");
        }
        return new ArrayList<>(second.values());
    }

    private static Map<String, String> inodes(Map<String, Rotated> files) {
        Map<String, String> inodes = new HashMap<>();
        files.forEach((name, file) -> inodes.put(name, file.inode() + file.packed()));
        return inodes;
    }

    private static Map<String, Rotated> look(Path path) throws IOException {
        Path directory = Objects.requireNonNull(path.toAbsolutePath().getParent(), "a file has a directory");
        String name = path.getFileName().toString();
        Map<String, Rotated> found = new HashMap<>();
        try (DirectoryStream<Path> beside = Files.newDirectoryStream(directory)) {
            for (Path file : beside) {
                String unpacked = withoutPacking(file.getFileName().toString());
                @Nullable String number = number(unpacked, name);
                @Nullable Rotated rotated = number == null ? null : rotated(file, number, unpacked);
                if (rotated != null) {
                    found.merge(unpacked, rotated, (a, b) -> a.packed ? b : a);
                }
            }
        } catch (java.nio.file.NoSuchFileException e) {
            return Map.of(); // not even the directory: the file may still come
        } catch (DirectoryIteratorException e) {
            throw FileFault.of(directory.toString(), new IOException(e.getMessage(), e));
        } catch (IOException e) {
            throw FileFault.of(directory.toString(), e);
        }
        return found;
    }

    private static @Nullable Rotated rotated(Path file, String number, String unpacked) throws IOException {
        @Nullable BasicFileAttributes attributes = attributes(file);
        if (attributes == null || !attributes.isRegularFile()) {
            return null;
        }
        String digits = number.chars()
                .filter(Character::isDigit)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        boolean counted = number.length() <= LONGEST_NUMBER && digits.equals(number);
        String stripped = counted ? digits.replaceFirst("^0+(?=.)", "") : digits;
        return new Rotated(
                file,
                String.valueOf(attributes.fileKey()),
                !file.getFileName().toString().equals(unpacked),
                stripped,
                counted,
                attributes.lastModifiedTime());
    }

    /** Whether {@code file} is called like a rotated one of {@code path}. */
    static boolean isRotated(Path file, Path path) {
        return number(
                        withoutPacking(file.getFileName().toString()),
                        path.getFileName().toString())
                != null;
    }

    private static String withoutPacking(String name) {
        for (String suffix : PACKED) {
            if (name.endsWith(suffix)) {
                return name.substring(0, name.length() - suffix.length());
            }
        }
        return name;
    }

    /** The number or date in the name of a rotated file; null if it is none of {@code name}. */
    private static @Nullable String number(String file, String name) {
        if (file.startsWith(name)) {
            return numberOf(file.substring(name.length()));
        }
        int dot = name.lastIndexOf('.'); // logrotate's extension: mail-20261121.log
        if (dot > 0
                && file.length() > name.length()
                && file.endsWith(name.substring(dot))
                && file.startsWith(name.substring(0, dot))) {
            return numberOf(file.substring(dot, file.length() - (name.length() - dot)));
        }
        return null;
    }

    private static @Nullable String numberOf(String suffix) {
        Matcher matcher = SUFFIX.matcher(suffix);
        return matcher.matches() ? matcher.group(1) : null;
    }
}
