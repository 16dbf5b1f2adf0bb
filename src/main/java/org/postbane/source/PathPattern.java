package org.postbane.source;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which files are meant: {@code /var/log/mail.log}, or several, {@code /var/log/remote/*}{@code /mail*.log}. As in a shell,
 * {@code *} stands for any characters of one name, {@code ?} for one, {@code [a-z]} and {@code [!a-z]} for one of or out of
 * these; none of them for the dot that begins a hidden name. {@code [*]} is the character itself.
 *
 * <p>Immutable. A look costs a listing of each directory that a name with such characters stands in.
 */
public final class PathPattern {

    /** Names looked at in one go. */
    static final int MOST_NAMES = 10_000;

    private static final String SPECIAL = "*?[";

    private final String text;

    /** The names that lie above the first one with special characters; all of them if there is none. */
    private final Path fixed;

    /** Of the names below {@link #fixed}. */
    private final List<Pattern> names;

    private PathPattern(String text, Path fixed, List<Pattern> names) {
        this.text = text;
        this.fixed = fixed;
        this.names = names;
    }

    /** @throws IllegalArgumentException with what is wrong, for people */
    public static PathPattern parse(String text) {
        if (!text.startsWith("/")) {
            throw new IllegalArgumentException("'%s' is not an absolute path".formatted(text));
        }
        if (text.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("a path has no control characters here");
        }
        Path fixed = Path.of("/");
        List<Pattern> patterns = new ArrayList<>();
        for (String name : text.substring(1).split("/", -1)) {
            if (name.contains("**")) {
                throw new IllegalArgumentException(
                        "'**' is not known; a directory of any name is '*', e.g. /var/log/*/mail.log");
            }
            boolean special = name.chars().anyMatch(c -> SPECIAL.indexOf(c) >= 0);
            if (special || !patterns.isEmpty()) {
                if (name.isEmpty() || name.equals(".") || name.equals("..")) {
                    throw new IllegalArgumentException(
                            "'%s' has '%s' behind a pattern; expected names".formatted(text, name));
                }
                patterns.add(pattern(name));
            } else {
                fixed = below(fixed, name);
            }
        }
        if (text.endsWith("/")) {
            throw new IllegalArgumentException(
                    "'%s' is a directory; expected files, e.g. %s*.log".formatted(text, text));
        }
        return new PathPattern(text, fixed.normalize(), patterns);
    }

    /** This path alone, whatever characters it has. */
    public static PathPattern of(Path path) {
        return new PathPattern(path.toString(), path, List.of());
    }

    private static Path below(Path directory, String name) {
        try {
            return directory.resolve(name);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("'%s' is no path: %s".formatted(name, e.getReason()), e);
        }
    }

    private static Pattern pattern(String name) {
        StringBuilder regex = new StringBuilder(name.startsWith(".") ? "" : "(?!\\.)");
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '*') {
                regex.append(".*");
            } else if (c == '?') {
                regex.append('.');
            } else if (c == '[') {
                int from = name.startsWith("!", i + 1) ? i + 2 : i + 1;
                int end = name.indexOf(']', from + 1); // a ] that comes first is itself
                if (end < 0) {
                    throw new IllegalArgumentException("'%s' has a [ without a ]".formatted(name));
                }
                String range = name.substring(from, end).replaceAll("[\\\\\\[\\]&^]", "\\\\$0");
                regex.append(from == i + 2 ? "[^" : "[").append(range).append(']');
                i = end;
            } else {
                regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        try {
            return Pattern.compile(regex.toString(), Pattern.DOTALL);
        } catch (java.util.regex.PatternSyntaxException e) {
            throw new IllegalArgumentException("'%s' has a range that is none".formatted(name), e);
        }
    }

    /** The one path that is meant; empty if it may be several. */
    public Optional<Path> single() {
        return names.isEmpty() ? Optional.of(fixed) : Optional.empty();
    }

    /** Whether this path is meant. */
    public boolean matches(Path path) {
        int extra = path.getNameCount() - fixed.getNameCount();
        if (extra != names.size() || !path.startsWith(fixed)) {
            return false;
        }
        for (int i = 0; i < extra; i++) {
            if (!names.get(i)
                    .matcher(path.getName(fixed.getNameCount() + i).toString())
                    .matches()) {
                return false;
            }
        }
        return true;
    }

    /** What a path has behind the part that all have: short, and enough to tell them apart. */
    String distinct(Path path) {
        Path above = names.isEmpty() ? fixed.getParent() : fixed;
        return above == null ? path.toString() : above.relativize(path).toString();
    }

    /**
     * What a look has found.
     *
     * @param files in order; directories are none, and names with control characters are passed over
     * @param faults directories that could not be listed, for people: {@code directory: why}
     */
    record Found(SortedSet<Path> files, List<String> faults) {}

    /** Looks which files there are. */
    Found find() {
        List<Path> found = new ArrayList<>(List.of(fixed));
        List<String> faults = new ArrayList<>();
        int looked = 0;
        for (int i = 0; i < names.size(); i++) {
            boolean last = i == names.size() - 1;
            List<Path> next = new ArrayList<>();
            for (Path directory : found) {
                try {
                    looked += list(directory, names.get(i), last, next);
                } catch (IOException e) {
                    faults.add(String.valueOf(e.getMessage()));
                }
                if (looked > MOST_NAMES) {
                    faults.add("%s: there are over %d names to look at".formatted(text, MOST_NAMES));
                    return new Found(new TreeSet<>(), faults);
                }
            }
            found = next;
        }
        return new Found(new TreeSet<>(found), faults);
    }

    /** How many names were looked at. */
    private static int list(Path directory, Pattern wanted, boolean files, List<Path> found) throws IOException {
        int looked = 0;
        try (DirectoryStream<Path> beside = Files.newDirectoryStream(directory)) {
            for (Path path : beside) {
                @Nullable Path name = path.getFileName();
                if (++looked > MOST_NAMES) {
                    break;
                }
                if (name != null
                        && wanted.matcher(name.toString()).matches()
                        && name.toString().chars().noneMatch(Character::isISOControl)
                        && (files ? Files.isRegularFile(path) : Files.isDirectory(path))) {
                    found.add(path);
                }
            }
        } catch (NoSuchFileException | NotDirectoryException e) {
            return looked; // it may still come
        } catch (DirectoryIteratorException e) {
            throw FileFault.of(directory.toString(), new IOException(e.getMessage(), e));
        } catch (IOException e) {
            throw FileFault.of(directory.toString(), e);
        }
        return looked;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PathPattern pattern && pattern.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** As it was written. */
    @Override
    public String toString() {
        return text;
    }
}
