package org.postbane.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postbane.model.IpPrefix;
import org.postbane.testing.Needs;
import org.postbane.testing.NetNamespace;
import org.postbane.testing.Opened;

class NftTest {

    @RegisterExtension
    final Opened opened = new Opened();

    private final NetNamespace namespace = opened.add(new NetNamespace());

    private static Nft open(String kind) {
        if (kind.equals("program")) {
            return new NftCommand(); // started by a thread in the namespace, so in the namespace
        }
        Needs.installed(LibNftables.isPresent(), "libnftables.so.1", "libnftables1");
        return new LibNftables();
    }

    @ParameterizedTest
    @ValueSource(strings = {"library", "program"})
    void run_commands_areOneTransaction(String kind) throws IOException {
        try (Nft nft = open(kind)) {
            nft.run("""
                    add table inet a
                    add set inet a s { type ipv4_addr; }
                    add element inet a s { 192.0.2.1 }
                    """);

            assertThrows(IOException.class, () -> nft.run("""
                            add table inet b
                            delete element inet a s { 192.0.2.1 }
                            delete element inet a s { 192.0.2.2 }
                            """));

            String ruleset = nft.list("list ruleset");
            assertTrue(ruleset.contains("\"192.0.2.1\""), ruleset);
            assertFalse(ruleset.contains("\"b\""), ruleset);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"library", "program"})
    void run_refused_saysWhyInOneShortLine(String kind) {
        try (Nft nft = open(kind)) {
            IOException failure = assertThrows(
                    IOException.class,
                    () -> nft.run("add element inet a s { 192.0.2.1" + ", 192.0.2.1".repeat(5000) + " }\n"));

            String message = String.valueOf(failure.getMessage());
            assertTrue(message.contains("No such file or directory"), message);
            assertTrue(message.length() < 1000 && message.lines().count() == 1, message);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"library", "program"})
    void run_afterARefusal_works(String kind) throws IOException {
        try (Nft nft = open(kind)) {
            assertThrows(IOException.class, () -> nft.run("nonsense\n"));
            assertThrows(IOException.class, () -> nft.list("list table inet nowhere"));

            nft.run("add table inet a\n");

            assertTrue(nft.list("list tables").contains("\"a\""));
        }
    }

    private static NftElement element(String set, String prefix, long seconds) {
        return new NftElement(
                set, Objects.requireNonNull(IpPrefix.parse(prefix)).toInetAddress(), seconds);
    }

    private static void makeSets(Nft nft) throws IOException {
        nft.run("""
                add table inet a
                add set inet a s4 { type ipv4_addr; flags timeout; }
                add set inet a s6 { type ipv6_addr; flags timeout; }
                """);
    }

    @ParameterizedTest
    @ValueSource(strings = {"library", "program"})
    void change_ofBothFamilies_takesOutAndPutsIn(String kind) throws IOException {
        try (Nft nft = open(kind)) {
            makeSets(nft);
            nft.run("add element inet a s4 { 192.0.2.1 timeout 1h, 192.0.2.2 timeout 1h, 192.0.2.3 timeout 1h }\n");

            nft.change(
                    "a",
                    List.of(
                            element("s4", "192.0.2.1", 0),
                            element("s4", "192.0.2.2", 0),
                            element("s4", "192.0.2.77", 0),
                            element("s6", "2001:db8::77", 0)),
                    List.of(
                            element("s4", "192.0.2.2", 7200),
                            element("s4", "192.0.2.4", 0),
                            element("s6", "2001:db8::1", NftElement.LONGEST.toSeconds()),
                            element("s6", "2001:db8:1::/64", 59)));

            String s4 = namespace.nft("list", "set", "inet", "a", "s4").replaceAll("\\s+", " ");
            String s6 = namespace.nft("list", "set", "inet", "a", "s6").replaceAll("\\s+", " ");
            assertFalse(s4.contains("192.0.2.1 ") || s4.contains("192.0.2.77"), s4);
            // within four milliseconds nothing of it is over yet
            assertTrue(
                    Pattern.compile("192\\.0\\.2\\.2 timeout 2h expires (1h59m|2h)")
                            .matcher(s4)
                            .find(),
                    s4);
            assertTrue(s4.contains("192.0.2.3 timeout 1h expires"), s4);
            assertTrue(s4.contains("192.0.2.4,") || s4.contains("192.0.2.4 }"), s4);
            assertTrue(
                    Pattern.compile("2001:db8::1 timeout 3650d expires (3649|3650)d")
                            .matcher(s6)
                            .find(),
                    s6);
            assertTrue(s6.contains("2001:db8:1:: timeout 59s expires 5"), s6);
            assertFalse(s6.contains("2001:db8::77"), s6);
            boolean asked = kind.equals("library");
            assertEquals(asked ? Optional.of(true) : Optional.empty(), nft.has("a", element("s6", "2001:db8::1", 0)));
            assertFalse(nft.has("a", element("s6", "2001:db8::77", 0)).orElse(false));
            assertFalse(nft.has("a", element("nowhere", "2001:db8::77", 0)).orElse(false));
        }
    }

    /** 1000 are several messages of a transaction with the library, and 20,000 more than it does without it. */
    @ParameterizedTest
    @CsvSource({"library, 2500", "library, 20000", "program, 2500"})
    void change_ofMany_putsAllIn(String kind, int count) throws IOException {
        List<NftElement> many = IntStream.range(0, count)
                .mapToObj(i -> element("s4", "10.0.%d.%d".formatted(i >> 8, i & 255), 3600))
                .toList();
        try (Nft nft = open(kind)) {
            makeSets(nft);
            nft.change("a", List.of(), List.of());

            nft.change("a", List.of(), many);

            assertEquals(count, namespace.nft("list", "set", "inet", "a", "s4").split(" expires ", -1).length - 1);
            nft.change(
                    "a",
                    many.stream()
                            .map(e -> new NftElement(e.set(), e.address(), 0))
                            .toList(),
                    List.of());
            assertFalse(namespace.nft("list", "set", "inet", "a", "s4").contains("expires"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"library", "program"})
    void change_refused_saysWhyAndChangesNothing(String kind) throws IOException {
        try (Nft nft = open(kind)) {
            makeSets(nft);
            List<NftElement> fault = List.of(
                    element("s4", "192.0.2.1", 60),
                    element("nowhere", "192.0.2.2", 60),
                    element("nowhere", "192.0.2.3", 60),
                    element("s6", "2001:db8::1", 60));

            IOException failure = assertThrows(IOException.class, () -> nft.change("a", List.of(), fault));

            String message = String.valueOf(failure.getMessage());
            assertTrue(message.contains("No such file or directory") || message.contains("does not exist"), message);
            assertFalse(nft.list("list ruleset").contains("192.0.2.1"));
            nft.change("a", List.of(), List.of(element("s4", "192.0.2.9", 60)));
            assertTrue(nft.list("list ruleset").contains("192.0.2.9"));
            assertThrows(IOException.class, () -> nft.change("b", List.of(), fault));
        }
    }

    @Test
    void library_fromTwoThreads_isOrderly() throws Exception {
        AtomicInteger done = new AtomicInteger();
        Runnable work = () -> {
            try (Nft nft = open("library")) {
                for (int i = 0; i < 200; i++) {
                    nft.run("add table inet t" + i % 7 + "\ndelete table inet t" + i % 7 + "\n");
                }
                done.incrementAndGet();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        };
        Thread first = new Thread(work);
        Thread second = new Thread(work);
        first.start();
        second.start();
        first.join();
        second.join();

        assertEquals(2, done.get());
    }
}
