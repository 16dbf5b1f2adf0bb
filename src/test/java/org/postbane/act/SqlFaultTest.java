package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Timeout;
import org.postbane.host.Database;
import org.postbane.host.DatabaseSettings;
import org.postbane.testing.RealDatabase;
import org.postbane.testing.RealDatabase.Product;

/** {@link SqlAction} when a real database server goes away, or others spoil its table. */
class SqlFaultTest {

    @Timeout(120)
    abstract static class OnServer extends FaultContract.OfPlace {

        RealDatabase database;
        private CountDownLatch unlock = new CountDownLatch(1);

        abstract Product product();

        /** Of the driver: no answer in a second is none. */
        abstract String shortPatience();

        abstract void lock(Statement s) throws SQLException;

        /** A query for the connections of others, and how to end one. */
        abstract List<String> endOfOthers();

        @BeforeAll
        void startServer() throws Exception {
            RealDatabase.needed(product());
            database = RealDatabase.start(product(), 33062);
        }

        @AfterAll
        void stopServer() throws IOException {
            if (database != null) {
                database.close();
            }
        }

        @AfterEach
        void dropTable() throws Exception {
            unlock.countDown();
            if (product() != Product.H2) {
                database.signal("CONT");
            }
            database.sql("DROP TABLE IF EXISTS bans");
        }

        @Override
        List<Fault> faults() {
            List<Fault> faults = new ArrayList<>(serverFaults());
            faults.addAll(List.of(
                    new Fault("somebody has locked the table", this::lock, () -> unlock.countDown()),
                    new Fault(
                            "the table is another one",
                            () -> database.sql(renaming().formatted("name", "nom")),
                            () -> database.sql(renaming().formatted("nom", "name"))),
                    Fault.healing("the table is dropped", () -> database.sql("DROP TABLE bans")),
                    Fault.healing("all rows are deleted", () -> database.sql("DELETE FROM bans")),
                    Fault.healing(
                            "a row is deleted", () -> database.sql("DELETE FROM bans WHERE name = '192.0.2.2'"))));
            return faults;
        }

        String renaming() {
            return "ALTER TABLE bans RENAME COLUMN %s TO %s";
        }

        /** Of a server that is a process. */
        List<Fault> serverFaults() {
            return List.of(
                    new Fault("the server is killed", () -> database.kill(), () -> {
                        Thread.sleep(3000); // calls fail again and again; for a minute, in the whole program's test
                        database.start();
                    }),
                    new Fault("the server hangs", () -> database.signal("STOP"), () -> database.signal("CONT")),
                    Fault.healing("the administrator ends all connections", () -> {
                        for (String id : database.sql(endOfOthers().get(0))) {
                            database.sql(endOfOthers().get(1).formatted(id));
                        }
                    }));
        }

        private void lock() throws InterruptedException {
            CountDownLatch locked = new CountDownLatch(1);
            unlock = new CountDownLatch(1);
            CountDownLatch until = unlock;
            Thread holder = new Thread(() -> {
                try (Database other = new Database(database.settings())) {
                    other.transaction(connection -> hold(connection, locked, until));
                } catch (SQLException e) {
                    throw new AssertionError(e);
                }
            });
            holder.setDaemon(true);
            holder.start();
            locked.await();
        }

        private boolean hold(Connection connection, CountDownLatch locked, CountDownLatch until) throws SQLException {
            try (Statement s = connection.createStatement()) {
                lock(s);
                locked.countDown();
                until.await();
                return true;
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        Action open() {
            DatabaseSettings usual = database.settings();
            DatabaseSettings hasty = new DatabaseSettings(
                    usual.url() + shortPatience(),
                    usual.user(),
                    usual.password(),
                    usual.passwordFile(),
                    usual.drivers());
            return new SqlAction(new SqlSettings("sql", hasty, "bans", "mx1"), InstantSource.system());
        }

        @Override
        Set<String> held() throws Exception {
            return Set.copyOf(database.sql("SELECT DISTINCT subject FROM bans WHERE agent = 'mx1' AND until_at > "
                    + Instant.now().getEpochSecond()));
        }
    }

    @Nested
    class MariaDb extends OnServer {
        @Override
        Product product() {
            return Product.MARIADB;
        }

        @Override
        String shortPatience() {
            return "?connectTimeout=1000&socketTimeout=1000";
        }

        @Override
        void lock(Statement s) throws SQLException {
            s.execute("LOCK TABLES bans WRITE");
        }

        @Override
        List<String> endOfOthers() {
            return List.of(
                    "SELECT id FROM information_schema.processlist WHERE user = 'root' AND id <> connection_id()",
                    "KILL %s");
        }
    }

    @Nested
    class PostgreSql extends OnServer {
        @Override
        Product product() {
            return Product.POSTGRESQL;
        }

        @Override
        String shortPatience() {
            return "?connectTimeout=1&socketTimeout=1";
        }

        @Override
        void lock(Statement s) throws SQLException {
            s.execute("LOCK TABLE bans");
        }

        @Override
        List<String> endOfOthers() {
            return List.of(
                    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
                    "SELECT pg_terminate_backend(%s)");
        }
    }

    /** In this process, as one JDBC address among others. */
    @Nested
    class H2 extends OnServer {
        @Override
        Product product() {
            return Product.H2;
        }

        @Override
        String shortPatience() {
            return ";LOCK_TIMEOUT=500";
        }

        @Override
        void lock(Statement s) throws SQLException {
            s.execute("SELECT * FROM bans FOR UPDATE");
        }

        @Override
        List<String> endOfOthers() {
            return List.of();
        }

        @Override
        String renaming() {
            return "ALTER TABLE bans ALTER COLUMN %s RENAME TO %s";
        }

        @Override
        List<Fault> serverFaults() {
            return List.of(Fault.healing(
                    "the database is shut down, and nothing is left",
                    () -> assertThrows(SQLException.class, () -> database.sql("SHUTDOWN"))));
        }
    }
}
