package org.postbane.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Text as an administrator leaves it: UTF-8, with or without a byte order mark, lines ended by LF or CRLF. What is not
 * UTF-8, holds NUL, or is larger than its bound is a fault, never half read.
 *
 * @param file as shown to people
 * @param builtIn it came from the jar
 * @param lines without their ends
 */
record TextFile(String file, boolean builtIn, List<String> lines) {

    TextFile {
        lines = List.copyOf(lines);
    }

    /** @param maxBytes largest size that is taken */
    static Optional<TextFile> read(Path path, int maxBytes, Faults faults) {
        Place place = new Place(path.toString(), 0, false);
        try (InputStream in = Files.newInputStream(path)) {
            return decode(place, in, maxBytes, faults);
        } catch (NoSuchFileException e) {
            faults.add(place, "no such file");
        } catch (AccessDeniedException e) {
            faults.add(place, "may not be read by this user");
        } catch (IOException e) {
            faults.add(place, "cannot be read: " + e.getMessage());
        }
        return Optional.empty();
    }

    static Optional<TextFile> decode(Place place, InputStream in, int maxBytes, Faults faults) throws IOException {
        byte[] bytes = in.readNBytes(maxBytes + 1);
        if (bytes.length > maxBytes) {
            faults.add(place, "larger than %d bytes".formatted(maxBytes));
            return Optional.empty();
        }
        List<String> lines = new ArrayList<>();
        int before = faults.count();
        int start = 0;
        while (start < bytes.length) {
            int end = start;
            while (end < bytes.length && bytes[end] != '\n') {
                end++;
            }
            lines.add(line(bytes, start, end, new Place(place.file(), lines.size() + 1, place.builtIn()), faults));
            start = end + 1;
        }
        return faults.count() > before
                ? Optional.empty()
                : Optional.of(new TextFile(place.file(), place.builtIn(), lines));
    }

    private static String line(byte[] bytes, int start, int end, Place place, Faults faults) {
        int from = place.line() == 1 && hasMark(bytes) ? start + 3 : start;
        int to = end > from && bytes[end - 1] == '\r' ? end - 1 : end;
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, from, to - from))
                    .toString();
            if (text.chars().anyMatch(c -> Character.isISOControl(c) && c != '\t')) {
                faults.add(place, "holds a control character");
            }
            return text;
        } catch (CharacterCodingException e) {
            faults.add(place, "is not UTF-8");
            return "";
        }
    }

    private static boolean hasMark(byte[] bytes) {
        return bytes.length >= 3 && bytes[0] == (byte) 0xef && bytes[1] == (byte) 0xbb && bytes[2] == (byte) 0xbf;
    }

    /** The text before a comment, without blanks around it: {@code #} or {@code ;} at the start or after a blank begins one. */
    static String withoutComment(String line, String marks) {
        for (int i = 0; i < line.length(); i++) {
            if (marks.indexOf(line.charAt(i)) >= 0 && (i == 0 || Character.isWhitespace(line.charAt(i - 1)))) {
                return line.substring(0, i).strip();
            }
        }
        return line.strip();
    }

    /** What {@link #forEachEntry} hands on. */
    @FunctionalInterface
    interface EntryReader {
        /** @throws IllegalArgumentException if it is none; the message becomes the fault */
        void read(String entry);
    }

    /** Hands on one entry per line, for files that are lists; {@code #} begins a comment. */
    void forEachEntry(EntryReader reader, Faults faults) {
        for (int i = 0; i < lines.size(); i++) {
            String entry = withoutComment(lines.get(i), "#");
            if (!entry.isEmpty()) {
                try {
                    reader.read(entry);
                } catch (IllegalArgumentException e) {
                    faults.add(new Place(file, i + 1, builtIn), String.valueOf(e.getMessage()));
                }
            }
        }
    }
}
