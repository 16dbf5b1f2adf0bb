package org.postbane.correlate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TrapsTest {

    private static final Traps TRAPS = Traps.of(
            List.of("Trap@example.org", "@dead.example.org", "/^bait[0-9]+@example\\.(com|net)$/", "a+b@example.org"));

    @ParameterizedTest
    @CsvSource({
        "trap@example.org, true",
        "TRAP@EXAMPLE.ORG, true",
        "trap+x@example.org, true",
        "trap+x+y@example.org, true",
        "a+b@example.org, true",
        "a@example.org, false",
        "+trap@example.org, false",
        "xtrap@example.org, false",
        "trap@example.com, false",
        "any@dead.example.org, true",
        "any+x@Dead.example.org, true",
        "any@sub.dead.example.org, false",
        "dead.example.org, false",
        "bait7@example.net, true",
        "BAIT7@example.com, true",
        "bait7+x@example.com, true",
        "bait@example.com, false",
        "\"a@b\"@dead.example.org, true",
        "\"trap\"@example.org, true",
        "\"tr\\ap\"@example.org, true",
        "\"trap+x\"@example.org, true",
        "trap@example.org., true",
        "@relay.example:trap@example.org, true",
        "'@a.example,@b.example:\"trap\"@Example.org.', true",
        "trap%example.org, true",
        "trap+x%example.org@relay.example, true",
        "any%dead.example.org%b.example@relay.example, true",
        "example.org!trap, true",
        "b.example!Example.org!trap@relay.example, true",
        "bait7%example.net, true",
        "\"trap x\"@example.org, false",
        "trap@example.org.., false",
        "x@example.org:trap@example.com, false",
        "trap%, false",
        "%example.org, false",
        "!trap, false",
        "!, false",
        "., false",
        "\", false",
        "'', false",
        "@, false",
        "+, false",
    })
    void matches_address_isTrap(String address, boolean expected) {
        assertEquals(expected, TRAPS.matches(address));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "user", "user@", "a b@c", "/", "//", "/x", "/(/", "a@b\u0000c", "@"})
    void of_noEntry_isRefused(String entry) {
        assertThrows(IllegalArgumentException.class, () -> Traps.of(List.of(entry)));
    }

    @Test
    void matches_catastrophicExpression_givesUp() {
        Traps traps = Traps.of(List.of("/^(a+)+$/", "/(x+x+)+y/", "/^(a|a)*b/", "/^(([a-z])+.)+[A-Z]([a-z])+$/"));

        boolean matches = assertTimeoutPreemptively(
                Duration.ofSeconds(5), () -> traps.matches("a".repeat(60) + "!@" + "x".repeat(200)));

        assertFalse(matches);
    }

    @Test
    void matches_deepRecursionOnASmallStack_givesUp() throws InterruptedException {
        Traps traps = Traps.of(List.of("/^((a|b)(c|d)?)*$/"));
        boolean[] ended = {false};
        Thread small = new Thread(
                null,
                () -> {
                    traps.matches("ac".repeat(160));
                    ended[0] = true;
                },
                "small",
                64 << 10);

        small.start();
        small.join();

        assertTrue(ended[0]);
    }

    @Test
    void matches_longerThanAnAddress_isNoTrap() {
        assertFalse(Traps.of(List.of("/a/")).matches("a".repeat(321)));
        assertTrue(Traps.of(List.of("/a/")).matches("a".repeat(320)));
    }

    @Test
    void isEmpty_noneAndSome() {
        assertTrue(Traps.NONE.isEmpty());
        assertFalse(Traps.NONE.matches("a@b"));
        assertFalse(Traps.of(List.of("@b")).isEmpty());
    }

    @Test
    void matches_tenThousandEntries_findsEach() {
        List<String> entries = IntStream.range(0, 10_000)
                .mapToObj("t%d@example.org"::formatted)
                .toList();

        Traps traps = Traps.of(entries);

        assertTrue(entries.stream().allMatch(traps::matches));
        assertFalse(traps.matches("t10000@example.org"));
    }
}
