package org.postbane.parse;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postbane.source.Line;

final class SilentTest {

    private static final Silent SILENT =
            Silent.of("exact", "begins *", "* ends", "a * b * c", "*zz*", "ID: of a message *", "one * one");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "exact | true",
                "exactly | false",
                "begins here | true",
                "begins | false",
                "that ends | true",
                "that ends. | false",
                "a 1 b 2 c | true",
                "a 1 b 2 c 3 | false",
                "a b c | false",
                "within zz there | true",
                "3064E52EAC1: of a message 7 | true",
                "of a message 7 | false",
                "ID: of a message 7 | true",
                "one one | false",
                "one  one | true",
                "`` | true",
            })
    void matches_text_hasTheShape(String text, boolean expected) {
        assertEquals(expected, SILENT.matches(Line.of(text)));
    }
}
