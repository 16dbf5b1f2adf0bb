package org.postbane.store;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;
import org.h2.Driver;
import org.h2.api.ErrorCode;
import org.jspecify.annotations.Nullable;
import org.postbane.store.Snapshots.Health;
import org.postbane.store.StoreException.Kind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One H2 database file, opened by us alone over one connection: its settings, its schema, its rights and its size. Knows
 * no rows.
 *
 * <p>From one thread, which must not be interrupted while it is here: an interrupt closes the file under H2. After any
 * failure the connection is given up and the next use opens the file again, as H2 does not recover from a failed write
 * by itself; what was not committed then is gone from here, and {@link H2Store} has it still.
 *
 * <p>H2 reuses space only of pieces of the file in which nothing is alive, and with {@code WRITE_DELAY=0} rewrites none
 * while it runs. So a file that grew beyond {@value #COMPACT_FROM} bytes, and to {@value #COMPACT_FACTOR} times of what
 * was alive when last compacted, is copied, without what is dead, beside itself, and the copy takes its place. That takes
 * a second for some hundred thousand rows. Where there is no room for the copy, it goes on as it is.
 *
 * <p>Known shortcoming: H2 makes that copy with the rights that the umask leaves; until it is done, only those of the
 * directory guard it.
 */
final class H2File {

    /** The version of the schema that this class makes and understands. */
    static final int SCHEMA = 8;

    private static final long COMPACT_FROM = 40L << 20;
    private static final long COMPACT_AT_CLOSE_FROM = 8L << 20;
    private static final int COMPACT_FACTOR = 4; // live pages, rewritten one by one, lose the compression of the copy

    private static final Logger LOG = LoggerFactory.getLogger(H2File.class);

    private static final Set<PosixFilePermission> DIRECTORY_RIGHTS = PosixFilePermissions.fromString("rwxr-x---");
    private static final Set<PosixFilePermission> FILE_RIGHTS = PosixFilePermissions.fromString("rw-r-----");

    /**
     * WRITE_DELAY=0: a commit is written when it returns; with the default a kill loses the last half second.
     * RETENTION_TIME: freed space is not overwritten for a second; 0 is not safe. DB_CLOSE_ON_EXIT: no hook of H2's
     * own, which would close the file under a pipeline that still runs. OPEN_NEW: never a second connection to a
     * database that this process has open. MAX_COMPACT_TIME: at close, H2 does not compact within the file, for which it
     * sets RETENTION_TIME to 0. CACHE_SIZE in KiB. LAZY_QUERY_EXECUTION: rows are handed on as they are read;
     * otherwise H2 gathers a result of more than some thousand rows in a file of its own first.
     */
    private static final String SETTINGS = ";WRITE_DELAY=0;RETENTION_TIME=1000;DB_CLOSE_ON_EXIT=FALSE;OPEN_NEW=TRUE"
            + ";MAX_COMPACT_TIME=0;CACHE_SIZE=8192;LAZY_QUERY_EXECUTION=1;TRACE_LEVEL_FILE=0;TRACE_LEVEL_SYSTEM_OUT=0";

    private static final String OPENING = "cannot open";
    private static final String URL = "jdbc:h2:file:";
    private static final String SUFFIX = ".mv.db";

    /**
     * Times are {@link Micros}. The version is written last: without it, the tables were not all made. Days of a
     * standing: an index on the exact time would change with every offence.
     */
    private static final String[] TABLES = {
        "CREATE TABLE IF NOT EXISTS read_position (source VARCHAR PRIMARY KEY, identity VARCHAR NOT NULL,"
                + " byte_offset BIGINT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS open_message (row_key VARCHAR PRIMARY KEY, content VARBINARY NOT NULL)",
        "CREATE TABLE IF NOT EXISTS standing (subject VARCHAR, jail VARCHAR, points DOUBLE PRECISION NOT NULL,"
                + " as_of BIGINT NOT NULL, as_of_day BIGINT NOT NULL, l20 DOUBLE PRECISION NOT NULL,"
                + " l40 DOUBLE PRECISION NOT NULL, l60 DOUBLE PRECISION NOT NULL, l80 DOUBLE PRECISION NOT NULL,"
                + " l95 DOUBLE PRECISION NOT NULL, recent VARBINARY NOT NULL, victims BIGINT NOT NULL,"
                + " messages BIGINT NOT NULL, PRIMARY KEY (subject, jail))",
        "CREATE INDEX IF NOT EXISTS standing_by_day ON standing (as_of_day)",
        "CREATE TABLE IF NOT EXISTS offence (id BIGINT PRIMARY KEY, done_at BIGINT NOT NULL, subject VARCHAR NOT NULL,"
                + " jail VARCHAR NOT NULL, kind VARCHAR NOT NULL, weight DOUBLE PRECISION NOT NULL,"
                + " evidence VARCHAR NOT NULL)",
        "CREATE INDEX IF NOT EXISTS offence_by_subject ON offence (subject, done_at DESC, id DESC)",
        "CREATE INDEX IF NOT EXISTS offence_by_time ON offence (done_at)",
        "CREATE TABLE IF NOT EXISTS ban (subject VARCHAR, jail VARCHAR, from_at BIGINT NOT NULL,"
                + " until_at BIGINT NOT NULL, reason VARCHAR NOT NULL, PRIMARY KEY (subject, jail))",
        "CREATE TABLE IF NOT EXISTS ended_ban (id BIGINT PRIMARY KEY, subject VARCHAR NOT NULL, jail VARCHAR NOT NULL,"
                + " from_at BIGINT NOT NULL, until_at BIGINT NOT NULL, reason VARCHAR NOT NULL,"
                + " ended_at BIGINT NOT NULL, cause VARCHAR NOT NULL)",
        "CREATE INDEX IF NOT EXISTS ended_ban_by_subject ON ended_ban (subject, jail)",
        "CREATE INDEX IF NOT EXISTS ended_ban_by_time ON ended_ban (ended_at)",
        "ALTER TABLE read_position ADD COLUMN IF NOT EXISTS " + RowSum.COLUMN + " INT",
        "ALTER TABLE open_message ADD COLUMN IF NOT EXISTS " + RowSum.COLUMN + " INT",
        "ALTER TABLE standing ADD COLUMN IF NOT EXISTS " + RowSum.COLUMN + " INT",
        "ALTER TABLE offence ADD COLUMN IF NOT EXISTS " + RowSum.COLUMN + " INT",
        "ALTER TABLE ban ADD COLUMN IF NOT EXISTS " + RowSum.COLUMN + " INT",
        "ALTER TABLE ended_ban ADD COLUMN IF NOT EXISTS " + RowSum.COLUMN + " INT",
        "ALTER TABLE meta ADD COLUMN IF NOT EXISTS newest_snapshot BIGINT",
    };

    private final Path base;
    private final Path file;
    private final Map<String, PreparedStatement> statements = new HashMap<>();
    private @Nullable Connection connection;
    private long compactAt = COMPACT_FROM;
    private long compactAtClose = COMPACT_AT_CLOSE_FROM;
    private boolean closed;
    private boolean isNew;
    private final Snapshots snapshots;

    /** @param base the file's path without {@code .mv.db} */
    private H2File(Path base) {
        this.base = base;
        this.file = base.resolveSibling(base.getFileName() + SUFFIX);
        this.snapshots = new Snapshots(base, file);
    }

    /**
     * Opens a file, or makes it. After a crash, all of it is read first. A damaged one is put aside and restored, see {@link
     * H2Store#open}.
     */
    static H2File open(Path base) throws StoreException {
        H2File opened = new H2File(base);
        try {
            Health health = opened.snapshots.examine();
            if (health == Health.CHANGED) {
                throw new StoreException(
                        Kind.DAMAGED, "%s is damaged: it changed since it was closed".formatted(opened.file));
            }
            opened.openWhole(health == Health.UNKNOWN);
            opened.requireNewerThanSnapshots();
            return opened;
        } catch (StoreException e) {
            if (e.kind() != Kind.DAMAGED) {
                throw e;
            }
            return restored(base, e);
        } catch (IOException e) {
            throw new StoreException(Kind.NOT_ALLOWED, "cannot read beside %s: %s".formatted(opened.file, why(e)), e);
        }
    }

    private void openWhole(boolean readAll) throws StoreException {
        try {
            if (!Files.exists(file) && !snapshots.all().isEmpty()) {
                throw damaged(
                        "it is gone",
                        null); // a restore was cut short, or somebody has removed the one and not the others
            }
            connection();
            if (isNew && !snapshots.all().isEmpty()) {
                throw damaged("there is nothing in it", null);
            }
            if (readAll) {
                readAll();
            }
        } catch (SQLException e) {
            throw failure(OPENING, e);
        } catch (IOException e) {
            throw e instanceof StoreException fault ? fault : cannotList(e);
        } catch (IllegalStateException | IndexOutOfBoundsException | NullPointerException | ClassCastException e) {
            throw damaged(rootOf(e), e);
        }
    }

    private static StoreException cannotList(IOException e) {
        return new StoreException(Kind.FAILED, "cannot list snapshots: " + why(e), e);
    }

    /** As {@link Snapshots#newest}. */
    private long newestSnapshot() throws StoreException {
        try {
            return snapshots.newest();
        } catch (IOException e) {
            throw cannotList(e);
        }
    }

    private static H2File restored(Path base, StoreException damage) throws StoreException {
        H2File file = new H2File(base);
        try {
            List<Path> candidates = file.snapshots.all();
            if (candidates.isEmpty()) {
                throw new StoreException(
                        Kind.DAMAGED,
                        "%s; there is no snapshot: move the file away to begin anew".formatted(damage.getMessage()),
                        damage);
            }
            Optional<Path> aside = file.snapshots.putAside();
            LOG.error(
                    "{}{}",
                    damage.getMessage(),
                    aside.map(kept -> "; it is kept as " + kept).orElse(""));
            for (Path snapshot : candidates) {
                H2File candidate = new H2File(base);
                try {
                    candidate.snapshots.unpack(snapshot);
                    candidate.openWhole(true);
                    candidate.noteSnapshot(candidate.newestSnapshot()); // or it is older than one that is no good
                    candidate.execute(
                            "DROP TABLE IF EXISTS record_sent"); // or its numbers would pass for those sent since
                    candidate.snapshots.restored();
                    LOG.error(
                            "restored {} from {} of {}; logs are read again from there, bans by hand since then are lost",
                            candidate.file,
                            snapshot.getFileName(),
                            Instant.ofEpochSecond(Snapshots.second(snapshot)));
                    return candidate;
                } catch (SQLException e) {
                    throw candidate.failure("cannot save to", e);
                } catch (IOException e) {
                    if (refusals().anyMatch(String.valueOf(e.getMessage())::contains)) {
                        file.snapshots.putBack(aside);
                        throw new StoreException(
                                Kind.FAILED,
                                "%s; cannot restore it from %s: %s".formatted(damage.getMessage(), snapshot, why(e)),
                                e);
                    }
                    LOG.error("{} is no good: {}", snapshot, e.getMessage());
                }
            }
            file.snapshots.putBack(aside);
            throw new StoreException(
                    Kind.DAMAGED,
                    "%s; no snapshot is good: move it and the snapshots away to begin anew"
                            .formatted(damage.getMessage()),
                    damage);
        } catch (IOException e) {
            throw e instanceof StoreException fault
                    ? fault
                    : new StoreException(Kind.NOT_ALLOWED, "cannot restore %s: %s".formatted(file.file, why(e)), e);
        }
    }

    /** Reads every row: what H2 does not stumble over now, it will not later; and its sum must hold. */
    private void readAll() throws SQLException, StoreException {
        for (String table : tables()) {
            try (Statement s = open().createStatement();
                    ResultSet row = s.executeQuery("SELECT * FROM " + table)) {
                int columns = row.getMetaData().getColumnCount();
                while (row.next()) {
                    if (!RowSum.holds(row, columns)) {
                        throw damaged("a row of " + table + " has changed", null);
                    }
                }
            }
        }
        open().commit();
    }

    /** Those that have rows with sums. */
    private List<String> tables() throws SQLException {
        List<String> tables = new ArrayList<>();
        try (Statement s = open().createStatement();
                ResultSet row = s.executeQuery("SELECT table_name FROM information_schema.columns WHERE column_name = '"
                        + RowSum.COLUMN.toUpperCase(Locale.ROOT) + "'")) {
            while (row.next()) {
                tables.add(row.getString(1));
            }
        }
        return tables;
    }

    /** Gives the connection up, and says that the file is damaged. */
    private StoreException damaged(String how, @Nullable Throwable cause) {
        StoreException damage = new StoreException(Kind.DAMAGED, "%s is damaged: %s".formatted(file, how), cause);
        abandon(damage);
        return damage;
    }

    /**
     * Where its end is lost, H2 opens a file as it was some time ago, without a word. What was there before the newest snapshot
     * has no mark of it.
     */
    private void requireNewerThanSnapshots() throws StoreException {
        try (ResultSet row = prepare("SELECT MAX(newest_snapshot) FROM meta").executeQuery()) {
            if (!row.next() || row.getLong(1) < newestSnapshot()) {
                throw damaged("it is older than its newest snapshot", null);
            }
        } catch (SQLException e) {
            throw failure(OPENING, e);
        }
    }

    private void noteSnapshot(long second) throws SQLException, StoreException {
        PreparedStatement note = prepare("UPDATE meta SET newest_snapshot = ?");
        note.setLong(1, second);
        note.executeUpdate();
        open().commit();
    }

    /** Copies what was committed into a snapshot. A failure is logged. */
    void snapshot(Instant at) throws StoreException {
        if (file.toFile().getUsableSpace() < 2 * file.toFile().length()) {
            LOG.warn("no snapshot of {}: the disk is nearly full", file);
            return;
        }
        try {
            Path made = snapshots.begin();
            long second = snapshots.next(at);
            noteSnapshot(second);
            PreparedStatement backup = prepare("BACKUP TO ?");
            backup.setString(1, made.toString());
            backup.execute();
            snapshots.keep(made, second);
            if (isWorthCompacting(compactAtClose)) {
                compact();
                connection();
            }
        } catch (SQLException e) {
            LOG.warn("{}", failure("no snapshot of", e).getMessage());
        } catch (StoreException e) {
            throw e;
        } catch (IOException e) {
            LOG.warn("no snapshot of {}: {}", file, why(e));
        }
    }

    /** The path in {@code jdbc:h2:file:/absolute/path}; the message of the exception says what is wrong with {@code url}. */
    static Path pathOf(String url) {
        String path = url.startsWith(URL) ? url.substring(URL.length()) : "";
        if (!path.startsWith("/") || path.endsWith("/") || path.indexOf(';') >= 0 || path.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(
                    "'" + url + "' is no store: expected " + URL + "/PATH, absolute and without settings");
        }
        return Path.of(path);
    }

    private Connection connection() throws StoreException {
        if (closed) {
            throw new IllegalStateException("the store is closed");
        }
        if (connection == null) {
            requireFile();
            try {
                connection = new Driver().connect(URL + base + SETTINGS, new Properties());
                connection.setAutoCommit(false);
                requireSchema();
            } catch (SQLException e) {
                throw failure(OPENING, e);
            }
        }
        return connection;
    }

    /**
     * Makes directory and file where they are missing, as H2 would make them readable for everybody; and H2 opens
     * a file that it may not write without a word, to fail later.
     */
    private void requireFile() throws StoreException {
        Path directory = file.getParent();
        try {
            if (directory != null && !Files.isDirectory(directory)) {
                Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(DIRECTORY_RIGHTS));
            }
            if (!Files.exists(file)) {
                Files.createFile(file, PosixFilePermissions.asFileAttribute(FILE_RIGHTS));
            }
        } catch (FileAlreadyExistsException e) {
            if (!e.getFile().equals(file.toString())) {
                throw new StoreException(
                        Kind.NOT_ALLOWED, "cannot open %s: %s is no directory".formatted(file, e.getFile()), e);
            } // else another process made it just now, and will hold its lock
        } catch (IOException e) {
            throw new StoreException(Kind.NOT_ALLOWED, "cannot make %s: %s".formatted(file, why(e)), e);
        }
        if (!Files.isReadable(file) || !Files.isWritable(file)) {
            throw new StoreException(
                    Kind.NOT_ALLOWED,
                    "cannot open %s: user %s may not read and write it"
                            .formatted(file, System.getProperty("user.name")));
        }
    }

    private static String why(IOException e) {
        if (e instanceof AccessDeniedException denied) {
            return denied.getFile() + ": permission denied";
        }
        return e instanceof FileSystemException f && f.getReason() != null
                ? f.getFile() + ": " + f.getReason()
                : String.valueOf(e.getMessage());
    }

    private void requireSchema() throws SQLException, StoreException {
        execute("CREATE TABLE IF NOT EXISTS meta (version INT NOT NULL)");
        int version = 0;
        try (Statement s = open().createStatement();
                ResultSet found = s.executeQuery("SELECT version FROM meta")) {
            while (found.next()) {
                version = Math.max(version, found.getInt(1));
            }
        }
        if (version > SCHEMA) {
            StoreException tooNew = new StoreException(
                    Kind.TOO_NEW,
                    "cannot use %s: a newer version wrote it (schema %d, known is %d)"
                            .formatted(file, version, SCHEMA));
            abandon(tooNew);
            throw tooNew;
        }
        isNew = version == 0;
        if (version < SCHEMA) {
            for (String table : TABLES) {
                execute(table);
            }
            execute("DELETE FROM open_message"); // of an older version, which wrote them in another form
            try (PreparedStatement s =
                    open().prepareStatement("INSERT INTO meta (version, newest_snapshot) VALUES (?, ?)")) {
                s.setInt(1, SCHEMA);
                s.setLong(2, newestSnapshot()); // of a database that is no more, or of an older version
                s.executeUpdate();
            }
        }
        open().commit();
    }

    private void execute(String sql) throws SQLException {
        try (Statement s = open().createStatement()) {
            s.execute(sql);
        }
    }

    private Connection open() throws SQLException {
        if (connection == null) {
            throw new SQLException("connection given up");
        }
        return connection;
    }

    /** The statement of this text, prepared once for each connection. */
    PreparedStatement prepare(String sql) throws SQLException, StoreException {
        Connection open = connection();
        PreparedStatement known = statements.get(sql);
        if (known == null) {
            known = open.prepareStatement(sql);
            statements.put(sql, known);
        }
        return known;
    }

    /** Ends the transaction. Now and then takes a second or so, as it compacts the file. */
    void commit() throws SQLException, StoreException {
        open().commit();
        if (isWorthCompacting(compactAt)) {
            compact();
            connection();
        }
    }

    /** Returns when the disk has what was committed. 3 ms and more. */
    void sync() throws SQLException, StoreException {
        prepare("CHECKPOINT SYNC").execute();
    }

    /** Asks for more room than the copy will take: on a full disk H2 would fail, and leave a thread that never ends. */
    private boolean isWorthCompacting(long from) {
        long length = file.toFile().length();
        return length > from && file.toFile().getUsableSpace() > length;
    }

    /** Closes the file after copying what is alive. If that fails, the file is as it was. */
    private void compact() throws SQLException, StoreException {
        long before = file.toFile().length();
        compactAt = COMPACT_FACTOR * before; // if it fails, not at once again
        release("SHUTDOWN COMPACT");
        try {
            Files.setPosixFilePermissions(file, FILE_RIGHTS);
        } catch (IOException e) {
            throw new StoreException(Kind.FAILED, "cannot set the rights of %s: %s".formatted(file, why(e)), e);
        }
        long alive = file.toFile().length();
        compactAt = Math.max(COMPACT_FROM, COMPACT_FACTOR * alive);
        compactAtClose = Math.max(COMPACT_AT_CLOSE_FROM, 2 * alive);
    }

    private void release(String how) throws SQLException {
        Connection open = open();
        connection = null;
        statements.clear();
        try (open;
                Statement s = open.createStatement()) {
            s.execute(how);
        }
    }

    /** Closes the file; compacts it where that is worth a wait. */
    void close() throws StoreException {
        try {
            if (connection != null) {
                connection.rollback();
                if (isWorthCompacting(compactAtClose)) {
                    compact();
                } else {
                    release("SHUTDOWN");
                }
            }
        } catch (SQLException e) {
            throw failure("cannot close", e);
        } finally {
            closed = true;
        }
        try {
            snapshots.seal();
        } catch (IOException e) {
            LOG.warn("no checksum of {}: {}", file, why(e));
        }
    }

    /** Gives the connection up, and says what happened in words for the operator. */
    StoreException failure(String what, SQLException e) {
        boolean refused = refusals().anyMatch(rootOf(e)::contains);
        StoreException failure = refused
                ? new StoreException(Kind.FAILED, "%s %s: %s".formatted(what, file, rootOf(e)), e)
                : switch (e.getErrorCode()) {
                    case ErrorCode.DATABASE_ALREADY_OPEN_1 ->
                        new StoreException(Kind.IN_USE, "%s %s: another process uses it".formatted(what, file), e);
                    case ErrorCode.FILE_VERSION_ERROR_1 ->
                        new StoreException(
                                Kind.TOO_NEW, "%s %s: another version of H2 wrote it".formatted(what, file), e);
                    case ErrorCode.FILE_CORRUPTED_1, ErrorCode.GENERAL_ERROR_1, ErrorCode.TABLE_OR_VIEW_NOT_FOUND_1 ->
                        new StoreException(
                                Kind.DAMAGED, "%s %s: it is damaged (%s)".formatted(what, file, rootOf(e)), e);
                    case ErrorCode.IO_EXCEPTION_1, ErrorCode.IO_EXCEPTION_2, ErrorCode.OUT_OF_MEMORY ->
                        endsTooEarly(e)
                                ? new StoreException(Kind.DAMAGED, "%s %s: it ends too early".formatted(what, file), e)
                                : new StoreException(Kind.FAILED, "%s %s: %s".formatted(what, file, rootOf(e)), e);
                    default ->
                        new StoreException(
                                // H2 keeps its tables as SQL: damaged, they give every kind of error
                                what.equals(OPENING) ? Kind.DAMAGED : Kind.FAILED,
                                "%s %s: %s".formatted(what, file, rootOf(e)),
                                e);
                };
        abandon(failure);
        return failure;
    }

    /** What the system says when it is at fault, not the file. */
    private static Stream<String> refusals() {
        return Stream.of("No space left on device", "Disk quota exceeded", "Input/output error", "Too many open files");
    }

    private static boolean endsTooEarly(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof EOFException) {
                return true;
            }
        }
        return false;
    }

    /** What the system answered, without the layers above and their second lines. */
    private static String rootOf(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String text = String.valueOf(root.getMessage());
        int line = text.indexOf('\n');
        return line < 0 ? text : text.substring(0, line);
    }

    /** Closes without writing, as after a failed write every further one is a risk. */
    private void abandon(StoreException why) {
        Connection lost = connection;
        connection = null;
        statements.clear();
        if (lost != null) {
            try (lost;
                    Statement s = lost.createStatement()) {
                s.execute("SHUTDOWN IMMEDIATELY");
            } catch (SQLException e) {
                why.addSuppressed(e);
            }
        }
    }
}
