package org.postbane.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.decide.Ban;
import org.postbane.score.Standing;
import org.postbane.source.Position;
import org.postbane.store.StoreException.Kind;

/** What is left when the process dies at a bad moment. */
final class H2StoreKilledTest {

    private static final int ROUNDS = Integer.getInteger("postbane.rounds", 10);

    @TempDir
    Path directory;

    private Process start(long seed) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledWriter.class.getName(),
                        url(),
                        Long.toString(seed))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private String url() {
        return "jdbc:h2:file:" + directory.resolve("state");
    }

    /** Kills the writer {@code millis} after it said something for the first time; the last number that it said. */
    private static long kill(Process writer, int millis) throws Exception {
        long last;
        try (BufferedReader said = writer.inputReader(UTF_8)) {
            last = Long.parseLong(said.readLine());
            Thread killer = new Thread(() -> {
                try {
                    Thread.sleep(millis);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                writer.toHandle().destroyForcibly(); // that of Process closes the stream too
            });
            killer.start();
            StringBuilder line = new StringBuilder();
            for (int c = said.read(); c >= 0; c = said.read()) { // the last line may be cut
                if (c == '\n') {
                    last = Long.parseLong(line.toString());
                    line.setLength(0);
                } else {
                    line.append((char) c);
                }
            }
            killer.join();
        }
        assertEquals(128 + 9, writer.waitFor(), "must have been killed, not have failed");
        return last;
    }

    @Test
    void store_killedAtAnyMoment_keepsWholeTransactionsAndAllThatWereCommitted() throws Exception {
        long seed = Long.getLong("postbane.seed", System.nanoTime());
        System.out.println("H2StoreKilledTest: -Dpostbane.seed=" + seed);
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            String where = "seed %d round %d: ".formatted(seed, round);

            long said = kill(start(random.nextLong()), random.nextInt(1200));

            try (H2Store store = H2Store.open(url())) {
                long n = store.position("mail").map(Position::offset).orElse(-1L);
                assertTrue(n >= said, where + said + " was committed, found " + n);
                Standing standing = store.standing("spam", KilledWriter.SUBJECT);
                assertNotNull(standing, where);
                assertEquals(n, standing.messages(), where);
                assertEquals(
                        "transaction " + n,
                        store.offences(KilledWriter.SUBJECT, 1).get(0).evidence(),
                        where);
                long expected = Math.min(n, 201);
                assertEquals(
                        expected, store.offences(KilledWriter.SUBJECT, 1000).size(), where + n);
                List<Ban> inForce = store.inForce();
                assertEquals(n % KilledWriter.BANS_PER_END == 0 ? 0 : 1, inForce.size(), where);
                inForce.forEach(ban -> assertEquals("transaction " + n, ban.reason(), where));
                assertEquals(n / KilledWriter.BANS_PER_END, store.earlier(KilledWriter.SUBJECT, "spam"), where);
                store.forEachRow((key, row) -> assertEquals((byte) n, row[0], where));
            }
        }
    }

    @Test
    void open_whileAnotherProcessHasIt_saysSo() throws Exception {
        Process writer = start(1);
        try {
            assertNotNull(writer.inputReader(UTF_8).readLine());

            StoreException e = assertThrows(StoreException.class, () -> H2Store.open(url()));

            assertEquals(Kind.IN_USE, e.kind());
            assertEquals(
                    "cannot open %s.mv.db: another process uses it".formatted(directory.resolve("state")),
                    e.getMessage());
        } finally {
            writer.destroyForcibly().waitFor();
        }
        H2Store.open(url()).close();
    }
}
