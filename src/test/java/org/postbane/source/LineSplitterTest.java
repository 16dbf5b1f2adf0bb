package org.postbane.source;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LineSplitterTest {

    private static final int MAX = LineSplitter.MAX_LINE;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64, 4096, 1 << 20})
    void splitter_anyBlockSize_givesTheSameLines(int block) throws IOException {
        List<String> wanted = List.of("a", "", "b c", "with\0nul", "\r", "inner\rreturn", "\u00ff\u00fe", "the last");
        String text = "a\n\nb c\r\nwith\0nul\n\r\r\ninner\rreturn\n\u00ff\u00fe\nthe last";

        List<String> got = split(text, block);

        assertEquals(wanted, got);
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 65536, 1 << 20})
    void overlongLine_isCutOnce_andTheNextLineIsWhole(int block) throws IOException {
        String longest = "x".repeat(MAX);
        String tooLong = "y".repeat(3 * MAX) + "z";
        String text = longest + "\n" + longest + "\r\n" + tooLong + "\nnext\n" + tooLong;
        LineSplitter splitter = new LineSplitter(block);
        List<String> got = new ArrayList<>();

        readAll(splitter, text, block, got);

        String cut = "y".repeat(MAX);
        assertEquals(List.of(longest, longest, cut, "next", cut), got);
        assertEquals(2, splitter.cutLines());
        assertEquals(text.length(), splitter.bytesDone());
        assertEquals(0, splitter.bytesWaiting());
    }

    @Test
    void drain_mostLines_leavesTheRest() throws IOException {
        LineSplitter splitter = new LineSplitter(100);
        List<String> got = new ArrayList<>();
        splitter.fill(new ByteArrayInputStream("a\nb\nc\nd".getBytes(ISO_8859_1))::read);

        int count = splitter.drain(line -> got.add(line.text()), 2);

        assertEquals(2, count);
        assertEquals(List.of("a", "b"), got);
        assertEquals(4, splitter.bytesDone());
        assertEquals(3, splitter.bytesWaiting());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void splitter_randomText_agreesWithString(long seed) throws IOException {
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder();
        List<String> wanted = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            StringBuilder line = new StringBuilder();
            for (int n = random.nextInt(random.nextInt(50) == 0 ? 5000 : 60); n > 0; n--) {
                line.append((char) (11 + random.nextInt(245))); // neither LF nor, at the end, CR
            }
            line.append('.');
            wanted.add(line.toString());
            text.append(line).append(random.nextBoolean() ? "\n" : "\r\n");
        }

        List<String> got = split(text.toString(), 1 + random.nextInt(300));

        assertEquals(wanted, got);
    }

    private static List<String> split(String text, int block) throws IOException {
        List<String> lines = new ArrayList<>();
        readAll(new LineSplitter(block), text, block, lines);
        return lines;
    }

    private static void readAll(LineSplitter splitter, String text, int block, List<String> lines) throws IOException {
        ByteArrayInputStream in = new ByteArrayInputStream(text.getBytes(ISO_8859_1));
        LineSink sink = line -> lines.add(new String(line.bytes(), line.start(), line.length(), ISO_8859_1));
        while (splitter.fill((bytes, at, length) -> in.read(bytes, at, Math.min(block, length))) > 0) {
            splitter.drain(sink, Integer.MAX_VALUE);
        }
        splitter.finish(sink);
    }
}
