package org.postbane.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.endtoend.Program.Outcome;
import org.postbane.testing.RealDatabase;
import org.postbane.testing.RealDatabase.Product;

/**
 * Rows in a real database while mail comes all the time: each recipient of each judged message has one, whoever dies meanwhile.
 *
 * <p>{@code -Dpostbane.kills=} says how often the daemon is killed, {@code -Dpostbane.away=} for how many seconds the server is away.
 */
@Timeout(400)
class RecordsIT {

    private static final int PORT = 23_398;

    /** After so long no line of a message is waited for, nor is anything of it gathered. */
    private static final Duration QUIET = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    private Path log() {
        return directory.resolve("mail.log");
    }

    /** The place of the bans cannot be asked what it holds: it is told what ended while the daemon was dead, too. */
    @Test
    void daemon_killedAtAnyMoment_recordsEachRecipientOnceAndForgetsNoEnd() throws Exception {
        RealDatabase.needed(Product.MARIADB);
        int kills = Integer.getInteger("postbane.kills", 6);
        long seed = System.nanoTime();
        System.out.printf("RecordsIT: seed %d, %d kills%n", seed, kills);
        Random random = new Random(seed);
        try (RealDatabase database = database();
                Daemon daemon =
                        daemon(database, "command[ban=%s, unban=%s]".formatted(program("touch"), program("rm -f")));
                Traffic traffic = new Traffic(log(), seed)) {
            daemon.start();
            traffic.start();
            for (int i = 0; i < kills; i++) {
                Thread.sleep(random.nextInt(3500));
                Optional<String> lifted = daemon.bans().keySet().stream().findFirst();
                if (random.nextBoolean() && lifted.isPresent()) {
                    daemon.command("unban", lifted.get()).mustBe(0);
                    lifted = Optional.empty();
                }
                daemon.kill();
                if (lifted.isPresent()) {
                    daemon.command("unban", lifted.get()).mustBe(0);
                }
                daemon.start();
            }
            traffic.end();

            assertRecordedOnce(daemon, database, traffic);
            Set<String> bans = daemon.bans().keySet();
            daemon.await("the place of the bans", () -> placed().equals(bans));
            assertEquals(0, daemon.stop());
        }
    }

    private Set<String> placed() throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("place"))) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        }
    }

    /** Does that to a file for each subject. */
    private String program(String does) throws IOException {
        Files.createDirectories(directory.resolve("place"));
        Path program = directory.resolve(does.split(" ", 2)[0]);
        Files.writeString(program, "#!/bin/sh\nwhile read -r s; do %s %s/place/$s; done\n".formatted(does, directory));
        assertTrue(program.toFile().setExecutable(true));
        return program.toString();
    }

    @Test
    void server_awayForAMinuteInABurst_blocksNothingAndMissesNothing() throws Exception {
        RealDatabase.needed(Product.MARIADB);
        Duration away = Duration.ofSeconds(Integer.getInteger("postbane.away", 60));
        Path feed = directory.resolve("feed");
        try (RealDatabase database = database();
                Daemon daemon = daemon(
                        database,
                        "sql[url=\"%s\", user=%s]\n    file[path=%s]"
                                .formatted(
                                        database.settings().url(),
                                        database.settings().user(),
                                        feed));
                Traffic traffic = new Traffic(log(), 1)) {
            daemon.start();
            traffic.start();
            daemon.await("the first bans", () -> held(database).size() > 1);

            database.kill();
            long begin = System.nanoTime();
            long lines = lines(daemon);
            int looks = 0;
            while (System.nanoTime() - begin < away.toNanos()) {
                Set<String> before = daemon.bans().keySet();
                daemon.await(
                        "the other place",
                        () -> Set.copyOf(Files.readAllLines(feed)).containsAll(before));
                looks++;
                Thread.sleep(2000);
            }
            assertTrue(looks >= away.toSeconds() / 15, "commands waited: " + looks + " looks only");
            assertTrue(lines(daemon) > lines + away.toSeconds() * 10, "the log was not read meanwhile");
            Outcome status = daemon.command("status", "--json").mustBe(1);
            assertEquals(
                    Set.of("sql failing", "file working"),
                    Json.list(status.json(), "actions").stream()
                            .map(action -> Json.at(action, "name").toString().replaceFirst("\\[.*", " ")
                                    + Json.at(action, "state"))
                            .collect(Collectors.toSet()));
            Map<?, ?> records = (Map<?, ?>) Json.at(status.json(), "records");
            assertTrue(((Number) records.get("waiting")).intValue() > 0, records.toString());
            database.start(); // and the burst goes on
            Thread.sleep(3000);
            traffic.end();

            assertRecordedOnce(daemon, database, traffic);
            Set<String> bans = daemon.bans().keySet();
            assertTrue(bans.size() > 3, bans.toString());
            daemon.await("the table of bans", () -> held(database).equals(bans));
            daemon.command("status").mustBe(0);
        }
    }

    private static RealDatabase database() throws Exception {
        RealDatabase database = RealDatabase.start(Product.MARIADB, PORT);
        database.sql(
                "CREATE TABLE judged (message VARCHAR(255) NOT NULL, verdict VARCHAR(16) NOT NULL, victims INT NOT NULL)");
        database.sql("CREATE TABLE statistics (message VARCHAR(255) NOT NULL, recipient VARCHAR(255))");
        return database;
    }

    private Daemon daemon(RealDatabase database, String actions) throws IOException {
        Daemon daemon = new Daemon(directory, log(), """
                [DEFAULT]
                action = %s
                [spam]
                weigh = spam
                threshold = 0.1
                certainty = 0.001
                bantime = decay
                """.formatted(actions), command -> command);
        daemon.record(
                database.settings(),
                "INSERT INTO judged (message, verdict, victims) VALUES (?m, ?v, ?s)",
                "INSERT INTO statistics (message, recipient) VALUES (?m, ?r)");
        return daemon;
    }

    private static long lines(Daemon daemon) throws IOException, InterruptedException {
        Object source =
                Json.list(daemon.command("status", "--json").json(), "sources").get(0);
        return ((Number) Json.at(source, "lines")).longValue();
    }

    /** In the table of bans; empty while there is none. */
    private static Set<String> held(RealDatabase database) throws Exception {
        return new TreeSet<>(
                database.sql("SHOW TABLES LIKE 'postbane_bans'").isEmpty()
                        ? List.of()
                        : database.sql("SELECT DISTINCT subject FROM postbane_bans"));
    }

    private static void assertRecordedOnce(Daemon daemon, RealDatabase database, Traffic traffic) throws Exception {
        Thread.sleep(QUIET.toMillis());
        daemon.await(
                "nothing to wait",
                () -> Json.at(Json.at(daemon.command("status", "--json").json(), "records"), "waiting")
                        .equals(0));
        assertNoneMissing(
                traffic.spam(),
                database.sql("SELECT message FROM judged WHERE verdict = 'spam' AND victims = " + Traffic.RECIPIENTS));
        assertEquals(
                List.of(),
                database.sql("SELECT message, COUNT(*) FROM judged GROUP BY message HAVING COUNT(*) > 1"),
                "recorded twice");
        assertEquals(
                List.of(),
                database.sql("SELECT message, recipient, COUNT(*) FROM statistics GROUP BY message, recipient"
                        + " HAVING COUNT(*) > 1"),
                "recorded twice");
        TreeSet<String> all = new TreeSet<>(traffic.spam());
        all.addAll(traffic.ham());
        assertNoneMissing(
                all,
                database.sql("SELECT message FROM statistics WHERE recipient LIKE '%@example.org' GROUP BY message"
                        + " HAVING COUNT(DISTINCT recipient) = " + Traffic.RECIPIENTS));
        assertEquals(
                List.of(String.valueOf(Traffic.RECIPIENTS * all.size())),
                database.sql("SELECT COUNT(*) FROM statistics"));
        System.out.printf(
                "RecordsIT: %d messages, %d of them spam%n",
                all.size(), traffic.spam().size());
    }

    private static void assertNoneMissing(Set<String> expected, List<String> found) {
        TreeSet<String> missing = new TreeSet<>(expected);
        missing.removeAll(Set.copyOf(found));
        assertEquals(Set.of(), missing, () -> "of " + expected.size());
    }
}
