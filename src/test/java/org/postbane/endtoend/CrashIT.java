package org.postbane.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postbane.config.ConfigReader;
import org.postbane.config.Configuration;
import org.postbane.daemon.Pipeline;
import org.postbane.endtoend.RotatingWriter.Style;
import org.postbane.source.LogFiles;
import org.postbane.store.H2Store;

/**
 * Exactly once: the daemon is killed at random moments while its log grows and is rotated; at the end its scores, offences and
 * bans are those of one look at the whole log.
 *
 * <p>{@code -Dpostbane.seed=} repeats the choices of a run, though not its timing; {@code -Dpostbane.kills=} says how many
 * for each of the two styles.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class CrashIT {

    private static final int KILLS = Integer.getInteger("postbane.kills", 100);

    /** After this time, late lines of a message that is done are not waited for any more; with some reserve. */
    private static final Duration LINGER = Duration.ofSeconds(12);

    private static final String CONF = """
            [agent]
            socket = %1$s/postbane.sock
            [store]
            url = jdbc:h2:file:%1$s/state
            [source mail]
            path = %2$s
            zone = UTC
            [traps]
            addresses = tb1@example.org tb2@example.org @trap.example.org
            [allow]
            networks = 127.0.0.0/8
            """;

    private static final String JAILS = """
            [DEFAULT]
            action = log
            [spam]
            weigh = spam, virus*5
            threshold = 0.1
            certainty = 0.001
            bantime = decay
            [brief]
            weigh = spam
            maxretry = 2
            findtime = 10m
            bantime = 3s
            bantime.increment = true
            bantime.maxtime = 20s
            [trap]
            weigh = trap
            maxretry = 1
            bantime = 5s
            [outgoing]
            subject = account
            weigh = spam
            threshold = 0.05
            [auth]
            weigh = auth-failure
            maxretry = 5
            findtime = 10m
            bantime = 1h
            """;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void agent_killedAtAnyMoment_countsEachLineOnce(Style style) throws Exception {
        long seed = Long.getLong("postbane.seed", System.nanoTime());
        System.out.printf("CrashIT: -Dpostbane.seed=%d, %d kills, %s%n", seed, KILLS, style);
        Random random = new Random(seed);
        Path live = configuration("live");
        Path log = directory.resolve("mail.log");
        Path whole = directory.resolve("whole.log");
        Path said = directory.resolve("said");
        RotatingWriter writer = new RotatingWriter(log, whole, style, random.nextLong());
        Process first = start(live, said);
        await("the first start", () -> Files.exists(live.resolve("postbane.sock")));
        Thread.sleep(500); // it begins at the end of the log: let it see where that is
        try (writer) {
            writer.start();
            Process agent = first;
            for (int kill = 0; kill < KILLS; kill++) {
                Thread.sleep(random.nextInt(random.nextInt(4) == 0 ? 3500 : 1500));
                assertTrue(agent.isAlive(), () -> "the agent ended by itself: " + text(said));
                agent.destroyForcibly().waitFor();
                Thread.sleep(random.nextInt(100));
                agent = start(live, said);
            }
            writer.close();
            finish(agent, said);
        }

        List<String> expected = expected(whole);
        List<String> found = rows(live.resolve("state"));
        System.out.printf(
                "CrashIT: %d lines, %d rotations, %d rows%n", writer.lines(), writer.rotations(), expected.size());
        assertEquals(difference(expected, found), difference(found, expected), "seed " + seed + "; " + warnings(said));
    }

    private Path configuration(String name) throws IOException {
        Path made = Files.createDirectory(directory.resolve(name));
        Files.writeString(made.resolve("postbane.conf"), CONF.formatted(made, directory.resolve("mail.log")));
        Files.writeString(made.resolve("jails.conf"), JAILS);
        return made;
    }

    private static Process start(Path configuration, Path said) throws IOException {
        List<String> command = Program.java(
                List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx128m"),
                "run",
                "--config",
                configuration.toString());
        return new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.appendTo(said.toFile()))
                .start();
    }

    /** Lets it read to the end, and ends it in peace. */
    private static void finish(Process agent, Path said) throws IOException, InterruptedException {
        Thread.sleep(LINGER.toMillis());
        assertTrue(agent.isAlive(), () -> text(said));
        agent.destroy();
        assertTrue(agent.waitFor(30, TimeUnit.SECONDS), "the agent does not stop");
    }

    /** What one look at the whole log gives. */
    private List<String> expected(Path whole) throws Exception {
        Path once = configuration("once");
        Configuration configuration = ConfigReader.read(Optional.of(once));
        try (H2Store store = H2Store.open(configuration.storeUrl())) {
            Pipeline pipeline =
                    new Pipeline(configuration, configuration.traps(), store, true, List.of(), deed -> {}, ban -> {});
            Instant end = Instant.now();
            new LogFiles(System.in).read(whole.toString(), pipeline.parser(ZoneOffset.UTC, end, false));
            pipeline.tick(end);
            pipeline.save(store);
            store.commit();
        }
        return rows(once.resolve("state"));
    }

    /** All that counts, in words. Which filter it was, is lost where the kill came between a verdict and its recipients. */
    private static List<String> rows(Path base) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection open = new org.h2.Driver().connect("jdbc:h2:file:" + base, new Properties());
                Statement s = open.createStatement()) {
            for (String query : List.of(
                    "SELECT 'standing', subject, jail, victims, messages, as_of, points, l20, l40, l60, l80, l95, recent"
                            + " FROM standing ORDER BY subject, jail",
                    "SELECT 'offence', subject, jail, done_at, kind, weight, REGEXP_REPLACE(evidence, ' by [a-z]+', '')"
                            + " FROM offence ORDER BY subject, jail, done_at, kind, weight, evidence",
                    "SELECT 'ban', subject, jail, from_at, until_at, reason FROM ban WHERE jail IN ('spam', 'outgoing', 'auth')"
                            + " ORDER BY subject, jail",
                    "SELECT 'once banned', subject, jail, from_at, until_at, reason FROM (SELECT subject, jail, from_at,"
                            + " until_at, reason FROM ended_ban UNION ALL SELECT subject, jail, from_at, until_at, reason"
                            + " FROM ban) ORDER BY subject, jail, from_at")) {
                try (ResultSet row = s.executeQuery(query)) {
                    int columns = row.getMetaData().getColumnCount();
                    while (row.next()) {
                        StringBuilder text = new StringBuilder();
                        for (int i = 1; i <= columns; i++) {
                            text.append(row.getString(i)).append(' ');
                        }
                        rows.add(text.toString());
                    }
                }
            }
        }
        return rows;
    }

    /** Some of those that the second list has not; none if both are equal. */
    private static String difference(List<String> some, List<String> others) {
        Set<String> rest = new LinkedHashSet<>(some);
        rest.removeAll(new HashSet<>(others));
        return rest.size() + rest.stream().limit(12).collect(Collectors.joining("\n", "\n", "\n"));
    }

    private static String warnings(Path said) throws IOException {
        try (Stream<String> lines = Files.lines(said)) {
            return lines.filter(line -> line.contains("WARN") || line.contains("ERROR"))
                    .limit(20)
                    .collect(Collectors.joining("\n"));
        }
    }

    private static String text(Path file) {
        try {
            String text = Files.readString(file);
            return text.substring(Math.max(0, text.length() - 4000));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static void await(String what, Daemon.Condition condition) throws Exception {
        for (int i = 0; i < 300; i++) {
            if (condition.holds()) {
                return;
            }
            Thread.sleep(100);
        }
        fail("waited for " + what);
    }
}
