package org.postbane.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postbane.decide.Sentencing;

final class DurationsTest {

    @ParameterizedTest
    @CsvSource({
        "90s, PT90S",
        "10m, PT10M",
        "2h, PT2H",
        "1d, PT24H",
        "2w, PT336H",
        "600, PT10M",
        "1d 12h, PT36H",
        "1d12h, PT36H",
        "36500d, PT876000H"
    })
    void parse_duration_isThat(String text, Duration expected) {
        assertEquals(expected, Durations.parse(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "-1",
                "-5m",
                "0",
                "0s",
                "1.5h",
                "1y",
                "10M",
                "h",
                "1d 12",
                "1 d",
                "36500d 1s",
                "99999999999w",
                "99999999999",
                "1d,2h",
                "PT1H",
                "٣d"
            })
    void parse_other_isRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> Durations.parse(text));
    }

    @Test
    void parseOrForever_minusOne_isForEver() {
        assertEquals(Sentencing.FOREVER, Durations.parseOrForever("-1"));
        assertEquals(Duration.ofHours(1), Durations.parseOrForever("1h"));
        assertThrows(IllegalArgumentException.class, () -> Durations.parseOrForever("-2"));
    }
}
