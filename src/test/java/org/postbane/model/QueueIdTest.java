package org.postbane.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueueIdTest {

    private static final String ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private static String anyId(Random random) {
        StringBuilder text = new StringBuilder();
        int length = QueueId.MIN_LENGTH + random.nextInt(QueueId.MAX_LENGTH - QueueId.MIN_LENGTH + 1);
        while (text.length() < length) {
            text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return text.toString();
    }

    @Test
    void parse_anyId_isPrintedAsItWas() {
        Random random = new Random(21);
        Map<QueueId, String> seen = new HashMap<>();
        for (int i = 0; i < 100_000; i++) {
            String text = anyId(random);

            QueueId id = QueueId.parse(text);

            assertNotNull(id, text);
            assertEquals(text, id.toString());
            assertEquals(text, seen.computeIfAbsent(id, key -> text));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"3064E52EAC1", "4jWmtL5ZBRzqhw5", "ABCDEF", "zzzzzzzzzz", "0000000000", "00000000000000000000"})
    void parse_realAndExtremeIds_areIds(String text) {
        assertEquals(text, String.valueOf(QueueId.parse(text)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "NOQUEUE",
                "ABCDE",
                "ABCDEFGHIJKLMNOPQRSTU",
                "warning:",
                "3064E5-EAC1",
                "3064E52EAC1 ",
                "3064E52ÉAC1"
            })
    void parse_otherWords_areNone(String text) {
        assertNull(QueueId.parse(text));
    }

    @Test
    void parse_bytesInALine_readsThatRangeOnly() {
        byte[] line = "x 3064E52EAC1: client".getBytes(StandardCharsets.US_ASCII);

        assertEquals("3064E52EAC1", String.valueOf(QueueId.parse(line, 2, 13)));
    }

    @Test
    void hashCode_consecutiveIds_spread() {
        Set<Integer> hashes = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            hashes.add(idOf(i).hashCode());
        }

        assertTrue(hashes.size() > 9_990, "distinct hashes: " + hashes.size());
    }

    private static QueueId idOf(int i) {
        QueueId id = QueueId.parse("%011X".formatted(0x3064E52EAC1L + i));
        assertNotNull(id);
        return id;
    }
}
