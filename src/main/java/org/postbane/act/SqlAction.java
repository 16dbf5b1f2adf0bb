package org.postbane.act;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.host.Database;
import org.postbane.model.Subject;

/**
 * Keeps bans in a table that others ask: Postfix by {@code mysql:} or {@code pgsql:} maps, dashboards, other hosts. One row for each
 * key that Postfix asks for ({@link PostfixKeys}), so a network may have several; one that has no such key has one row under its own
 * name. Each batch is one transaction. The table is made where it is missing and may be made.
 *
 * <p>Threads: one at a time. Memory: the number of rows of each ban.
 *
 * <p>Errors: any failure gives the connection up, and all is undone. Shortcomings: subjects longer than {@value #MOST_NAME}
 * characters are passed over. Ended rows stay until the ban's lift arrives; a query must compare {@code until_at} with the clock.
 */
public final class SqlAction implements Action {

    /** {@code until_at} of a ban without end: the end of the year 9999. */
    static final long FOR_EVER = 253_402_300_799L;

    static final int MOST_NAME = 255;
    private static final int BATCH = 1000;
    private static final String COLUMNS = "name, subject, kind, jail, banned_at, until_at, reason";

    private final SqlSettings settings;
    private final InstantSource clock;
    private final Database database;
    private final String table;
    /** How many rows each ban in force has; null before the first reconcile. */
    private @Nullable Map<Subject, Integer> rows;

    /** One row as it stands in the table, without its agent. Times in seconds since 1970, UTC. */
    private record Row(String name, String subject, String kind, String jail, long since, long until, String reason) {}

    /** @param clock the real time: ended bans are left out */
    public SqlAction(SqlSettings settings, InstantSource clock) {
        this.settings = settings;
        this.clock = clock;
        database = new Database(settings.database());
        table = settings.table();
    }

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public boolean takes(Ban ban) {
        String text = ban.subject().toString();
        return text.equals(Database.text(text, MOST_NAME));
    }

    private boolean isToHold(Ban ban) {
        return takes(ban) && ban.until().isAfter(clock.instant());
    }

    @Override
    public void reconcile(Collection<Ban> bans) throws ActionException {
        Map<String, Row> wanted = new LinkedHashMap<>();
        Map<Subject, Integer> count = new HashMap<>();
        for (Ban ban : bans) {
            if (isToHold(ban)) {
                List<Row> some = rows(ban);
                some.forEach(row -> wanted.put(key(row), row));
                count.put(ban.subject(), some.size());
            }
        }
        rows = null;
        change(connection -> {
            makeTable(connection);
            Map<String, Row> missing = new LinkedHashMap<>(wanted);
            List<Row> gone = new ArrayList<>();
            for (Row found : found(connection)) {
                if (!missing.remove(key(found), found)) {
                    gone.add(found);
                }
            }
            delete(connection, " AND name = ?", gone, (s, row) -> {
                s.setString(2, row.subject());
                s.setString(3, row.name());
            });
            insert(connection, missing.values());
        });
        rows = count;
    }

    private static String key(Row row) {
        return row.name() + "\0" + row.subject();
    }

    @Override
    public void apply(List<Decision> changes) throws ActionException {
        Map<Subject, Integer> known = rows;
        if (known == null) {
            throw new ActionException(settings.name() + ": not reconciled yet");
        }
        Outcome<Subject> outcome = Outcome.of(changes, this::takes, Ban::subject, clock.instant());
        List<Row> added = new ArrayList<>();
        Map<Subject, Integer> count = new HashMap<>();
        outcome.imposed().forEach((subject, ban) -> {
            List<Row> some = rows(ban);
            added.addAll(some);
            count.put(subject, some.size());
        });
        List<Subject> touched = new ArrayList<>(outcome.lifted().keySet());
        touched.addAll(outcome.imposed().keySet());
        change(connection -> {
            delete(connection, "", touched, (s, subject) -> s.setString(2, subject.toString()));
            insert(connection, added);
        });
        known.keySet().removeAll(outcome.lifted().keySet());
        known.putAll(count);
    }

    private static List<Row> rows(Ban ban) {
        Subject subject = ban.subject();
        List<String> names = subject instanceof Subject.Client client
                ? PostfixKeys.of(client.prefix())
                : List.of(SubjectKind.bare(subject));
        String text = subject.toString();
        long until =
                Math.min(FOR_EVER, ban.isPermanent() ? FOR_EVER : ban.until().getEpochSecond());
        List<Row> rows = new ArrayList<>();
        for (String name : names.isEmpty() ? List.of(text) : names) {
            rows.add(new Row(
                    name,
                    text,
                    SubjectKind.of(subject).word(),
                    Database.text(ban.jail(), 64),
                    ban.from().getEpochSecond(),
                    until,
                    Database.text(ban.reason(), 255)));
        }
        return rows;
    }

    private List<Row> found(Connection connection) throws SQLException {
        List<Row> found = new ArrayList<>();
        try (PreparedStatement s =
                connection.prepareStatement("SELECT " + COLUMNS + " FROM " + table + " WHERE agent = ?")) {
            s.setString(1, settings.agent());
            s.setFetchSize(BATCH);
            try (ResultSet row = s.executeQuery()) {
                while (row.next()) {
                    found.add(new Row(
                            row.getString(1),
                            row.getString(2),
                            row.getString(3),
                            row.getString(4),
                            row.getLong(5),
                            row.getLong(6),
                            row.getString(7)));
                }
            }
        }
        return found;
    }

    @FunctionalInterface
    private interface Binding<T> {
        void bind(PreparedStatement statement, T value) throws SQLException;
    }

    private void insert(Connection connection, Collection<Row> rows) throws SQLException {
        batch(
                connection,
                "INSERT INTO " + table + " (agent, " + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
                (s, row) -> {
                    s.setString(2, row.name());
                    s.setString(3, row.subject());
                    s.setString(4, row.kind());
                    s.setString(5, row.jail());
                    s.setLong(6, row.since());
                    s.setLong(7, row.until());
                    s.setString(8, row.reason());
                });
    }

    private <T> void delete(Connection connection, String and, Collection<T> which, Binding<T> binding)
            throws SQLException {
        batch(connection, "DELETE FROM " + table + " WHERE agent = ? AND subject = ?" + and, which, binding);
    }

    private <T> void batch(Connection connection, String sql, Collection<T> values, Binding<T> binding)
            throws SQLException {
        if (values.isEmpty()) {
            return;
        }
        try (PreparedStatement s = connection.prepareStatement(sql)) {
            int waiting = 0;
            for (T value : values) {
                s.setString(1, settings.agent());
                binding.bind(s, value);
                s.addBatch();
                if (++waiting == BATCH) {
                    s.executeBatch();
                    waiting = 0;
                }
            }
            if (waiting > 0) {
                s.executeBatch();
            }
        }
    }

    /** A user who may make no tables is fine where there is one. */
    private void makeTable(Connection connection) throws SQLException {
        if (Database.answers(connection, "SELECT agent, " + COLUMNS + " FROM " + table + " WHERE 1 = 0")) {
            return;
        }
        String product = connection.getMetaData().getDatabaseProductName();
        // else names that differ in case or in blanks at the end would be one
        String exact = product.equals("MariaDB")
                ? " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
                : product.equals("MySQL") ? " CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin" : "";
        try (Statement s = connection.createStatement()) {
            s.execute("CREATE TABLE " + table + " (agent VARCHAR(64)" + exact + " NOT NULL, name VARCHAR(255)" + exact
                    + " NOT NULL, subject VARCHAR(255)" + exact
                    + " NOT NULL, kind VARCHAR(16) NOT NULL, jail VARCHAR(64)"
                    + exact + " NOT NULL, banned_at BIGINT NOT NULL, until_at BIGINT NOT NULL, reason VARCHAR(255)"
                    + exact
                    + " NOT NULL, PRIMARY KEY (name, subject, agent))");
            s.execute("CREATE INDEX " + table.replace('.', '_') + "_subject ON " + table + " (subject)");
        }
    }

    @Override
    public boolean isIntact() throws ActionException {
        Map<Subject, Integer> known = rows;
        if (known == null) {
            return true;
        }
        long expected = known.values().stream().mapToLong(Integer::intValue).sum();
        return perform(connection -> {
            try (PreparedStatement s =
                    connection.prepareStatement("SELECT COUNT(*) FROM " + table + " WHERE agent = ?")) {
                s.setString(1, settings.agent());
                try (ResultSet row = s.executeQuery()) {
                    return row.next() && row.getLong(1) == expected;
                }
            }
        });
    }

    @Override
    public Optional<Boolean> holds(Subject subject) throws ActionException {
        return Optional.of(perform(connection -> {
            try (PreparedStatement s = connection.prepareStatement(
                    "SELECT 1 FROM " + table + " WHERE agent = ? AND subject = ? AND until_at > ?")) {
                s.setString(1, settings.agent());
                s.setString(2, subject.toString());
                s.setLong(3, now().getEpochSecond());
                try (ResultSet row = s.executeQuery()) {
                    return row.next();
                }
            }
        }));
    }

    private Instant now() {
        return clock.instant();
    }

    private void change(Database.Change change) throws ActionException {
        perform(connection -> {
            change.with(connection);
            return true;
        });
    }

    private <T> T perform(Database.Work<T> work) throws ActionException {
        try {
            return database.transaction(work);
        } catch (SQLException e) {
            throw new ActionException(
                    "%s: %s: %s".formatted(settings.name(), settings.database(), Database.said(e)), e);
        }
    }

    @Override
    public void close() {
        database.close();
    }
}
