package org.postbane.store;

import static java.nio.file.attribute.PosixFilePermission.OWNER_EXECUTE;
import static java.nio.file.attribute.PosixFilePermission.OWNER_READ;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.postbane.store.StateStoreContract.CLIENT;
import static org.postbane.store.StateStoreContract.NOON;
import static org.postbane.store.StateStoreContract.ban;
import static org.postbane.store.StateStoreContract.offence;
import static org.postbane.store.StateStoreContract.standing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.h2.Driver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postbane.decide.Decision.Cause;
import org.postbane.model.Subject;
import org.postbane.source.Position;
import org.postbane.store.StoreException.Kind;
import org.postbane.testing.Opened;
import org.postbane.testing.SmallDisk;

/** What only a store on disk can get wrong. */
final class H2StoreTest {

    @RegisterExtension
    final Opened opened = new Opened();

    @TempDir
    Path directory;

    private Path base() {
        return directory.resolve("postbane/state");
    }

    private Path file() {
        return directory.resolve("postbane/state.mv.db");
    }

    private H2Store open() throws StoreException {
        return open(base());
    }

    private static H2Store open(Path base) throws StoreException {
        return H2Store.open("jdbc:h2:file:" + base);
    }

    private static String rights(Path path) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/var/lib/postbane/state",
                "jdbc:h2:mem:state",
                "jdbc:h2:file:",
                "jdbc:h2:file:state",
                "jdbc:h2:file:~/state",
                "jdbc:h2:file:/var/lib/postbane/",
                "jdbc:h2:file:/state;INIT=RUNSCRIPT FROM 'x'",
                "jdbc:mysql://localhost/state"
            })
    void url_ofAnotherShape_isRefused(String url) {
        assertThrows(IllegalArgumentException.class, () -> H2Store.requireUrl(url));
    }

    @Test
    void open_nothingThere_makesFilesThatOthersCannotRead() throws Exception {
        try (H2Store store = open()) {
            store.save(ban(CLIENT, "spam", NOON.plusSeconds(1)));
            store.sync();
        }
        open().close();

        assertEquals("rwxr-x---", rights(directory.resolve("postbane")));
        assertEquals("rw-r-----", rights(file()));
        Path sum = directory.resolve("postbane/state.sum");
        assertEquals("rw-r-----", rights(sum));
        try (var files = Files.list(directory.resolve("postbane"))) {
            assertEquals(Set.of(file(), sum), files.collect(Collectors.toSet()));
        }
    }

    @Test
    void open_twiceInOneProcess_isRefused() throws Exception {
        try (H2Store store = open()) {
            StoreException e = assertThrows(StoreException.class, this::open);

            assertEquals(Kind.IN_USE, e.kind());
            assertEquals(Optional.empty(), store.position("mail"));
        }
    }

    @Test
    void open_directoryIsAFile_saysSo() throws Exception {
        Files.createFile(directory.resolve("postbane"));

        StoreException e = assertThrows(StoreException.class, this::open);

        assertEquals(Kind.NOT_ALLOWED, e.kind());
        assertEquals(
                "cannot open %s: %s is no directory".formatted(file(), directory.resolve("postbane")), e.getMessage());
    }

    @Test
    void open_placeThatCannotBeWritten_saysSo() throws Exception {
        Path place = directory.resolve("place");
        if ("root".equals(System.getProperty("user.name"))) {
            opened.add(SmallDisk.mount(place, "ro"));
        } else {
            Files.createDirectory(place, PosixFilePermissions.asFileAttribute(Set.of(OWNER_READ, OWNER_EXECUTE)));
        }

        StoreException e = assertThrows(StoreException.class, () -> open(place.resolve("sub/state")));

        assertEquals(Kind.NOT_ALLOWED, e.kind());
        assertTrue(e.toString().contains("cannot make " + place.resolve("sub/state.mv.db") + ": "), e.toString());
    }

    @Test
    void open_noDatabase_saysSoAndLeavesItAlone() throws Exception {
        Files.createDirectory(directory.resolve("postbane"));
        Files.writeString(file(), "not a database\n".repeat(1000));

        StoreException e = assertThrows(StoreException.class, this::open);

        assertEquals(Kind.DAMAGED, e.kind());
        assertTrue(
                String.valueOf(e.getMessage()).startsWith("cannot open %s: it is damaged".formatted(file())),
                e::toString);
        assertEquals("not a database\n".repeat(1000), Files.readString(file()));
    }

    @Test
    void open_newerSchema_isRefused() throws Exception {
        open().close();
        try (Connection c = new Driver().connect("jdbc:h2:file:" + base(), new Properties());
                Statement s = c.createStatement()) {
            s.execute("UPDATE meta SET version = version + 1");
        }

        StoreException e = assertThrows(StoreException.class, this::open);

        assertEquals(Kind.TOO_NEW, e.kind());
        assertEquals(
                "cannot use %s: a newer version wrote it (schema %d, known is %d)"
                        .formatted(file(), H2File.SCHEMA + 1, H2File.SCHEMA),
                e.getMessage());
    }

    @Test
    void open_ofTheSchemaWithoutSums_isTakenOver() throws Exception {
        try (H2Store store = open()) {
            store.save(ban(CLIENT, "spam", Instant.MAX));
            store.saveRow("mail 1", new byte[] {1, 2, 3});
            store.commit();
            store.snapshot(NOON);
        }
        try (Connection c = new Driver().connect("jdbc:h2:file:" + base(), new Properties());
                Statement s = c.createStatement()) {
            for (String table : List.of("read_position", "open_message", "standing", "offence", "ban", "ended_ban")) {
                s.execute("ALTER TABLE " + table + " DROP COLUMN row_sum");
            }
            s.execute("ALTER TABLE meta DROP COLUMN newest_snapshot");
            s.execute("UPDATE meta SET version = 1");
        }

        try (H2Store store = open()) {
            assertEquals(1, store.inForce().size());
            store.forEachRow((key, row) -> fail(key + " is in a form that nobody can read any more"));
            store.save(ban(CLIENT, "trap", Instant.MAX));
            store.commit();
        }

        try (H2Store store = open()) {
            assertEquals(2, store.inForce().size());
        }
    }

    @Test
    void open_killedWhileTheTablesWereMade_makesTheRest() throws Exception {
        open().close();
        try (Connection c = new Driver().connect("jdbc:h2:file:" + base(), new Properties());
                Statement s = c.createStatement()) {
            s.execute("DELETE FROM meta");
            s.execute("DROP TABLE ended_ban");
        }

        try (H2Store store = open()) {
            assertEquals(0, store.earlier(CLIENT, "spam"));
        }
    }

    @Test
    void close_withoutCommit_dropsTheHalfBatch() throws Exception {
        try (H2Store store = open()) {
            store.save("mail", new Position("", 1));
            store.commit();
            store.save("mail", new Position("", 2));
        }

        try (H2Store store = open()) {
            assertEquals(Optional.of(new Position("", 1)), store.position("mail"));
        }
    }

    @Test
    void close_twice_isHarmless() throws Exception {
        H2Store store = open();
        store.close();
        store.close();

        store.save("mail", new Position("", 1));
        assertThrows(IllegalStateException.class, store::commit);
    }

    @Test
    void commit_interrupted_canBeRepeated() throws Exception {
        try (H2Store store = open()) {
            store.append(offence(CLIENT, NOON, "before"));
            store.commit();
            store.append(offence(CLIENT, NOON, "interrupted"));
            Thread.currentThread().interrupt();
            StoreException e = assertThrows(StoreException.class, store::commit);
            assertTrue(Thread.interrupted(), e.toString());

            store.commit();
        }

        try (H2Store store = open()) {
            assertEquals(
                    List.of(offence(CLIENT, NOON, "interrupted"), offence(CLIENT, NOON, "before")),
                    store.offences(CLIENT, 9));
        }
    }

    @Test
    void commit_diskFull_saysSoAndLosesNothing() throws Exception {
        Path place = directory.resolve("place");
        opened.add(SmallDisk.mount(place, "size=3m"));
        Path ballast = Files.write(place.resolve("ballast"), new byte[2 << 20]);
        H2Store store = open(place.resolve("state"));
        store.save(ban(CLIENT, "spam", NOON.plusSeconds(1)));
        store.append(offence(CLIENT, NOON, "before"));
        store.commit();
        store.end(ban(CLIENT, "spam", NOON.plusSeconds(1)), NOON, Cause.EXPIRED);
        store.append(offence(CLIENT, NOON, "while it was full"));
        store.save("mail", new Position("", 1));
        byte[] row = new byte[StateStore.MAX_ROW];
        new Random(1).nextBytes(row);
        store.saveRow("big", row);

        for (int i = 0; i < 3; i++) {
            StoreException e = assertThrows(StoreException.class, store::sync);
            assertEquals(Kind.FAILED, e.kind());
            assertTrue(
                    e.toString().matches(".*: cannot .* " + place + "/state.mv.db: .*No space left on device.*"),
                    e.toString());
            assertEquals(2, store.offences(CLIENT, 9).size());
            assertEquals(1, store.earlier(CLIENT, "spam"));
        }
        Files.delete(ballast);
        store.sync();
        store.close();

        try (H2Store again = open(place.resolve("state"))) {
            assertEquals(Optional.of(new Position("", 1)), again.position("mail"));
            assertEquals(2, again.offences(CLIENT, 9).size());
            assertEquals(1, again.earlier(CLIENT, "spam"));
            assertEquals(List.of(), again.inForce());
            List<Integer> lengths = new ArrayList<>();
            again.forEachRow((key, found) -> lengths.add(found.length));
            assertEquals(List.of(StateStore.MAX_ROW), lengths);
        }
    }

    @Test
    void commit_bigFile_isCompactedOnTheWay() throws Exception {
        byte[] row = new byte[StateStore.MAX_ROW];
        Random random = new Random(1);
        long most = 0;
        try (H2Store store = open()) {
            store.save("spam", CLIENT, standing(1, NOON));
            for (int i = 0; i < 100; i++) {
                random.nextBytes(row);
                store.saveRow("key", row);
                store.save("spam", Subject.parse("account:" + i), standing(1, NOON)); // keeps each piece alive
                store.commit();
                most = Math.max(most, Files.size(file()));
            }
            assertEquals(standing(1, NOON), store.standing("spam", CLIENT));
        }

        assertTrue(most < 64 << 20, "grew to " + most);
        assertTrue(Files.size(file()) < 8 << 20, "closed at " + Files.size(file()));
        assertEquals("rw-r-----", rights(file()));
    }

    @Test
    void commit_noRoomToCompact_goesOnAndLosesNothing() throws Exception {
        Path place = directory.resolve("place");
        opened.add(SmallDisk.mount(place, "size=48m"));
        byte[] row = new byte[StateStore.MAX_ROW];
        Random random = new Random(1);
        try (H2Store store = open(place.resolve("state"))) {
            for (int i = 0; i < 22; i++) {
                random.nextBytes(row);
                store.saveRow("key " + i, row);
                store.commit();
            }
            assertTrue(Files.size(place.resolve("state.mv.db")) > 40 << 20, "big enough to be compacted");
        }

        List<String> keys = new ArrayList<>();
        try (H2Store store = open(place.resolve("state"))) {
            store.forEachRow((key, found) -> keys.add(key));
        }
        assertEquals(22, keys.size());
    }

    @Test
    void commit_tenMinutesOfChanges_keepTheFileBelow64MiB() throws Exception {
        Random random = new Random(1);
        long most = 0;
        try (H2Store store = open()) {
            for (int second = 0; second < 600; second++) {
                for (int i = 0; i < 100; i++) {
                    store.save("spam", Subject.parse("account:" + random.nextInt(20_000)), standing(i, NOON));
                }
                store.save("mail", new Position("", second));
                store.commit();
                most = Math.max(most, Files.size(file()));
            }
        }

        assertTrue(most < 64 << 20, "grew to " + most);
    }

    @Test
    void commit_hundredThousandBans_areReadBack() throws Exception {
        try (H2Store store = open()) {
            for (int i = 0; i < 100_000; i++) {
                String address = "198.%d.%d.%d".formatted(18 + (i >> 16), i >> 8 & 255, i & 255);
                store.save(ban(Subject.parse(address), "spam", NOON.plusSeconds(1 + i)));
            }
            store.sync();
        }

        try (H2Store store = open()) {
            assertEquals(100_000, store.inForce().size());
            assertNull(store.standing("spam", CLIENT));
        }
    }

    private static Set<Subject> untold(H2Store store) {
        Set<Subject> subjects = new HashSet<>();
        store.forEachUntold(ban -> subjects.add(ban.subject()));
        return subjects;
    }

    private static void end(H2Store store, Subject subject) {
        store.save(ban(subject, "spam", NOON.plusSeconds(9)));
        store.end(ban(subject, "spam", NOON.plusSeconds(9)), NOON, Cause.OPERATOR);
    }

    @Test
    void untoldEnds_overRestarts_areThoseSinceAllWereTold() throws Exception {
        try (H2Store store = open()) { // of an agent that nobody asked for them
            end(store, Subject.parse("192.0.2.1"));
            store.commit();
        }
        try (H2Store store = open()) {
            assertEquals(Set.of(), untold(store));
            store.commit();
            end(store, Subject.parse("192.0.2.2"));
            store.commit();
        }
        try (H2Store store = open()) {
            assertEquals(Set.of(Subject.parse("192.0.2.2")), untold(store));
            end(store, Subject.parse("192.0.2.3"));
            store.allTold(); // what is committed by now
            store.commit();
            end(store, Subject.parse("192.0.2.4"));
            store.commit();
            store.allTold(); // and is not committed
        }
        try (H2Store store = open()) {
            assertEquals(Set.of(Subject.parse("192.0.2.3"), Subject.parse("192.0.2.4")), untold(store));
        }
    }
}
