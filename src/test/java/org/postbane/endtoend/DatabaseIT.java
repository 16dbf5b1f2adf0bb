package org.postbane.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postbane.endtoend.Program.Outcome;
import org.postbane.testing.RealDatabase;
import org.postbane.testing.RealDatabase.Product;

/** The built program from the line in the log to the rows in a real database, which goes away and comes back, and to its exports. */
@Timeout(300)
class DatabaseIT {

    private static final int PORT = 23_397;
    private static final String SPAMMER4 = "203.0.113.4";
    private static final String SPAMMER6 = "2001:db8:13:3::103";
    private static final String LATE = "203.0.113.44";
    private static final String NETWORK = "198.51.100.0/24";

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"MARIADB", "POSTGRESQL"})
    void bansAndRecords_databaseAwayAndProgramKilled_areAllThereOnce(Product product) throws Exception {
        RealDatabase.needed(product);
        try (RealDatabase database = RealDatabase.start(product, PORT);
                Daemon daemon = daemon(database)) {
            database.sql("CREATE TABLE judged (message VARCHAR(255) NOT NULL, client VARCHAR(64) NOT NULL,"
                    + " verdict VARCHAR(16) NOT NULL, victims INT NOT NULL)");
            database.sql("CREATE TABLE statistics (client VARCHAR(64) NOT NULL, recipient VARCHAR(255) NOT NULL)");
            daemon.start();

            daemon.append(Samples.lines("ham"));
            daemon.append(Samples.lines("spam4"));
            daemon.append(Samples.lines("spam6"));
            awaitBanned(daemon, database, SPAMMER6, SPAMMER4);
            daemon.await("the records", () -> judged(database).size() == 6);
            assertEquals(
                    List.of(SPAMMER6 + "|spam|5|3", SPAMMER4 + "|spam|5|3"),
                    sql(
                            database,
                            "SELECT client, verdict, victims, COUNT(DISTINCT message) FROM judged"
                                    + " GROUP BY client, verdict, victims ORDER BY client"));
            daemon.await(
                    "the statistics",
                    () -> sql(database, "SELECT COUNT(DISTINCT client) FROM statistics")
                            .equals(List.of("3")));
            assertEquals(
                    List.of("15"),
                    sql(database, "SELECT COUNT(*) FROM statistics WHERE client = '%s'".formatted(SPAMMER4)));
            Object well = daemon.command("status", "--json").mustBe(0).json();
            assertFalse(((Map<?, ?>) Json.at(well, "records")).containsKey("lastError"));

            database.kill();
            daemon.append(Samples.lines("spam4").stream()
                    .map(line -> line.replace(SPAMMER4, LATE))
                    .toList());
            Outcome kept = daemon.command("ban", NETWORK, "--for", "1h").mustBe(1);
            assertTrue(kept.err().contains("recorded, but it does not hold everywhere yet"), kept.err());
            daemon.await("the records that wait", () -> {
                Outcome status = daemon.command("status", "--json");
                Map<?, ?> records = (Map<?, ?>) Json.at(status.json(), "records");
                return status.status() == 1
                        && Integer.valueOf(3).equals(records.get("waiting"))
                        && records.containsKey("lastError")
                        && Json.at(Json.list(status.json(), "actions").get(0), "state")
                                .equals("failing");
            });
            assertTrue(daemon.command("status").out().contains("records: 3 wait for jdbc:"));
            daemon.kill();
            database.start();
            daemon.start();

            awaitBanned(daemon, database, "198.51.100", SPAMMER6, SPAMMER4, LATE);
            daemon.await("the records of the meantime", () -> judged(database).size() == 9);
            assertEquals(
                    List.of("3"), sql(database, "SELECT COUNT(*) FROM judged WHERE client = '%s'".formatted(LATE)));
            daemon.await(
                    "nothing to wait",
                    () -> Json.at(Json.at(daemon.command("status", "--json").json(), "records"), "waiting")
                            .equals(0));
            assertEquals(9, judged(database).size());
            assertExported(daemon);

            daemon.command("unban", SPAMMER4).mustBe(0);
            awaitBanned(daemon, database, "198.51.100", SPAMMER6, LATE);
        }
    }

    private Daemon daemon(RealDatabase database) throws IOException {
        String url = database.settings().url();
        String user = database.settings().user();
        Daemon daemon =
                new Daemon(directory, directory.resolve("mail.log"), """
                        [DEFAULT]
                        action = sql[url="%s", user=%s]
                        [spam]
                        weigh = spam, virus*5
                        threshold = 0.1
                        certainty = 0.001
                        bantime = decay
                        """.formatted(url, user), command -> command);
        daemon.record(
                database.settings(),
                "INSERT INTO judged (message, client, verdict, victims) VALUES (?m, ?c, ?v, ?s)",
                "INSERT INTO statistics (client, recipient) VALUES (?c, ?r)");
        return daemon;
    }

    /** What Postfix would find, in the order of the text. */
    private static void awaitBanned(Daemon daemon, RealDatabase database, String... names) throws Exception {
        daemon.await(
                "the bans in the table",
                () -> sql(database, "SELECT name FROM postbane_bans WHERE kind = 'client'").stream()
                        .sorted()
                        .toList()
                        .equals(List.of(names)));
    }

    private static List<String> judged(RealDatabase database) throws IOException, InterruptedException {
        return sql(database, "SELECT message FROM judged");
    }

    private static List<String> sql(RealDatabase database, String text) throws IOException, InterruptedException {
        try {
            return database.sql(text);
        } catch (IOException | InterruptedException e) {
            throw e;
        } catch (Exception e) { // as of a table that is not there yet
            return List.of(String.valueOf(e.getMessage()));
        }
    }

    private void assertExported(Daemon daemon) throws IOException, InterruptedException {
        assertEquals(
                List.of(NETWORK, SPAMMER4, LATE, SPAMMER6),
                daemon.command("export", "--format", "plain")
                        .mustBe(0)
                        .out()
                        .lines()
                        .toList());
        Path file = directory.resolve("banned.cidr");
        daemon.command("export", "--format", "cidr", "--output", file.toString())
                .mustBe(0);
        assertEquals(
                List.of(NETWORK + "\treject", SPAMMER4 + "\treject", LATE + "\treject", SPAMMER6 + "\treject"),
                Files.readAllLines(file).stream()
                        .filter(line -> !line.startsWith("#"))
                        .toList());
        Object json = daemon.command("export", "--format", "json").mustBe(0).json();
        assertEquals(
                List.of("manual", "spam", "spam", "spam"),
                Json.list(json, "bans").stream()
                        .map(ban -> Json.at(ban, "jail"))
                        .toList());
        String zone = daemon.command("export", "--format", "rbldnsd").mustBe(0).out();
        assertTrue(zone.contains("$DATASET ip4trie:") && zone.contains("\n" + LATE + "\n"), zone);
        String hosts =
                daemon.command("export", "--format", "hosts-deny").mustBe(0).out();
        assertTrue(hosts.contains("ALL: [" + SPAMMER6 + "]"), hosts);
    }
}
