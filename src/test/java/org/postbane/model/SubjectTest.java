package org.postbane.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SubjectTest {

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, 192.0.2.1",
        "192.0.2.0/24, 192.0.2.0/24",
        "2001:DB8:0::/64, 2001:db8::/64",
        "::ffff:192.0.2.1, 192.0.2.1",
        "account:Bob@example.org, account:Bob@example.org",
        "account:a:b, account:a:b",
        "sender:X@Example.net, sender:x@example.net",
    })
    void parse_subject_isPrintedAsItIsWritten(String text, String written) {
        Subject subject = Subject.parse(text);

        assertEquals(written, subject.toString());
        assertEquals(subject, Subject.parse(subject.toString()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "bob",
                "192.0.2.1/24",
                "192.0.2.300",
                "account:",
                "account: ",
                "sender:",
                "sender:a\nb",
                "account:a\0b",
                "Account:bob",
                "host.example.org"
            })
    void parse_otherText_isRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> Subject.parse(text));
    }

    @Test
    void ofSender_whatCanBeNone_isNull() {
        assertNull(Subject.ofSender(""));
        assertNull(Subject.ofSender("a\u0085b"));
        assertNull(Subject.ofSender("x".repeat(Subject.MAX_TEXT + 1)));
        assertNull(Subject.ofSender("İ".repeat(Subject.MAX_TEXT))); // grows in lower case
        assertNull(Subject.ofAccount(""));
    }

    /** "az" and "b[" have one hash: a stranger can make as many senders of one hash as it likes. */
    @Test
    void hashMap_sendersOfOneHash_staysFast() {
        Map<Subject, Integer> map = new HashMap<>();

        long start = System.nanoTime();
        for (int i = 0; i < 1 << 16; i++) {
            StringBuilder text = new StringBuilder();
            for (int bit = 0; bit < 16; bit++) {
                text.append((i >> bit & 1) == 0 ? "az" : "b[");
            }
            map.put(new Subject.Sender(text.toString()), i);
        }
        long millis = (System.nanoTime() - start) / 1_000_000;

        assertEquals(1 << 16, map.size());
        assertTrue(millis < 5_000, millis + " ms");
    }
}
