package org.postbane.source;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.airlift.compress.zstd.ZstdOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.testing.Needs;

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

    private static byte[] zstd(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZstdOutputStream out = new ZstdOutputStream(bytes)) {
            out.write(text.getBytes(UTF_8));
        }
        return bytes.toByteArray();
    }

    @Test
    void zstd_ofSeveralFrames_isRead() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(zstd("a\nb\n"));
        bytes.write(zstd("c\n".repeat(100_000)));

        read(write("a.zst", bytes.toByteArray()));

        assertEquals(100_002, got.size());
        assertEquals(List.of("a", "b", "c"), got.subList(0, 3));
    }

    @Test
    void zstd_ofTheRealProgram_isRead() throws IOException, InterruptedException {
        Path plain = Path.of(write("b", "line of a log\n".repeat(200_000).getBytes(UTF_8)));
        Needs.program("zstd", "zstd");
        Process zstd = new ProcessBuilder("zstd", "-q", "-19", plain.toString()).start();
        assertEquals(0, zstd.waitFor());

        read(plain + ".zst");

        assertEquals(200_000, got.size());
    }

    @Test
    void zstd_cutShort_isSaid_andLinesBeforeStay() throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 100_000; i++) {
            text.append(Integer.toHexString(i * 0x9E3779B9)).append('\n');
        }
        byte[] whole = zstd(text.toString());

        assertFault("Not enough input bytes", write("a.zst", Arrays.copyOf(whole, whole.length / 2)));

        assertTrue(got.size() < 100_000, () -> got.size() + " lines");
    }

    @Test
    void zstd_damagedAnywhere_isNeverOurFault() throws IOException {
        byte[] whole = zstd("some text, 1 2 3 4 5 6 7 8 9 that is long enough to be damaged\n".repeat(300));
        Random random = new Random(1);
        for (int i = 0; i < 300; i++) {
            byte[] damaged = whole.clone();
            damaged[4 + random.nextInt(whole.length - 4)] ^= (byte) (1 << random.nextInt(8));
            try {
                read(write("a.zst", damaged));
            } catch (IOException e) {
                assertTrue(e.toString().contains("a.zst: "), e::toString);
            }
        }
    }

    @Test
    void zstName_plainText_isSaid() throws IOException {
        assertFault("Not in zstd format", write("a.zst", "plain\n".getBytes(UTF_8)));
    }

    @Test
    void together_logsOfOneTime_areJoinedByTime() throws IOException {
        String mail = write("mail.log", "10 a\n12 b\n12 c\n13 d\n".getBytes(UTF_8));
        String other = write("other.log", "11 w\n x\n12 y\n20 z".getBytes(UTF_8));

        together(mail, other);

        assertEquals(List.of("10 a", "11 w", " x", "12 b", "12 c", "12 y", "13 d", "20 z"), got);
        assertEquals(8, files.lines());
        assertEquals(20 + 17, files.bytes());
    }

    @Test
    void together_rotatedLogs_areReadOneAfterTheOther() throws IOException {
        String older = write("mail.log.1.gz", gzip("no stamp\n10 a\n9 late\n11 b\n"));
        String newer = write("mail.log", "11 c\n10 d\n12 e\n".getBytes(UTF_8));

        together(newer, older);

        assertEquals(List.of("no stamp", "10 a", "9 late", "11 c", "10 d", "11 b", "12 e"), got);
    }

    @Test
    void together_standardInputAmongThem_isJoinedToo() throws IOException {
        String mail = write("mail.log", "10 a\n12 b\n".getBytes(UTF_8));
        LogFiles withInput = new LogFiles(new ByteArrayInputStream("head\n11 x\n13 y\n".getBytes(UTF_8)));

        withInput.readTogether(List.of(mail, "-"), LogFilesTest::clock, line -> got.add(line.text()));

        assertEquals(List.of("head", "10 a", "11 x", "12 b", "13 y"), got);
    }

    @Test
    void together_emptyAndUnstamped_areReadWhole() throws IOException {
        String empty = write("empty.log", new byte[0]);
        String odd = write("odd.log", "x\ny\n".getBytes(UTF_8));
        String mail = write("mail.log", "10 a\n".getBytes(UTF_8));

        together(mail, empty, odd);

        assertEquals(List.of("x", "y", "10 a"), got);
    }

    @Test
    void together_damagedOne_isSaid() throws IOException {
        String mail = write("mail.log", "10 a\n".getBytes(UTF_8));
        String damaged = write("a.gz", "plain\n".getBytes(UTF_8));

        IOException fault = assertThrows(IOException.class, () -> together(mail, damaged));

        assertEquals(damaged + ": Not in gzip format", fault.getMessage());
    }

    private void together(String... names) throws IOException {
        files.readTogether(List.of(names), LogFilesTest::clock, line -> got.add(line.text()));
    }

    /** Lines begin with their second, if they have one. */
    private static LineClock clock() {
        return line -> {
            String first = line.text().split(" ", -1)[0];
            return first.matches("[0-9]+") ? Long.parseLong(first) : LineClock.NONE;
        };
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
