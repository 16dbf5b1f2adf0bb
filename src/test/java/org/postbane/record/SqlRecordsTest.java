package org.postbane.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postbane.correlate.Deed;
import org.postbane.correlate.Deed.Trial;
import org.postbane.correlate.Origin;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;
import org.postbane.model.Subject;
import org.postbane.store.H2Store;
import org.postbane.testing.RealDatabase;
import org.postbane.testing.RealDatabase.Product;

/** Records on their way through the outbox into each database that they are for. */
@Timeout(240)
class SqlRecordsTest {

    private static final Instant START = Instant.parse("2026-11-21T09:00:00Z");
    /** Nothing is gathered any more by then. */
    private static final Instant LATER = START.plus(Duration.ofDays(1));

    private static final int PORT = 33071;

    /** As postlog-sa's manual has it. */
    private static final String SPAMMERS = """
            CREATE TABLE `spammers` (
               `client` varchar(255) NOT NULL COMMENT 'Client address',
               `created` datetime NOT NULL COMMENT 'Record date in the log',
               `spam_victims_score` int(10) NOT NULL DEFAULT '0' COMMENT 'Recipeints count',
               PRIMARY KEY (`client`,`created`)
            ) ENGINE=MyISAM DEFAULT CHARSET=utf8 COMMENT='Spammers log'""";

    private static final String ORIGINAL = """
            INSERT INTO `spammers`(`client`, `created`, `spam_victims_score`) \\
                VALUES(?f, ?t, ?s), (?c, ?t, ?s) \\
                ON DUPLICATE KEY UPDATE `client` = `client`""";

    private static final String PLAIN =
            "INSERT INTO dirty (queue_id, message_id, sender, client, victims, login, verdict) VALUES (?i, ?m, ?f, ?c, ?s, ?u, ?v)";
    private static final String STATISTICS =
            "INSERT INTO statistics (login, ip, sender, recipient, at, score) VALUES (?u, ?c, ?f, ?r, ?t, ?p)";

    @TempDir
    Path dir;

    private static Origin origin(int number, @Nullable String account, String sender) {
        return new Origin(
                ((Subject.Client) Subject.parse("192.0.2." + number % 250)).prefix(),
                account,
                sender,
                QueueId.parse("%011X".formatted(number + 1)),
                "<m" + number + "@x>");
    }

    private static void spam(Recorder recorder, int number, String... recipients) {
        Instant at = START.plusSeconds(number);
        Origin origin = origin(number, null, "s" + number + "@x.example");
        recorder.accept(new Deed.Judged(at, origin, Judgement.SPAM, null, Trial.SPAM, 12.5, "amavis", false));
        recorder.accept(new Deed.Victims(
                at, origin, Judgement.SPAM, recipients.length, at.minusSeconds(3), List.of(recipients)));
    }

    private static void clean(Recorder recorder, int number, String account, String... recipients) {
        Instant at = START.plusSeconds(number);
        Origin origin = origin(number, account, "me@example.org");
        recorder.accept(new Deed.Judged(at, origin, Judgement.CLEAN, null, Trial.HAM, -1.5, "amavis", false));
        recorder.accept(new Deed.Delivered(at, origin, at, List.of(recipients)));
    }

    private static SqlSettings settings(RealDatabase database, @Nullable String query, @Nullable String statistics) {
        return new SqlSettings(
                database.settings(),
                Optional.ofNullable(query).map(RecordStatement::parse),
                Optional.ofNullable(statistics).map(RecordStatement::parse),
                100_000);
    }

    private static Recorder recorder(SqlSettings sql, H2Store store) throws Exception {
        return Recorder.of(new RecordSettings(false, Optional.empty(), Optional.of(sql)), store.outbox());
    }

    /** As the agent does with each batch. */
    private static void turn(Recorder recorder, H2Store store) throws Exception {
        recorder.save();
        store.commit();
        recorder.write();
    }

    private static void drain(Recorder recorder, H2Store store) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(100).toNanos();
        while (recorder.hasReady() || store.outbox().waiting() > 0) {
            turn(recorder, store);
            Thread.sleep(10);
            if (System.nanoTime() - end > 0) {
                break; // the caller sees what is missing
            }
        }
    }

    private static void makeTables(RealDatabase database) throws Exception {
        database.sql(
                "CREATE TABLE dirty (queue_id VARCHAR(40), message_id VARCHAR(255), sender VARCHAR(255), client VARCHAR(45),"
                        + " victims INT, login VARCHAR(255), verdict VARCHAR(10))");
        database.sql(
                "CREATE TABLE statistics (login VARCHAR(255), ip VARCHAR(45), sender VARCHAR(255), recipient VARCHAR(255),"
                        + " at TIMESTAMP NULL, score FLOAT)");
    }

    private H2Store store() throws Exception {
        return H2Store.open("jdbc:h2:file:" + dir.resolve("state"));
    }

    @Test
    void originalStatement_ofPostlogSa_writesSendersAndClients() throws Exception {
        RealDatabase.needed(Product.MARIADB);
        try (RealDatabase database = RealDatabase.start(Product.MARIADB, PORT);
                H2Store store = store();
                Recorder recorder = recorder(settings(database, ORIGINAL, null), store)) {
            database.sql(SPAMMERS);
            spam(recorder, 1, "a@example.org", "b@example.org");
            spam(recorder, 2, "a@example.org");
            recorder.advance(LATER);

            drain(recorder, store);

            assertEquals(
                    List.of("192.0.2.1|2", "192.0.2.2|1", "s1@x.example|2", "s2@x.example|1"),
                    database.sql("SELECT client, spam_victims_score FROM spammers ORDER BY client"));
            assertEquals(List.of("2"), database.sql("SELECT COUNT(DISTINCT created) FROM spammers"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void messages_ofEachKind_haveTheirRows(Product product) throws Exception {
        RealDatabase.needed(product);
        try (RealDatabase database = RealDatabase.start(product, PORT);
                H2Store store = store();
                Recorder recorder = recorder(settings(database, PLAIN, STATISTICS), store)) {
            makeTables(database);
            spam(recorder, 1, "a@example.org", "b@example.org");
            clean(recorder, 2, "bob@example.org", "x@example.net", "y@example.net");
            Origin hostile = origin(3, "o'brien\u0000\ud83d\ude00", "'); DROP TABLE dirty; --\\@x");
            recorder.accept(new Deed.Judged(
                    START.plusSeconds(3), hostile, Judgement.VIRUS, null, Trial.SPAM, Double.NaN, "amavis", false));
            recorder.accept(new Deed.Victims(START.plusSeconds(3), hostile, Judgement.VIRUS, 1));
            recorder.advance(LATER);

            drain(recorder, store);

            assertEquals(
                    List.of(
                            "00000000002|<m1@x>|s1@x.example|192.0.2.1|2||spam",
                            "00000000004|<m3@x>|'); DROP TABLE dirty; --\\@x|192.0.2.3|1|o'brien???|virus"),
                    database.sql(
                            "SELECT queue_id, message_id, sender, client, victims, login, verdict FROM dirty ORDER BY client"));
            assertEquals(
                    List.of(
                            "|192.0.2.1|s1@x.example|a@example.org|12.5",
                            "|192.0.2.1|s1@x.example|b@example.org|12.5",
                            "bob@example.org|192.0.2.2|me@example.org|x@example.net|-1.5",
                            "bob@example.org|192.0.2.2|me@example.org|y@example.net|-1.5",
                            "o'brien???|192.0.2.3|'); DROP TABLE dirty; --\\@x||null"),
                    database.sql("SELECT login, ip, sender, recipient, score FROM statistics ORDER BY ip, recipient"));
        }
    }

    /** The server dies twice in a burst, once for a while; the agent dies in the middle of it, too. */
    @ParameterizedTest
    @EnumSource(names = {"MARIADB", "POSTGRESQL"})
    void server_awayInABurst_getsEachRecordOnce(Product product) throws Exception {
        RealDatabase.needed(product);
        int messages = 6000;
        try (RealDatabase database = RealDatabase.start(product, PORT);
                H2Store store = store()) {
            makeTables(database);
            SqlSettings settings = settings(database, PLAIN, null);
            Recorder recorder = recorder(settings, store);
            long slowest = 0;
            for (int i = 0; i < messages; i++) {
                if (i == messages / 4 || i == messages / 2) {
                    database.kill();
                }
                if (i == messages / 3) {
                    database.start();
                }
                if (i == messages * 5 / 8) { // what was handed over is not acknowledged
                    turn(recorder, store);
                    recorder = recorder(settings, store);
                }
                spam(recorder, i, "a@example.org");
                if (i % 50 == 0) {
                    long before = System.nanoTime();
                    turn(recorder, store);
                    slowest = Math.max(slowest, System.nanoTime() - before);
                }
            }
            recorder.advance(LATER);
            turn(recorder, store);
            Thread.sleep(5000); // a minute: the whole program's test
            database.start();

            drain(recorder, store);

            List<String> missing = new ArrayList<>(
                    IntStream.range(0, messages).mapToObj("<m%d@x>"::formatted).toList());
            List<String> found = database.sql("SELECT message_id FROM dirty");
            missing.removeAll(new HashSet<>(found));
            assertEquals(List.of(), missing);
            assertEquals(messages, found.size(), "some came twice");
            assertEquals(0, store.outbox().waiting());
            assertTrue(slowest < 5_000_000_000L, "the pipeline waited " + slowest / 1_000_000 + " ms");
            recorder.close();
        }
    }

    /** What is not committed before the agent dies, its lines tell again; what is, they do not. */
    @Test
    void gathered_agentDiesInBetween_isRecordedOnceAndWhole() throws Exception {
        try (RealDatabase database = RealDatabase.start(Product.H2, PORT)) {
            makeTables(database);
            SqlSettings settings = settings(database, PLAIN, STATISTICS);
            Origin bad = origin(1, "bob", "s@x.example");
            Origin good = origin(2, null, "t@x.example");
            Instant at = START.plusSeconds(1);
            Deed.Victims second =
                    new Deed.Victims(at, bad, Judgement.SPAM, 1, START, List.of("a@example.org", "b@example.org"));
            try (H2Store store = store();
                    Recorder recorder = recorder(settings, store)) {
                recorder.accept(new Deed.Judged(START, bad, Judgement.SPAM, null, Trial.SPAM, 12.5, "amavis", false));
                recorder.accept(new Deed.Victims(START, bad, Judgement.SPAM, 1, START, List.of("a@example.org")));
                recorder.accept(new Deed.Trapped(START, bad, "trap@example.org", Trial.UNCHANGED, true));
                recorder.accept(new Deed.Judged(START, good, Judgement.CLEAN, null, Trial.HAM, -1, "rspamd", false));
                clean(recorder, 3, "carol", "d@example.net"); // done within its batch
                turn(recorder, store);
                recorder.accept(second);
            }
            try (H2Store store = store();
                    Recorder recorder = recorder(settings, store)) {
                recorder.accept(second);
                turn(recorder, store);
                recorder.advance(START.plusSeconds(10)); // and is not committed
            }
            try (H2Store store = store();
                    Recorder recorder = recorder(settings, store)) {
                recorder.accept(new Deed.Delivered(at, good, START, List.of("c@example.net")));
                recorder.advance(START.plusSeconds(10));
                drain(recorder, store);
                recorder.finish();
                turn(recorder, store);
            }
            try (H2Store store = store();
                    Recorder recorder = recorder(settings, store)) {
                recorder.advance(LATER);
                drain(recorder, store);
            }

            assertEquals(
                    List.of("00000000002|<m1@x>|s@x.example|192.0.2.1|2|bob|spam"),
                    database.sql("SELECT queue_id, message_id, sender, client, victims, login, verdict FROM dirty"));
            assertEquals(
                    List.of(
                            "bob|a@example.org|12.5",
                            "bob|b@example.org|12.5",
                            "|c@example.net|-1.0",
                            "carol|d@example.net|-1.5"),
                    database.sql("SELECT login, recipient, score FROM statistics ORDER BY recipient"));
        }
    }

    @Test
    void record_thatTheServerRefuses_isPassedOver() throws Exception {
        try (RealDatabase database = RealDatabase.start(Product.H2, PORT);
                H2Store store = store();
                Recorder recorder =
                        recorder(settings(database, "INSERT INTO small (sender) VALUES (?f)", null), store)) {
            database.sql("CREATE TABLE small (sender VARCHAR(12) NOT NULL)");
            spam(recorder, 1, "a@example.org");
            spam(recorder, 1000, "a@example.org"); // longer than the column
            spam(recorder, 2, "a@example.org");
            recorder.advance(LATER);

            drain(recorder, store);

            assertEquals(List.of("s1@x.example", "s2@x.example"), database.sql("SELECT sender FROM small ORDER BY 1"));
        }
    }

    @Test
    void outbox_overItsBound_losesTheOldest() throws Exception {
        try (RealDatabase database = RealDatabase.start(Product.H2, PORT);
                H2Store store = store()) {
            SqlSettings small = new SqlSettings(
                    database.settings(), Optional.of(RecordStatement.parse(PLAIN)), Optional.empty(), 10);
            try (Recorder recorder = recorder(small, store)) { // there is no table
                for (int i = 0; i < 30; i++) {
                    spam(recorder, i, "a@example.org");
                }
                recorder.advance(LATER);
                turn(recorder, store);
                turn(recorder, store);

                assertEquals(10, store.outbox().waiting());
                Recorder.DatabaseStatus failing = Objects.requireNonNull(recorder.database());
                for (int i = 0; i < 500 && failing.lastError() == null; i++) {
                    Thread.sleep(10);
                    failing = Objects.requireNonNull(recorder.database());
                }
                assertEquals(10, failing.waiting());
                assertEquals(20, failing.lost());
                assertTrue(String.valueOf(failing.lastError()).contains("DIRTY"), failing.lastError());
                makeTables(database);
                drain(recorder, store);
                Recorder.DatabaseStatus well = Objects.requireNonNull(recorder.database());
                assertEquals(0, well.waiting());
                assertNull(well.lastError());
            }

            assertEquals(
                    IntStream.range(20, 30).mapToObj("<m%d@x>"::formatted).toList(),
                    database.sql("SELECT message_id FROM dirty ORDER BY message_id"));
        }
    }

    @Test
    void outbox_afterRestart_goesOnWithItsNumbers() throws Exception {
        String identity;
        try (H2Store store = store()) {
            RecordOutbox outbox = store.outbox();
            identity = outbox.identity();
            outbox.add(new byte[] {1});
            outbox.add(new byte[] {2});
            store.commit();
            outbox.sent(2);
            store.commit();
            assertEquals(0, outbox.waiting());
        }
        try (H2Store store = store()) {
            RecordOutbox outbox = store.outbox();
            outbox.add(new byte[] {3});
            store.commit();

            assertEquals(identity, outbox.identity());
            assertEquals(
                    List.of(3L),
                    outbox.oldest(10).stream().map(RecordOutbox.Row::id).toList());
        }
    }

    @Test
    void parse_ofPlaceholders_bindsThemAndLeavesQuotesAlone() {
        RecordStatement statement = RecordStatement.parse("INSERT INTO t VALUES (?i, 'what?c', \"?\", ?p)\\\n  ON ?v");

        assertEquals("INSERT INTO t VALUES (?, 'what?c', \"?\", ?) ON ?", statement.text());
        assertEquals(List.of('i', 'p', 'v'), statement.letters());
        assertThrows(IllegalArgumentException.class, () -> RecordStatement.parse("INSERT INTO t VALUES (?x)"));
        assertThrows(IllegalArgumentException.class, () -> RecordStatement.parse("INSERT INTO t VALUES (?)"));
        assertThrows(IllegalArgumentException.class, () -> RecordStatement.parse("INSERT INTO t VALUES ('?i)"));
        assertThrows(IllegalArgumentException.class, () -> RecordStatement.parse("SELECT ?i"));
    }
}
