package org.postbane.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postbane.decide.Ban;
import org.postbane.model.Subject;
import org.postbane.source.Position;
import org.postbane.store.StoreException.Kind;

/** What a database file that was damaged does to us. */
class H2DamageTest {

    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final int AT_SNAPSHOT = 300;
    private static final int AT_END = 500;

    @TempDir
    Path directory;

    private Path file = Path.of("state.mv.db");

    @BeforeEach
    void fill() throws StoreException {
        file = directory.resolve("state.mv.db");
        try (H2Store store = open()) {
            save(store, 1, 100);
            store.snapshot(NOW.minusSeconds(7200));
            save(store, 101, 200);
            store.snapshot(NOW.minusSeconds(3600));
            save(store, 201, AT_SNAPSHOT);
            store.snapshot(NOW);
            save(store, AT_SNAPSHOT + 1, AT_END);
        }
    }

    private H2Store open() throws StoreException {
        return H2Store.open("jdbc:h2:file:" + directory.resolve("state"));
    }

    private static void save(H2Store store, int from, int to) throws StoreException {
        for (int n = from; n <= to; n++) {
            Subject subject = Subject.parse("192.0.%d.%d".formatted(n / 250, n % 250));
            store.save(new Ban(subject, "spam", NOW, Instant.MAX, "ban " + n + " " + "x".repeat(200)));
            store.save("mail", new Position("(dev=1,ino=2)", n));
            if (n % 20 == 0) {
                store.commit();
            }
        }
    }

    private List<String> files(String glob) throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, glob)) {
            found.forEach(path -> names.add(path.getFileName().toString()));
        }
        names.sort(null);
        return names;
    }

    /** Positions and the rest are of one moment. */
    private static int consistent(H2Store store) {
        int n = (int) store.position("mail").map(Position::offset).orElse(-1L).longValue();
        assertEquals(n, store.inForce().size());
        return n;
    }

    /** As a worn disk does: without a new time of change. */
    private void flip(long at) throws IOException {
        FileTime modified = Files.getLastModifiedTime(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            var one = java.nio.ByteBuffer.allocate(1);
            channel.read(one, at);
            one.put(0, (byte) (one.get(0) ^ 0x10)).rewind();
            channel.write(one, at);
        }
        Files.setLastModifiedTime(file, modified);
    }

    @Test
    void snapshots_twoAreKept_theNewest() throws IOException {
        assertEquals(
                List.of(
                        "state.snapshot-%d.zip".formatted(NOW.getEpochSecond() - 3600),
                        "state.snapshot-%d.zip".formatted(NOW.getEpochSecond())),
                files("*snapshot*"));
    }

    /** As after a kill in the middle of a restore. */
    @Test
    void gone_isRestored() throws IOException {
        Files.delete(file);

        try (H2Store store = open()) {
            assertEquals(AT_SNAPSHOT, consistent(store));
        }
        assertEquals(List.of(), files("*damaged*"));
    }

    /** What is kept aside must not hinder it. */
    @Test
    void snapshot_afterARestore_isMade() throws IOException {
        flip(20_000);
        try (H2Store store = open()) {
            save(store, AT_SNAPSHOT + 1, AT_END);
            store.snapshot(NOW.plusSeconds(3600));
        }
        flip(20_000);

        try (H2Store store = open()) {
            assertEquals(AT_END, consistent(store));
        }
        assertEquals(List.of("state.mv.db.damaged-1", "state.mv.db.damaged-2"), files("*damaged*"));
    }

    /** The one made last is the newest, and the database is no older than it. */
    @Test
    void snapshot_clockWasSetBack_isTheNewest() throws IOException {
        try (H2Store store = open()) {
            save(store, AT_END + 1, AT_END + 20);
            store.snapshot(NOW.minusSeconds(86_400));
        }
        try (H2Store store = open()) {
            assertEquals(AT_END + 20, consistent(store));
        }
        flip(20_000);

        try (H2Store store = open()) {
            assertEquals(AT_END + 20, consistent(store));
        }
    }

    @Test
    void sound_isOpenedAsItWas() throws IOException {
        try (H2Store store = open()) {
            assertEquals(AT_END, consistent(store));
        }
        assertEquals(List.of(), files("*damaged*"));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.001, 0.3, 0.5, 0.9, 0.999})
    void truncated_isKeptAside_andRestored(double share) throws IOException {
        byte[] damaged;
        FileTime modified = Files.getLastModifiedTime(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate((long) (share * channel.size()));
        }
        Files.setLastModifiedTime(file, modified);
        damaged = Files.readAllBytes(file);

        try (H2Store store = open()) {
            assertEquals(AT_SNAPSHOT, consistent(store));
        }

        assertArrayEquals(damaged, Files.readAllBytes(directory.resolve("state.mv.db.damaged-1")));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void bitFlipped_isKeptAside_andRestored(long seed) throws IOException {
        flip(new Random(seed).nextLong(Files.size(file)));

        try (H2Store store = open()) {
            assertEquals(AT_SNAPSHOT, consistent(store));
        }

        assertEquals(List.of("state.mv.db.damaged-1"), files("*damaged*"));
    }

    /** Without the checksum, and with nothing wrong in the structure of the file. */
    @Test
    void afterACrash_aTextChanged_isRestored() throws IOException {
        Files.delete(directory.resolve("state.sum"));
        byte[] bytes = Files.readAllBytes(file);
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        for (int at = text.indexOf("ban 499"); at >= 0; at = text.indexOf("ban 499", at + 1)) {
            bytes[at] = 'B';
        }
        Files.write(file, bytes);

        try (H2Store store = open()) {
            assertEquals(AT_SNAPSHOT, consistent(store));
        }
    }

    /** Without the checksum: H2 opens what it finds, as it was some time ago; not longer ago than the newest snapshot. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void afterACrash_truncated_isNeverEmptied(long seed) throws IOException {
        Files.delete(directory.resolve("state.sum"));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(seed == 1 ? 0 : new Random(seed).nextLong(channel.size()));
        }

        try (H2Store store = open()) {
            int n = consistent(store);
            assertTrue(n >= AT_SNAPSHOT, () -> "found " + n);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void afterACrash_manyBytesFlipped_isRestored(long seed) throws IOException {
        Files.delete(directory.resolve("state.sum"));
        Random random = new Random(seed);
        for (int i = 0; i < 200; i++) {
            flip(8192 + random.nextLong(Files.size(file) - 8192));
        }

        try (H2Store store = open()) {
            assertEquals(AT_SNAPSHOT, consistent(store));
        }
    }

    @Test
    void newestSnapshot_damagedToo_theOneBeforeIsTaken() throws IOException {
        flip(20_000);
        Path newest = directory.resolve("state.snapshot-%d.zip".formatted(NOW.getEpochSecond()));
        Files.write(newest, new byte[100]);

        try (H2Store store = open()) {
            assertEquals(200, consistent(store));
        }
    }

    @Test
    void noSnapshot_isRefused_andNothingIsTouched() throws IOException {
        for (String snapshot : files("*snapshot*")) {
            Files.delete(directory.resolve(snapshot));
        }
        flip(20_000);
        byte[] damaged = Files.readAllBytes(file);

        StoreException e = assertThrows(StoreException.class, this::open);

        assertEquals(
                Kind.DAMAGED, assertThrows(StoreException.class, this::open).kind(), "a second time too");
        assertEquals(Kind.DAMAGED, e.kind());
        assertTrue(String.valueOf(e.getMessage()).endsWith("there is no snapshot: move the file away to begin anew"));
        assertArrayEquals(damaged, Files.readAllBytes(file));
    }

    @Test
    void restored_goesOnAsBefore() throws IOException {
        flip(20_000);
        try (H2Store store = open()) {
            save(store, AT_SNAPSHOT + 1, AT_END);
            store.commit();
        }

        try (H2Store store = open()) {
            assertEquals(AT_END, consistent(store));
            assertNotNull(store.inForce());
        }
    }
}
