package org.postbane.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postbane.testing.Needs;
import org.postbane.testing.NetNamespace;

class NftTest {

    private final NetNamespace namespace = new NetNamespace();

    @AfterEach
    void leaveNamespace() {
        namespace.close();
    }

    private static Nft open(String kind) {
        if (kind.equals("program")) {
            return new NftCommand(); // started by a thread in the namespace, so in the namespace
        }
        Needs.that(LibNftables.isPresent(), "libnftables.so.1 is not installed");
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
