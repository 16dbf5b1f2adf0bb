package org.postbane.host;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * A database server of others, by JDBC, over one connection that is opened when it is needed and given up after any failure. One is
 * enough: each of these objects has one caller, which does one thing at a time.
 *
 * <p>Drivers are looked for among our own classes, where H2's is, and then in the jars of {@link DatabaseSettings#drivers}.
 *
 * <p>From one thread; {@link #close} from any, also to break off what the other waits for. A server that does not answer is given up
 * after {@value #ANSWER_SECONDS} s (MariaDB, MySQL, PostgreSQL).
 */
public final class Database implements AutoCloseable {

    private static final int CONNECT_SECONDS = 5;
    private static final int ANSWER_SECONDS = 30;

    private final DatabaseSettings settings;
    private @Nullable Driver driver;
    private @Nullable URLClassLoader jars;
    private volatile @Nullable Connection connection;

    /** What is asked over a connection. */
    @FunctionalInterface
    public interface Work<T> {
        T with(Connection connection) throws SQLException;
    }

    /** What is done over a connection. */
    @FunctionalInterface
    public interface Change {
        void with(Connection connection) throws SQLException;
    }

    /** Touches nothing yet. */
    public Database(DatabaseSettings settings) {
        this.settings = settings;
    }

    /**
     * All of {@code work}, or nothing.
     *
     * @throws SQLException after which nothing was done; except where the connection broke at the end, when that is not known
     */
    public <T> T transaction(Work<T> work) throws SQLException {
        boolean done = false;
        try {
            Connection current = connection();
            T result = work.with(current);
            current.commit();
            done = true;
            return result;
        } finally {
            if (!done) {
                close(); // rolls back
            }
        }
    }

    /** As {@link #transaction}, for what has no result. */
    public void change(Change change) throws SQLException {
        transaction(connection -> {
            change.with(connection);
            return true;
        });
    }

    private Connection connection() throws SQLException {
        Connection current = connection;
        if (current == null) {
            current = driver().connect(settings.url(), properties());
            if (current == null) {
                throw new SQLException("no driver for " + settings);
            }
            connection = current;
            current.setAutoCommit(false);
        }
        return current;
    }

    private Properties properties() throws SQLException {
        Properties properties = new Properties();
        if (!settings.user().isEmpty()) {
            properties.setProperty("user", settings.user());
        }
        String password = password();
        if (!password.isEmpty()) {
            properties.setProperty("password", password);
        }
        if (settings.url().startsWith("jdbc:mariadb:") || settings.url().startsWith("jdbc:mysql:")) {
            properties.setProperty("connectTimeout", String.valueOf(1000 * CONNECT_SECONDS));
            properties.setProperty("socketTimeout", String.valueOf(1000 * ANSWER_SECONDS));
            // of MariaDB's driver 2.7: has a second thread read the answers, and waits for that without a limit
            properties.setProperty("useBatchMultiSend", "false");
        } else if (settings.url().startsWith("jdbc:postgresql:")) {
            properties.setProperty("connectTimeout", String.valueOf(CONNECT_SECONDS));
            properties.setProperty("socketTimeout", String.valueOf(ANSWER_SECONDS));
        }
        return properties;
    }

    private String password() throws SQLException {
        if (settings.passwordFile().isEmpty()) {
            return settings.password();
        }
        Path file = settings.passwordFile().get();
        try {
            return Files.readString(file).lines().findFirst().orElse("");
        } catch (IOException e) {
            throw new SQLException("cannot read %s: %s".formatted(file, e.getMessage()), e);
        }
    }

    private Driver driver() throws SQLException {
        Driver known = driver;
        if (known == null) {
            known = find(Database.class.getClassLoader());
            if (known == null) {
                jars = new URLClassLoader(jars(), Database.class.getClassLoader());
                known = find(jars);
            }
            if (known == null) {
                throw new SQLException(
                        "no driver for %s among %s; install libmariadb-java or libpostgresql-jdbc-java, or name"
                                        .formatted(settings, settings.drivers())
                                + " the driver's jar under 'drivers'");
            }
            driver = known;
        }
        return known;
    }

    private @Nullable Driver find(ClassLoader loader) throws SQLException {
        for (Driver each : ServiceLoader.load(Driver.class, loader)) {
            if (each.acceptsURL(settings.url())) {
                return each;
            }
        }
        return null;
    }

    private URL[] jars() throws SQLException {
        List<URL> found = new ArrayList<>();
        try {
            for (Path place : settings.drivers()) {
                if (Files.isDirectory(place)) {
                    try (DirectoryStream<Path> files = Files.newDirectoryStream(place, "*.jar")) {
                        for (Path file : files) {
                            found.add(file.toUri().toURL());
                        }
                    }
                } else if (Files.exists(place)) {
                    found.add(place.toUri().toURL());
                }
            }
        } catch (IOException e) {
            throw new SQLException("cannot look for drivers: " + e.getMessage(), e);
        }
        return found.toArray(URL[]::new);
    }

    /**
     * Whether a query can be answered. Asks for a table itself, as what a catalogue calls it differs from product to product.
     *
     * @param query of no rows
     */
    public static boolean answers(Connection connection, String query) throws SQLException {
        Savepoint before = connection.setSavepoint();
        try (Statement s = connection.createStatement();
                ResultSet none = s.executeQuery(query)) {
            return !none.next();
        } catch (SQLException e) {
            connection.rollback(before); // fails where the connection is the trouble
            return false;
        }
    }

    /** What a server said, on one line. */
    public static String said(SQLException e) {
        String text = String.valueOf(e.getMessage()).strip().replaceAll("\\s*[\\r\\n]+\\s*", " | ");
        return text.length() > 400 ? text.substring(0, 400) + "..." : text;
    }

    /**
     * A stranger's text as any server takes it: no control characters, nothing beyond Unicode's first plane (MariaDB's {@code
     * utf8}), and no longer than the column.
     */
    public static String text(String value, int most) {
        StringBuilder text = new StringBuilder(Math.min(value.length(), most));
        for (int i = 0; i < value.length() && i < most; i++) {
            char c = value.charAt(i);
            text.append(Character.isISOControl(c) || Character.isSurrogate(c) ? '?' : c);
        }
        return text.toString();
    }

    /** Gives the connection up; the next use opens another. What was not committed is undone. */
    @Override
    public void close() {
        Connection lost = connection;
        connection = null;
        if (lost != null) {
            try (lost) {
                lost.rollback();
            } catch (SQLException e) {
                return; // it is lost either way, and the server undoes what was not committed
            }
        }
    }
}
