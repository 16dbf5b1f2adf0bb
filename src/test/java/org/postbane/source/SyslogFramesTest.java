package org.postbane.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SyslogFramesTest {

    private final List<String> messages = new ArrayList<>();
    private final SyslogFrames frames = new SyslogFrames();

    private boolean take(String text) throws InterruptedException {
        return frames.take(
                ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)),
                (bytes, length) -> messages.add(new String(bytes, 0, length, StandardCharsets.ISO_8859_1)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "none", ignoreLeadingAndTrailingWhitespace = false, textBlock = """
            <22>a~<22>b~|<22>a,<22>b|true
            <22>a@<22>b@|<22>a,<22>b|true
            ~~<22>a~|<22>a|true
            <22>a~5 <22>b~|<22>a,5 <22>b|true
            5 <22>a5 <22>b|<22>a,<22>b|true
            5 <22>a~5 <22>b~|<22>a,<22>b|true
            11 <22>a~<22>b~x|<22>a~<22>b|false
            8 <22>1 <2|<22>1 <2|true
            5 <22>a<22>b~|<22>a|false
            0 <22>a|none|false
            5  <22>a| <22>|false
            99999999 <22>a|none|false
            GET / HTTP/1.0~|none|false
            """)
    void take_stream_isCutAsItsFirstByteSays(String stream, String wanted, boolean goesOn) throws Exception {
        boolean taken = take(stream.replace('~', '\n').replace('@', '\0'));

        assertEquals(
                wanted == null ? List.of() : List.of(wanted.replace('~', '\n').split(",", -1)), messages);
        assertEquals(goesOn, taken);
    }

    @Test
    void take_anyPieces_yieldTheSame() throws Exception {
        StringBuilder stream = new StringBuilder();
        List<String> wanted = new ArrayList<>();
        Random random = new Random(3);
        for (int i = 0; i < 500; i++) {
            String message = "<22>" + "m".repeat(random.nextInt(3000)) + '\n' + i;
            wanted.add(message);
            stream.append(message.length()).append(' ').append(message);
        }

        for (int at = 0; at < stream.length(); ) {
            int end = Math.min(stream.length(), at + 1 + random.nextInt(5000));
            assertTrue(take(stream.substring(at, end)));
            at = end;
        }

        assertEquals(wanted, messages);
        assertFalse(frames.isWithin());
    }

    @Test
    void take_endlessLine_keepsItsBeginning() throws Exception {
        for (int i = 0; i < 64; i++) {
            assertTrue(take(i == 0 ? "<22>" : "x".repeat(100_000)));
        }
        assertTrue(frames.isWithin());
        assertTrue(take("\n<22>next\n"));

        assertEquals(LineSplitter.MAX_LINE, messages.get(0).length());
        assertEquals("<22>next", messages.get(1));
    }
}
