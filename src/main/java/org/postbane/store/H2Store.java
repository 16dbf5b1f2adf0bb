package org.postbane.store;

import static java.util.Comparator.comparing;
import static java.util.Comparator.reverseOrder;

import java.io.UncheckedIOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision.Cause;
import org.postbane.decide.UntoldEnds;
import org.postbane.model.Subject;
import org.postbane.record.RecordOutbox;
import org.postbane.score.Evidence;
import org.postbane.score.Offence;
import org.postbane.score.OffenceKind;
import org.postbane.score.Standing;
import org.postbane.source.Position;
import org.postbane.store.RowSum.Values;
import org.postbane.store.Unsaved.Ended;

/**
 * The store of the daemon: an H2 database in one file. What is saved waits in memory until {@link #commit}, which writes
 * it in one transaction; reads see what waits.
 *
 * <p>From one thread. Memory: one batch, H2's page cache of 8 MiB, and what a read returns. Errors: {@link
 * #commit}, {@link #sync} and {@link #close} throw {@link StoreException}; after a commit that failed (disk full), the
 * batch is kept and the call may be repeated. Every statement may be executed twice without harm, as it is not known whether a commit
 * that failed has reached the disk. Reads throw a StoreException within an {@link UncheckedIOException}.
 *
 * <p>What is to be forgotten goes with the commits that follow, at most {@value #SLICE} rows a table and commit.
 *
 * <p>Known shortcomings: a ban replaced by a newer one of the same jail leaves no trace in the history.
 */
public final class H2Store implements StateStore, UntoldEnds {

    private static final long UNKNOWN = -1;
    private static final int SLICE = 500;
    private static final int BATCH = 1000;
    private static final long MICROS_PER_DAY = 86_400_000_000L;
    private static final String BAN_COLUMNS = "subject, jail, from_at, until_at, reason";

    private final H2File file;
    private final Unsaved unsaved = new Unsaved();
    private @Nullable H2Outbox outbox;
    private long nextOffence;
    private long nextEnded;
    /** The last ended ban that all places know of; {@link #UNKNOWN} before anybody has asked. */
    private long told = UNKNOWN;

    private boolean toldChanged;
    private boolean unsynced = true;
    private @Nullable Instant forgetBefore;
    private @Nullable Instant forgetEndedBefore;

    private H2Store(H2File file) {
        this.file = file;
    }

    /**
     * Opens the database, and makes it where there is none yet; its directory too, for owner and group only.
     *
     * <p>A damaged one is put aside, and the newest good snapshot takes its place, with an ERROR in the log; read positions are
     * as old as the rest, so what was read since is read again.
     *
     * @param url {@code jdbc:h2:file:} and an absolute path without {@code .mv.db}; see {@link #requireUrl}
     * @throws StoreException also if the database is damaged and no snapshot is good; then it is left as it is
     */
    public static H2Store open(String url) throws StoreException {
        H2File file = H2File.open(H2File.pathOf(url));
        H2Store store = new H2Store(file);
        try {
            store.nextOffence = store.after("SELECT MAX(id) FROM offence");
            store.nextEnded = store.after("SELECT MAX(id) FROM ended_ban");
        } catch (SQLException e) {
            throw file.failure("cannot open", e);
        }
        return store;
    }

    /** The records that a database of others is to get; its tables are made with the first call. */
    public RecordOutbox outbox() throws StoreException {
        H2Outbox known = outbox;
        if (known == null) {
            try {
                known = new H2Outbox(file);
            } catch (SQLException e) {
                throw file.failure("cannot open", e);
            }
            outbox = known;
        }
        return known;
    }

    /** Throws {@link IllegalArgumentException} that says what is wrong with {@code url}, without touching any file. */
    public static void requireUrl(String url) {
        H2File.pathOf(url);
    }

    private long after(String max) throws SQLException, StoreException {
        try (ResultSet row = file.prepare(max).executeQuery()) {
            return row.next() ? row.getLong(1) + 1 : 1; // NULL reads as 0
        }
    }

    // positions

    @Override
    public Optional<Position> position(String source) {
        Position waiting = unsaved.positions.get(source);
        return waiting != null
                ? Optional.of(waiting)
                : read(
                                "SELECT identity, byte_offset FROM read_position WHERE source = ?",
                                s -> s.setString(1, source),
                                row -> new Position(row.getString(1), row.getLong(2)))
                        .stream()
                        .findFirst();
    }

    @Override
    public void save(String source, Position position) {
        unsaved.positions.put(source, position);
    }

    // open messages

    @Override
    public void forEachRow(BiConsumer<String, byte[]> visitor) {
        Map<String, Optional<byte[]>> waiting = new HashMap<>(unsaved.rows);
        String after = "";
        List<Map.Entry<String, byte[]>> page;
        do {
            String from = after;
            page = read(
                    "SELECT row_key, content FROM open_message WHERE row_key > ? ORDER BY row_key"
                            + " FETCH FIRST 100 ROWS ONLY",
                    s -> s.setString(1, from),
                    row -> Map.entry(row.getString(1), row.getBytes(2)));
            for (Map.Entry<String, byte[]> row : page) {
                after = row.getKey();
                if (!waiting.containsKey(after)) {
                    visitor.accept(after, row.getValue());
                }
            }
        } while (!page.isEmpty());
        waiting.forEach((key, row) -> row.ifPresent(r -> visitor.accept(key, r.clone())));
    }

    @Override
    public void saveRow(String key, byte[] row) {
        unsaved.rows.put(key, Optional.of(Stored.row(key, row)));
    }

    @Override
    public void removeRow(String key) {
        unsaved.rows.put(key, Optional.empty());
    }

    // scores

    @Override
    public @Nullable Standing standing(String jail, Subject subject) {
        Standing waiting = unsaved.standings.get(new Key(subject, jail));
        if (waiting != null) {
            return waiting;
        }
        List<Standing> found = read(
                "SELECT points, as_of, l20, l40, l60, l80, l95, recent, victims, messages FROM standing"
                        + " WHERE subject = ? AND jail = ?",
                s -> {
                    s.setString(1, subject.toString());
                    s.setString(2, jail);
                },
                row -> new Standing(
                        row.getDouble(1),
                        Micros.at(row.getLong(2)),
                        new Evidence(
                                row.getDouble(3),
                                row.getDouble(4),
                                row.getDouble(5),
                                row.getDouble(6),
                                row.getDouble(7)),
                        WindowBytes.read(row.getBytes(8)),
                        row.getLong(9),
                        row.getLong(10)));
        return found.isEmpty() ? null : found.get(0);
    }

    @Override
    public void save(String jail, Subject subject, Standing standing) {
        unsaved.standings.put(new Key(subject, jail), Stored.of(standing));
    }

    @Override
    public void append(Offence offence) {
        unsaved.offences.add(Stored.of(offence));
    }

    @Override
    public List<Offence> offences(Subject subject, int most) {
        List<Offence> newestFirst = new ArrayList<>();
        for (int i = unsaved.offences.size() - 1; i >= 0; i--) {
            if (unsaved.offences.get(i).subject().equals(subject)) {
                newestFirst.add(unsaved.offences.get(i));
            }
        }
        newestFirst.addAll(read(
                "SELECT done_at, jail, kind, weight, evidence FROM offence WHERE subject = ?"
                        + " ORDER BY done_at DESC, id DESC FETCH FIRST ? ROWS ONLY",
                s -> {
                    s.setString(1, subject.toString());
                    s.setInt(2, most);
                },
                row -> new Offence(
                        Micros.at(row.getLong(1)),
                        subject,
                        row.getString(2),
                        OffenceKind.ofWord(row.getString(3)),
                        row.getDouble(4),
                        row.getString(5))));
        newestFirst.sort(comparing(Offence::at, reverseOrder())); // stable: of one moment, the one appended last
        return List.copyOf(newestFirst.subList(0, Math.min(most, newestFirst.size())));
    }

    @Override
    public void forgetBefore(Instant before) {
        forgetBefore = before;
    }

    // bans

    @Override
    public void forEachInForce(Consumer<Ban> visitor) {
        Map<String, String> jails = new HashMap<>(); // few names, many bans
        forEach("SELECT " + BAN_COLUMNS + " FROM ban", s -> {}, row -> {
            Ban ban = ban(row, jails);
            if (unsaved.bans.isEmpty() || !unsaved.bans.containsKey(new Key(ban.subject(), ban.jail()))) {
                visitor.accept(ban);
            }
        });
        unsaved.bans.values().forEach(ban -> ban.ifPresent(visitor));
    }

    private static Ban ban(ResultSet row, Map<String, String> jails) throws SQLException {
        return new Ban(
                Subject.parse(row.getString(1)),
                jails.computeIfAbsent(row.getString(2), jail -> jail),
                Micros.at(row.getLong(3)),
                Micros.at(row.getLong(4)),
                row.getString(5));
    }

    @Override
    public void save(Ban ban) {
        unsaved.bans.put(new Key(ban.subject(), ban.jail()), Optional.of(Stored.of(ban)));
    }

    @Override
    public void end(Ban ban, Instant at, Cause cause) {
        Key key = new Key(ban.subject(), ban.jail());
        inForce(key).ifPresent(ended -> {
            unsaved.bans.put(key, Optional.empty());
            unsaved.ended.add(new Ended(ended, at, cause));
        });
    }

    private Optional<Ban> inForce(Key key) {
        Optional<Ban> waiting = unsaved.bans.get(key);
        return waiting != null
                ? waiting
                : read(
                                "SELECT " + BAN_COLUMNS + " FROM ban WHERE subject = ? AND jail = ?",
                                s -> bind(s, key),
                                row -> ban(row, new HashMap<>()))
                        .stream()
                        .findFirst();
    }

    @Override
    public int earlier(Subject subject, String jail) {
        Key key = new Key(subject, jail);
        long waiting = unsaved.ended.stream()
                .filter(e -> e.ban().subject().equals(subject) && e.ban().jail().equals(jail))
                .count();
        int written = read(
                        "SELECT COUNT(*) FROM ended_ban WHERE subject = ? AND jail = ?",
                        s -> bind(s, key),
                        row -> row.getInt(1))
                .get(0);
        return written + (int) waiting;
    }

    @Override
    public void forgetEndedBefore(Instant before) {
        forgetEndedBefore = before;
    }

    @Override
    public void forEachUntold(Consumer<Ban> visitor) {
        told = readTold();
        Map<String, String> jails = new HashMap<>();
        forEach(
                "SELECT " + BAN_COLUMNS + " FROM ended_ban WHERE id > ? ORDER BY id DESC FETCH FIRST " + MOST
                        + " ROWS ONLY",
                s -> s.setLong(1, told),
                row -> visitor.accept(ban(row, jails)));
    }

    private long readTold() {
        try {
            file.prepare("CREATE TABLE IF NOT EXISTS told_end (one BIGINT PRIMARY KEY, id BIGINT NOT NULL, "
                            + RowSum.COLUMN + " INT)")
                    .execute();
        } catch (SQLException e) {
            throw new UncheckedIOException(file.failure("cannot read", e));
        } catch (StoreException e) {
            throw new UncheckedIOException(e);
        }
        List<Long> known = read("SELECT id FROM told_end", s -> {}, row -> row.getLong(1));
        toldChanged = known.isEmpty();
        if (known.isEmpty()) {
            return nextEnded - 1;
        }
        nextEnded = Math.max(nextEnded, known.get(0) + 1); // where none of them is left, numbers would begin anew
        return known.get(0);
    }

    @Override
    public void allTold() {
        toldChanged |= told != nextEnded - 1;
        told = nextEnded - 1;
    }

    // the batch

    @Override
    public void commit() throws StoreException {
        boolean records = outbox != null && outbox.isChanged();
        if (unsaved.isEmpty() && !records && !toldChanged && forgetBefore == null && forgetEndedBefore == null) {
            return;
        }
        try {
            writeAll();
            if (outbox != null) {
                outbox.write();
            }
            if (toldChanged) {
                PreparedStatement mark = file.prepare("MERGE INTO told_end KEY (one) VALUES (?, ?, ?)");
                new Values(mark).add(1).add(told).end();
                mark.executeUpdate();
            }
            boolean scoresDone = forgetBefore == null || forgetScores(Micros.of(forgetBefore));
            boolean endedDone = forgetEndedBefore == null
                    || delete("DELETE FROM ended_ban WHERE ended_at < ?", Micros.of(forgetEndedBefore));
            file.commit();
            forgetBefore = scoresDone ? null : forgetBefore;
            forgetEndedBefore = endedDone ? null : forgetEndedBefore;
        } catch (SQLException e) {
            throw file.failure("cannot save to", e);
        }
        nextOffence += unsaved.offences.size();
        nextEnded += unsaved.ended.size();
        unsaved.clear();
        toldChanged = false;
        if (outbox != null) {
            outbox.written();
        }
        unsynced = true;
    }

    @Override
    public void sync() throws StoreException {
        commit();
        if (unsynced) {
            try {
                file.sync();
            } catch (SQLException e) {
                throw file.failure("cannot sync", e);
            }
            unsynced = false;
        }
    }

    @Override
    public void snapshot(Instant at) throws StoreException {
        file.snapshot(at);
    }

    @Override
    public void close() throws StoreException {
        file.close();
    }

    private void writeAll() throws SQLException, StoreException {
        write(
                "MERGE INTO read_position KEY (source) VALUES (?, ?, ?, ?)",
                unsaved.positions.entrySet(),
                (row, e) -> row.add(e.getKey())
                        .add(e.getValue().identity())
                        .add(e.getValue().offset()));
        List<String> goneRows = new ArrayList<>();
        Map<String, byte[]> rows = new HashMap<>();
        unsaved.rows.forEach((key, row) -> row.ifPresentOrElse(r -> rows.put(key, r), () -> goneRows.add(key)));
        executeEach("DELETE FROM open_message WHERE row_key = ?", goneRows, (s, key) -> s.setString(1, key));
        write(
                "MERGE INTO open_message KEY (row_key) VALUES (?, ?, ?)",
                rows.entrySet(),
                (row, e) -> row.add(e.getKey()).add(e.getValue()));
        write(
                "MERGE INTO standing KEY (subject, jail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                unsaved.standings.entrySet(),
                (row, e) -> add(row, e.getKey(), e.getValue()));
        long[] id = {nextOffence, nextEnded};
        write(
                "MERGE INTO offence KEY (id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                unsaved.offences,
                (row, offence) -> add(row.add(id[0]++), offence));
        List<Key> goneBans = new ArrayList<>();
        List<Ban> bans = new ArrayList<>();
        unsaved.bans.forEach((key, ban) -> ban.ifPresentOrElse(bans::add, () -> goneBans.add(key)));
        executeEach("DELETE FROM ban WHERE subject = ? AND jail = ?", goneBans, H2Store::bind);
        write("MERGE INTO ban KEY (subject, jail) VALUES (?, ?, ?, ?, ?, ?)", bans, H2Store::add);
        write(
                "MERGE INTO ended_ban KEY (id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                unsaved.ended,
                (row, ended) -> add(row.add(id[1]++), ended.ban())
                        .add(Micros.of(ended.at()))
                        .add(ended.cause().name()));
    }

    private static void bind(PreparedStatement s, Key key) throws SQLException {
        s.setString(1, key.subject().toString());
        s.setString(2, key.jail());
    }

    private static Values add(Values row, Key key, Standing standing) throws SQLException {
        long asOf = Micros.of(standing.asOf());
        Evidence evidence = standing.evidence();
        return row.add(key.subject().toString())
                .add(key.jail())
                .add(standing.points())
                .add(asOf)
                .add(Math.floorDiv(asOf, MICROS_PER_DAY))
                .add(evidence.l20())
                .add(evidence.l40())
                .add(evidence.l60())
                .add(evidence.l80())
                .add(evidence.l95())
                .add(WindowBytes.of(standing.window()))
                .add(standing.victims())
                .add(standing.messages());
    }

    private static Values add(Values row, Offence offence) throws SQLException {
        return row.add(Micros.of(offence.at()))
                .add(offence.subject().toString())
                .add(offence.jail())
                .add(offence.kind().word())
                .add(offence.weight())
                .add(offence.evidence());
    }

    private static Values add(Values row, Ban ban) throws SQLException {
        return row.add(ban.subject().toString())
                .add(ban.jail())
                .add(Micros.of(ban.from()))
                .add(Micros.ofEnd(ban.until()))
                .add(ban.reason());
    }

    /** A slice of each. True if nothing is left to forget. */
    private boolean forgetScores(long before) throws SQLException, StoreException {
        boolean offencesDone = delete("DELETE FROM offence WHERE done_at < ?", before);
        PreparedStatement s = file.prepare(
                "DELETE FROM standing WHERE as_of_day <= ? AND as_of < ? FETCH FIRST " + SLICE + " ROWS ONLY");
        s.setLong(1, Math.floorDiv(before, MICROS_PER_DAY));
        s.setLong(2, before);
        return s.executeUpdate() < SLICE && offencesDone;
    }

    private boolean delete(String olderThan, long before) throws SQLException, StoreException {
        PreparedStatement s = file.prepare(olderThan + " FETCH FIRST " + SLICE + " ROWS ONLY");
        s.setLong(1, before);
        return s.executeUpdate() < SLICE;
    }

    // statements

    @FunctionalInterface
    private interface Binding<T> {
        void bind(PreparedStatement s, T value) throws SQLException;
    }

    @FunctionalInterface
    private interface Filling<T> {
        void fill(Values row, T value) throws SQLException;
    }

    @FunctionalInterface
    private interface Parameters {
        void bind(PreparedStatement s) throws SQLException;
    }

    @FunctionalInterface
    private interface Reading<T> {
        T of(ResultSet row) throws SQLException;
    }

    @FunctionalInterface
    private interface Visitor {
        void visit(ResultSet row) throws SQLException;
    }

    /** @param sql with a parameter for each column of the table, in their order; the last one is the row's sum */
    private <T> void write(String sql, Iterable<T> values, Filling<T> filling) throws SQLException, StoreException {
        executeEach(sql, values, (s, value) -> {
            Values row = new Values(s);
            filling.fill(row, value);
            row.end();
        });
    }

    private <T> void executeEach(String sql, Iterable<T> values, Binding<T> binding)
            throws SQLException, StoreException {
        int waiting = 0;
        for (T value : values) {
            PreparedStatement s = file.prepare(sql);
            binding.bind(s, value);
            s.addBatch();
            if (++waiting == BATCH) {
                s.executeBatch();
                waiting = 0;
            }
        }
        if (waiting > 0) {
            file.prepare(sql).executeBatch();
        }
    }

    private <T> List<T> read(String sql, Parameters parameters, Reading<T> reading) {
        List<T> all = new ArrayList<>();
        forEach(sql, parameters, row -> all.add(reading.of(row)));
        return all;
    }

    /** @param visitor must not use the store: one statement at a time */
    private void forEach(String sql, Parameters parameters, Visitor visitor) {
        try {
            PreparedStatement s = file.prepare(sql);
            parameters.bind(s);
            try (ResultSet row = s.executeQuery()) {
                while (row.next()) {
                    visitor.visit(row);
                }
            }
        } catch (SQLException e) {
            throw new UncheckedIOException(file.failure("cannot read", e));
        } catch (StoreException e) {
            throw new UncheckedIOException(e);
        }
    }
}
