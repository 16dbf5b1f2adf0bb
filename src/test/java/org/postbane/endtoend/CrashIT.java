package org.postbane.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postbane.config.ConfigReader;
import org.postbane.config.Configuration;
import org.postbane.daemon.Pipeline;
import org.postbane.endtoend.RotatingWriter.Style;
import org.postbane.source.LogFiles;
import org.postbane.store.H2Store;
import org.postbane.testing.Opened;
import org.postbane.testing.SmallDisk;

/**
 * Exactly once: the daemon is killed at random moments while its log grows and is rotated, its disk is full now and then, its
 * database is damaged; at the end its scores, offences and bans are those of one look at the whole log, and of {@code scan}.
 *
 * <p>{@code -Dpostbane.seed=} repeats the choices of a run, though not its timing; {@code -Dpostbane.kills=} says how many
 * for each case, {@code -Dpostbane.trouble=} chooses one {@link Trouble}.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class CrashIT {

    /** After this time, late lines of a message that is done are not waited for any more; with some reserve. */
    private static final Duration LINGER = Duration.ofSeconds(12);

    private static final String NEXT = "-- next\n";

    /** What else happens. */
    enum Trouble {
        NONE,

        /** The disk of the database is full now and then, and so small that it cannot be otherwise. */
        NO_ROOM_FOR_THE_STATE,

        /** The same disk holds the log. */
        NO_ROOM_AT_ALL,

        /** The database file is cut, or a bit of it is another. */
        DAMAGE
    }

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

    private static final String EARLIER =
            "2026-11-21T09:00:00+00:00 mx1 kernel: this line and those like it were there before anybody looked\n"
                    .repeat(9);

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
            [measure]
            weigh = spam
            threshold = 0.999
            certainty = off
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

    @RegisterExtension
    final Opened opened = new Opened();

    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT) // most of the time is the start of JVMs and waiting
    @CsvSource(delimiter = '|', textBlock = """
            ISO         | NONE                  | 66
            TRADITIONAL | NONE                  | 66
            ISO         | NO_ROOM_FOR_THE_STATE | 30
            TRADITIONAL | NO_ROOM_AT_ALL        | 25
            ISO         | DAMAGE                | 35
            """)
    void agent_killedAtAnyMoment_countsEachLineOnce(Style style, Trouble trouble, int usually) throws Exception {
        String only = System.getProperty("postbane.trouble");
        Assumptions.assumeTrue(only == null || only.equals(trouble.name()), "postbane.trouble names another");
        int kills = Integer.getInteger("postbane.kills", usually);
        long seed = Long.getLong("postbane.seed", System.nanoTime());
        System.out.printf("CrashIT: -Dpostbane.seed=%d, %d kills, %s, %s%n", seed, kills, style, trouble);
        Random random = new Random(seed);
        boolean full = trouble == Trouble.NO_ROOM_FOR_THE_STATE || trouble == Trouble.NO_ROOM_AT_ALL;
        Path disk = full ? smallDisk() : directory;
        Path log = (trouble == Trouble.NO_ROOM_AT_ALL ? disk : directory).resolve("mail.log");
        Path live = configuration(disk.resolve("live"), log);
        Path whole = directory.resolve("whole.log");
        Path said = directory.resolve("said");
        RotatingWriter writer = new RotatingWriter(log, whole, style, random.nextLong());
        Files.writeString(log, EARLIER); // an empty file that is rotated before it is known could be any
        Process agent = start(live, said);
        await( // it begins at the end of the log: let it see where that is
                "the first start",
                () -> Program.run(Program.postbane("status", "--config", live.toString()))
                                .status()
                        == 0);
        int ended = 0;
        int fullTimes;
        try (writer;
                FullDisk filler = new FullDisk(disk.resolve("filler"), random.nextLong())) {
            writer.start();
            if (full) {
                filler.start();
            }
            for (int kill = 0; kill < kills; ) {
                if (random.nextInt(4) > 0) {
                    awaitReading(agent, said);
                }
                Thread.sleep(random.nextInt(random.nextInt(8) == 0 ? 3000 : 700));
                if (agent.isAlive()) {
                    kill++;
                    end(agent, live, trouble, kill, random);
                } else {
                    ended++; // as it may on a full disk: a service manager starts it again
                    assertTrue(full && ended < 5 * kills, () -> "the agent ended by itself: " + text(said));
                }
                Thread.sleep(random.nextInt(100));
                Files.writeString(said, NEXT, StandardOpenOption.APPEND);
                agent = start(live, said);
            }
            filler.stop();
            fullTimes = filler.times();
            writer.close();
            if (full && !agent.waitFor(3, TimeUnit.SECONDS)) {
                assertTrue(agent.isAlive());
            } else if (full) {
                agent = start(live, said);
            }
            finish(agent, live, said);
        }

        List<String> expected = expected(log, whole);
        List<String> found = rows(live.resolve("state"));
        System.out.printf(
                "CrashIT: %s, %s: %d lines, %d rotations, %d rows; it ended by itself %d times; the disk was full"
                        + " %d times, for the log %d times, for the database %d times; that was restored %d times%n",
                style,
                trouble,
                writer.lines(),
                writer.rotations(),
                expected.size(),
                ended,
                fullTimes,
                writer.waits(),
                count(said, "No space left"),
                count(said, " restored "));
        assertEquals(difference(expected, found), difference(found, expected), "seed " + seed + "; " + warnings(said));
        assertEqualsScan(live, whole);
        // H2 often finds room within its own file: how often it did not is printed, and differs from run to run
        assertTrue(!full || kills < 20 || fullTimes > 0, "the disk was never full");
        assertTrue(trouble != Trouble.DAMAGE || kills < 10 || count(said, " restored ") > 0, "nothing was restored");
    }

    /** Until it reads the log, or has ended; a machine with much to do may take half a minute for that. */
    private static void awaitReading(Process agent, Path said) throws IOException, InterruptedException {
        for (int i = 0; i < 3000 && agent.isAlive(); i++) {
            String all = Files.readString(said);
            if (all.indexOf(" reading ", all.lastIndexOf(NEXT)) > 0) {
                return;
            }
            Thread.sleep(20);
        }
    }

    /** Too small for the filler's taste. Skips the test where nothing can be mounted. */
    private Path smallDisk() throws Exception {
        return opened.add(SmallDisk.mount(directory.resolve("disk"), "size=48m"))
                .dir();
    }

    /** A kill, or what else there is; the state afterwards may be one that no agent would have left. */
    private static void end(Process agent, Path live, Trouble trouble, int kill, Random random) throws Exception {
        Path state = live.resolve("state.mv.db");
        int choice = random.nextInt(4);
        if (trouble != Trouble.DAMAGE || kill < 3) {
            agent.destroyForcibly().waitFor();
        } else if (kill == 3 || choice == 0) {
            agent.destroyForcibly().waitFor();
            try (H2Store store = H2Store.open("jdbc:h2:file:" + live.resolve("state"))) {
                store.snapshot(Instant.now()); // an agent does so once an hour
            }
        } else if (choice == 1) {
            agent.destroyForcibly().waitFor();
            try (FileChannel file = FileChannel.open(state, StandardOpenOption.WRITE)) {
                file.truncate((long) (random.nextDouble() * file.size()));
            }
        } else {
            if (choice == 2) {
                agent.destroyForcibly().waitFor();
            } else {
                agent.destroy();
                assertTrue(agent.waitFor(30, TimeUnit.SECONDS), "the agent does not stop");
            }
            flipBit(state, random);
        }
    }

    /** As a worn disk does: without a new time of change. */
    private static void flipBit(Path file, Random random) throws IOException {
        FileTime modified = Files.getLastModifiedTime(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long at = random.nextLong(channel.size());
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, at);
            one.put(0, (byte) (one.get(0) ^ 1 << random.nextInt(Byte.SIZE))).rewind();
            channel.write(one, at);
        }
        Files.setLastModifiedTime(file, modified);
    }

    private static long count(Path said, String words) throws IOException {
        try (Stream<String> lines = Files.lines(said)) {
            return lines.filter(line -> line.contains(words)).count();
        }
    }

    /** {@code scan} over the whole log tells the same bans, victims and scores as what the agent has written down. */
    private static void assertEqualsScan(Path live, Path whole) throws Exception {
        Object scan = Program.run(Program.postbane(
                        "scan", "--json", "--zone", "UTC", "--config", live.toString(), whole.toString()))
                .mustBe(0)
                .json();
        Instant end = Instant.EPOCH;
        for (Object client : Json.list(scan, "clients")) {
            Instant last = Instant.parse(Json.at(client, "lastSeen").toString());
            end = last.isAfter(end) ? last : end;
        }
        List<String> said = new ArrayList<>();
        Json.list(scan, "bans")
                .forEach(ban -> said.add("ban of %s by %s from %s until %s"
                        .formatted(
                                Json.at(ban, "subject"),
                                Json.at(ban, "jail"),
                                Json.at(ban, "from"),
                                Json.at(ban, "until"))));
        for (Object client : Json.list(scan, "clients")) {
            if (!Json.at(client, "victims").equals(0)
                    && Json.at(client, "client").toString().indexOf(':') < 0) {
                said.add("%s: %s victims, score %.3f"
                        .formatted(
                                Json.at(client, "client"),
                                Json.at(client, "victims"),
                                ((Number) Json.at(client, "score")).doubleValue()));
            }
        }
        List<String> found = new ArrayList<>();
        try (Connection open = new org.h2.Driver().connect("jdbc:h2:file:" + live.resolve("state"), new Properties());
                Statement s = open.createStatement()) {
            try (ResultSet row = s.executeQuery("SELECT subject, jail, from_at, until_at FROM ended_ban UNION ALL"
                    + " SELECT subject, jail, from_at, until_at FROM ban")) {
                while (row.next()) {
                    found.add("ban of %s by %s from %s until %s"
                            .formatted(row.getString(1), row.getString(2), time(row.getLong(3)), time(row.getLong(4))));
                }
            }
            try (ResultSet row = s.executeQuery(
                    "SELECT subject, victims, points, as_of FROM standing WHERE jail = 'measure' AND victims > 0"
                            + " AND LOCATE(':', subject) = 0")) {
                while (row.next()) {
                    double days = Math.max(
                            0, Duration.between(time(row.getLong(4)), end).toMillis() / 86_400_000.0);
                    found.add("%s: %d victims, score %.3f"
                            .formatted(
                                    row.getString(1),
                                    row.getLong(2),
                                    1 - Math.exp(-row.getDouble(3) * Math.pow(0.5, days / 14) / 20)));
                }
            }
        }
        said.sort(null);
        found.sort(null);
        assertEquals(String.join("\n", said), String.join("\n", found));
    }

    private static Instant time(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }

    private Path configuration(Path made, Path log) throws IOException {
        Files.createDirectory(made);
        Files.writeString(made.resolve("postbane.conf"), CONF.formatted(made, log));
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
    /** Lets it read what is left, however long that takes on a machine with much to do. */
    private static void finish(Process agent, Path live, Path said) throws Exception {
        awaitReading(agent, said);
        int times = 0; // in which nothing was left: a rotated file may not have been found at the first
        for (int i = 0; i < 400 && times < 3 && agent.isAlive(); i++) {
            times = hasReadAll(live) ? times + 1 : 0;
            Thread.sleep(500);
        }
        Thread.sleep(LINGER.toMillis());
        assertTrue(agent.isAlive(), () -> text(said));
        agent.destroy();
        assertTrue(agent.waitFor(30, TimeUnit.SECONDS), "the agent does not stop");
    }

    private static boolean hasReadAll(Path live) throws Exception {
        Program.Outcome status = Program.run(Program.postbane("status", "--json", "--config", live.toString()));
        return status.status() == 0
                && Json.list(status.json(), "sources").stream()
                        .allMatch(source -> ((Number) Json.at(source, "backlog")).longValue() == 0);
    }

    /** What one look at the whole log gives. */
    private List<String> expected(Path log, Path whole) throws Exception {
        Path once = configuration(directory.resolve("once"), log);
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
        List<String> rest = new ArrayList<>(some);
        others.forEach(rest::remove); // one for one: a row that is there twice is one too many
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
