package org.postbane.source;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogFilesTest {

    @TempDir
    Path dir;

    private final List<String> got = new ArrayList<>();
    private final LogFiles files = new LogFiles(InputStream.nullInputStream());

    @Test
    void plain_lastLineWithoutNewline_isHandedOn() throws IOException {
        read(write("a.log", "one\ntwo".getBytes(UTF_8)));

        assertEquals(List.of("one", "two"), got);
        assertEquals(2, files.lines());
        assertEquals(7, files.bytes());
    }

    @Test
    void empty_anyName_hasNoLines() throws IOException {
        read(write("a.log", new byte[0]));
        read(write("a.log.gz", new byte[0]));
        read(write("b.log.gz", gzip("")));

        assertEquals(List.of(), got);
    }

    @Test
    void gzip_anyName_isUnpacked() throws IOException {
        read(write("a.log.2.gz", gzip("one\n")));
        read(write("a.log.3", gzip("two\n")));

        assertEquals(List.of("one", "two"), got);
        assertEquals(8, files.bytes());
    }

    @Test
    void gzip_severalMembers_areOneText() throws IOException {
        ByteArrayOutputStream members = new ByteArrayOutputStream();
        StringBuilder big = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            big.append("line ").append(i).append('\n');
        }
        for (String part : List.of("half a ", "line\n", big.toString(), "", "end")) {
            members.write(gzip(part));
        }

        read(write("a.gz", members.toByteArray()));

        assertEquals(20_002, got.size());
        assertEquals("half a line", got.get(0));
        assertEquals("line 19999", got.get(20_000));
        assertEquals("end", got.get(20_001));
    }

    @Test
    void standardInput_dash_isRead() throws IOException {
        LogFiles stdin = new LogFiles(new ByteArrayInputStream("one\r\ntwo\n".getBytes(UTF_8)));

        stdin.read("-", line -> got.add(line.text()));

        assertEquals(List.of("one", "two"), got);
    }

    @Test
    void severalFiles_incompleteLineBetween_isNotJoined() throws IOException {
        read(write("a", "one\npart".getBytes(UTF_8)));
        read(write("b", "two\n".getBytes(UTF_8)));

        assertEquals(List.of("one", "part", "two"), got);
    }

    @Test
    void missing_isSaid() {
        assertFault("No such file or directory", dir.resolve("no such").toString());
    }

    @Test
    void directory_isSaid() {
        assertFault("Is a directory", dir.toString());
    }

    @Test
    void gzip_cutShort_isSaid_andLinesBeforeStay() throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 50_000; i++) {
            text.append(Integer.toHexString(i * 0x9E3779B9)).append('\n');
        }
        byte[] whole = gzip(text.toString());

        assertFault("Unexpected end of ZLIB input stream", write("a.gz", Arrays.copyOf(whole, whole.length / 2)));

        assertTrue(got.size() > 1000 && got.size() < 50_000, () -> got.size() + " lines");
        assertEquals(got.size(), files.lines());
    }

    @Test
    void gzip_damaged_isSaid() throws IOException {
        byte[] bytes = gzip("some text that is long enough to be damaged\n".repeat(3));
        bytes[bytes.length - 6] ^= 1; // checksum

        assertFault("Corrupt GZIP trailer", write("a.gz", bytes));
    }

    @Test
    void gzName_plainText_isSaid() throws IOException {
        assertFault("Not in gzip format", write("a.gz", "plain\n".getBytes(UTF_8)));
    }

    @Test
    void zstd_isRefused() throws IOException {
        assertFault(
                "zstd is not supported; unpack it to standard input",
                write("a.zst", new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0}));
    }

    private void assertFault(String why, String file) {
        IOException fault = assertThrows(IOException.class, () -> read(file));
        assertEquals(file + ": " + why, fault.getMessage());
    }

    private void read(String file) throws IOException {
        files.read(file, line -> got.add(line.text()));
    }

    private String write(String name, byte[] bytes) throws IOException {
        return Files.write(dir.resolve(name), bytes).toString();
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gz = new GZIPOutputStream(bytes)) {
            gz.write(text.getBytes(UTF_8));
        }
        return bytes.toByteArray();
    }
}
