package org.postbane.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LineTest {

    @Test
    void find_everyPositionAndNeighbour_isFound() {
        for (int length = 0; length < 40; length++) {
            for (int at = 0; at < length; at++) {
                for (int neighbour : new int[] {0x0b, 0x0a, 0x8a, 0x00, 0xff}) {
                    byte[] bytes = new byte[length + Line.SLACK];
                    bytes[at] = '\n';
                    bytes[at + 1] = (byte) neighbour; // a borrow of the subtraction may mark it in vain

                    assertEquals(at, Line.find(bytes, 0, length, (byte) '\n'));
                    assertEquals(-1, Line.find(bytes, 0, at, (byte) '\n'));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void marks_randomText_agreeWithString(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 20_000; round++) {
            String text = text(random, 60);
            String wanted = text(random, random.nextInt(4) == 0 ? 40 : 4) + "a";
            if (random.nextInt(3) == 0) {
                text = text + wanted + text(random, 5);
            }
            // in the midst of other bytes, as in a reader's buffer
            String around = text(random, 9);
            byte[] bytes = (around + text + around + "aaaabbbb").getBytes(StandardCharsets.US_ASCII);
            int start = around.length();
            Line line = new Line().set(bytes, start, start + text.length());
            Mark mark = Mark.of(wanted);
            int from = random.nextInt(text.length() + 1);

            assertEquals(shifted(text.indexOf(wanted, from), start), line.indexOf(mark, start + from), text + wanted);
            int last = text.lastIndexOf(wanted);
            assertEquals(last < from ? -1 : last + start, line.lastIndexOf(mark, start + from), text + wanted);
            int before = from + random.nextInt(text.length() - from + 1);
            int lastBefore = text.substring(0, before).lastIndexOf(wanted);
            assertEquals(
                    lastBefore < from ? -1 : lastBefore + start,
                    line.lastIndexOf(mark, start + from, start + before),
                    text + wanted);
            assertEquals(text.startsWith(wanted), line.startsWith(mark));
            assertEquals(text.endsWith(wanted), line.endsWith(mark));
            assertEquals(text.startsWith(wanted, from), line.hasAt(start + from, mark));
            assertEquals(shifted(text.indexOf('b', from), start), line.indexOf('b', start + from));
            assertEquals(
                    shifted(text.substring(0, before).indexOf('b', from), start),
                    line.indexOf('b', start + from, start + before));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void bytes_random_agreeWithALoop(long seed) {
        Random random = new Random(seed);
        byte[] values = {'>', '"', '?', 0, 1, (byte) 0xbe, (byte) 0xa2, (byte) 0x80, (byte) 0xff, 'x'};
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = new byte[random.nextInt(40) + Line.SLACK];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = values[random.nextInt(3) == 0 ? random.nextInt(values.length) : values.length - 1];
            }
            int end = bytes.length - Line.SLACK;
            int start = random.nextInt(end + 1);
            Line line = new Line().set(bytes, start, end);

            int first = -1;
            int last = -1;
            for (int i = end - 1; i >= start; i--) {
                first = bytes[i] == '>' || bytes[i] == '"' ? i : first;
                last = bytes[i] == '>' && last < 0 ? i : last;
            }
            assertEquals(first, line.indexOfEither('>', '"', start));
            assertEquals(last, line.lastIndexOf(Mark.of(">"), start));
            assertEquals(new String(bytes, start, end - start, StandardCharsets.UTF_8), line.text());
        }
    }

    @Test
    void word_nearTheEnd_hasZerosBehindIt() {
        Line line = Line.of("abcdefghij");

        assertEquals(0x68_67_66_65_64_63_62_61L, line.word(0, 10));
        assertEquals(0x6a_69L, line.word(8, 10));
        assertEquals(0, line.word(10, 10));
        assertEquals(0, line.word(16, 10));
    }

    private static int shifted(int found, int by) {
        return found < 0 ? -1 : found + by;
    }

    /** Of two letters, so that much of it repeats. */
    private static String text(Random random, int most) {
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(most); n > 0; n--) {
            text.append(random.nextInt(4) == 0 ? 'b' : 'a');
        }
        return text.toString();
    }

    @Test
    void hasAt_positionOutsideTheLine_isFalse() {
        Line line = Line.of("abc");

        assertFalse(line.hasAt(-1, Mark.of("a")));
        assertFalse(line.hasAt(3, Mark.of("\0")));
        assertTrue(line.hasAt(2, Mark.of("c")));
    }

    @Test
    void mark_empty_isRefused() {
        assertThrows(IllegalArgumentException.class, () -> Mark.of(""));
    }
}
