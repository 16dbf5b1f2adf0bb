package org.postbane.record;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postbane.host.Database;
import org.postbane.record.RecordOutbox.Row;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings records from the outbox into a database of others, in order, each once: with each lot, in the same transaction, the number
 * of its last record is written into table {@value #TABLE} there, and what is not newer than that number is passed over. So it does
 * not matter where either side dies. (A table that knows no transactions, as MyISAM's, relies on its own key.)
 *
 * <p>Threads: one of its own, as a server may be slow; the pipeline thread hands over lots and fetches the number of what has
 * arrived. Memory: one lot. Errors: told once, then tried again after 1 s, 2 s and so on until {@value #LONGEST_WAIT_SECONDS} s; a
 * record that the server refuses by its content, as no server trouble explains, is written to our log and passed over.
 */
final class SqlRecords implements AutoCloseable {

    static final String TABLE = "postbane_outbox";
    /** Messages in one lot. */
    static final int LOT = 500;

    private static final Logger LOG = LoggerFactory.getLogger(SqlRecords.class);
    private static final int LONGEST_WAIT_SECONDS = 30;
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final SqlSettings settings;
    private final Database database;
    private final String outbox;
    private final Thread thread = new Thread(this::run, "records-sql");
    private final CountDownLatch end = new CountDownLatch(1);
    private final Object lock = new Object();
    // guarded by the lock
    private @Nullable List<Row> lot;
    private long arrived;
    private boolean stopping;
    private @Nullable String lastError;

    /** @param outbox its identity */
    SqlRecords(SqlSettings settings, String outbox) {
        this.settings = settings;
        this.outbox = outbox;
        database = new Database(settings.database());
        thread.setDaemon(true);
        thread.start();
    }

    /** Whether it can take a lot. */
    boolean isIdle() {
        synchronized (lock) {
            return lot == null;
        }
    }

    /** The address of the database, without secrets. */
    String place() {
        return settings.database().toString();
    }

    /** Why the last lot did not arrive; null if it did. */
    @Nullable
    String lastError() {
        synchronized (lock) {
            return lastError;
        }
    }

    /** The number of the last record that has arrived; 0 as long as none has. */
    long arrived() {
        synchronized (lock) {
            return arrived;
        }
    }

    /** Takes the next lot; only while {@link #isIdle}. */
    void send(List<Row> rows) {
        synchronized (lock) {
            lot = rows;
            lock.notifyAll();
        }
    }

    private void run() {
        int wait = 1;
        boolean failing = false;
        try {
            for (List<Row> rows = next(); rows != null; rows = next()) {
                try {
                    write(rows);
                    done(rows.get(rows.size() - 1).id());
                    if (failing) {
                        LOG.info("records: {} takes them again", settings.database());
                    }
                    failing = false;
                    wait = 1;
                } catch (SQLException e) {
                    if (!failing) {
                        LOG.warn("records: {}: {}; kept, and tried again", settings.database(), Database.said(e));
                    }
                    failing = true;
                    failed(Database.said(e));
                    end.await(wait, TimeUnit.SECONDS);
                    wait = Math.min(2 * wait, LONGEST_WAIT_SECONDS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // by close
        } finally {
            database.close();
        }
    }

    /** The lot at hand, waited for; null at the end. */
    private @Nullable List<Row> next() throws InterruptedException {
        synchronized (lock) {
            while (lot == null && !stopping) {
                lock.wait();
            }
            return stopping ? null : lot;
        }
    }

    private void failed(String why) {
        synchronized (lock) {
            lastError = why;
        }
    }

    private void done(long upTo) {
        synchronized (lock) {
            lastError = null;
            arrived = upTo;
            lot = null;
        }
    }

    private void write(List<Row> rows) throws SQLException {
        try {
            database.change(connection -> write(connection, rows));
        } catch (SQLException e) {
            if (!isContent(e)) {
                throw e;
            }
            for (Row row : rows) { // which one is it?
                writeAlone(row);
            }
        }
    }

    private void writeAlone(Row row) throws SQLException {
        try {
            database.change(connection -> write(connection, List.of(row)));
        } catch (SQLException e) {
            if (!isContent(e)) {
                throw e;
            }
            LOG.warn(
                    "records: {} refuses one: {}: {}",
                    settings.database(),
                    Database.said(e),
                    RecordLine.of(RecordBytes.read(row.content())));
            database.change(connection -> mark(connection, last(connection), row.id()));
        }
    }

    /** Classes 22, data exception, and 23, integrity constraint violation, of SQLSTATE. */
    private static boolean isContent(SQLException e) {
        for (SQLException each = e; each != null; each = each.getNextException()) {
            String state = each.getSQLState();
            if (state != null && (state.startsWith("22") || state.startsWith("23"))) {
                return true;
            }
        }
        return false;
    }

    private void write(Connection connection, List<Row> rows) throws SQLException {
        Optional<Long> last = last(connection);
        try (PreparedStatement query = prepare(connection, settings.query());
                PreparedStatement statistics = prepare(connection, settings.statistics())) {
            for (Row row : rows) {
                if (row.id() <= last.orElse(0L)) {
                    continue;
                }
                RecordedMessage message = RecordBytes.read(row.content());
                if (query != null && message.isDirty()) {
                    settings.query().orElseThrow().execute(query, message);
                }
                if (statistics != null && message.judgement() != null) {
                    settings.statistics().orElseThrow().execute(statistics, message);
                }
            }
        }
        mark(
                connection,
                last,
                Math.max(last.orElse(0L), rows.get(rows.size() - 1).id()));
    }

    private static @Nullable PreparedStatement prepare(Connection connection, Optional<RecordStatement> statement)
            throws SQLException {
        return statement.isEmpty()
                ? null
                : connection.prepareStatement(statement.get().text());
    }

    /** The number of the last record that the server has; empty if it has none of ours. */
    private Optional<Long> last(Connection connection) throws SQLException {
        if (!Database.answers(connection, "SELECT source, last_id FROM " + TABLE + " WHERE 1 = 0")) {
            try (Statement s = connection.createStatement()) {
                s.execute("CREATE TABLE " + TABLE
                        + " (source VARCHAR(64) NOT NULL PRIMARY KEY, last_id BIGINT NOT NULL)");
            }
        }
        try (PreparedStatement s =
                connection.prepareStatement("SELECT last_id FROM " + TABLE + " WHERE source = ? FOR UPDATE")) {
            s.setString(1, outbox);
            try (ResultSet row = s.executeQuery()) {
                return row.next() ? Optional.of(row.getLong(1)) : Optional.empty();
            }
        }
    }

    private void mark(Connection connection, Optional<Long> last, long id) throws SQLException {
        String sql = last.isPresent()
                ? "UPDATE " + TABLE + " SET last_id = ? WHERE source = ?"
                : "INSERT INTO " + TABLE + " (last_id, source) VALUES (?, ?)";
        try (PreparedStatement s = connection.prepareStatement(sql)) {
            s.setLong(1, id);
            s.setString(2, outbox);
            s.executeUpdate();
        }
    }

    /** What has not arrived stays in the outbox. Waits for the server for {@link #PATIENCE}. */
    @Override
    public void close() {
        synchronized (lock) {
            stopping = true;
            lock.notifyAll();
        }
        end.countDown();
        try {
            thread.join(PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
