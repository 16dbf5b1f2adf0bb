package org.postbane.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.postbane.host.Database;
import org.postbane.host.DatabaseSettings;

/**
 * A database server of its own in a temporary directory, on loopback, or H2 in memory. Needs root, as the servers run as the users of
 * their packages.
 */
public final class RealDatabase implements AutoCloseable {

    private static final Path MARIADB = Path.of("/usr/sbin/mariadbd");
    private static final Path POSTGRESQL = Path.of("/usr/lib/postgresql");

    /** Which one. */
    public enum Product {
        MARIADB,
        POSTGRESQL,
        H2
    }

    private final Product product;
    private final Path dir;
    private final int port;
    private Process server;

    private RealDatabase(Product product, Path dir, int port) {
        this.product = product;
        this.dir = dir;
        this.port = port;
    }

    /** Skips the test where it is missing. */
    public static void needed(Product product) {
        if (product == Product.H2) {
            return;
        }
        Needs.root("a real database server");
        if (product == Product.MARIADB) {
            Needs.installed(
                    Files.isExecutable(MARIADB) && Files.exists(Path.of("/usr/share/java/mariadb-java-client.jar")),
                    "MariaDB or its driver",
                    "mariadb-server libmariadb-java");
        } else {
            Needs.installed(
                    Files.isDirectory(POSTGRESQL) && Files.exists(Path.of("/usr/share/java/postgresql.jar")),
                    "PostgreSQL or its driver",
                    "postgresql libpostgresql-jdbc-java");
        }
    }

    /** @param port free on loopback of the network namespace that the caller is in */
    public static RealDatabase start(Product product, int port) throws Exception {
        Path dir = Files.createTempDirectory("postbane-" + product.name().toLowerCase(java.util.Locale.ROOT));
        RealDatabase database = new RealDatabase(product, dir, port);
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
        switch (product) {
            case MARIADB -> {
                own(dir, "mysql");
                run(
                        "mariadb-install-db",
                        "--user=mysql",
                        "--datadir=" + dir.resolve("data"),
                        "--auth-root-authentication-method=normal",
                        "--skip-test-db");
            }
            case POSTGRESQL -> {
                own(dir, "postgres");
                run(as(
                        "postgres",
                        List.of(
                                tool("initdb"),
                                "-D",
                                dir.resolve("data").toString(),
                                "-A",
                                "trust",
                                "-E",
                                "UTF8",
                                "--no-sync")));
            }
            case H2 -> {}
        }
        database.start();
        if (product == Product.MARIADB) {
            database.sql("CREATE DATABASE mail");
        }
        return database;
    }

    /** Starts the server, again after {@link #kill}. Returns when it answers. */
    public void start() throws Exception {
        List<String> command = switch (product) {
            case MARIADB ->
                List.of(
                        MARIADB.toString(),
                        "--no-defaults",
                        "--user=mysql",
                        "--datadir=" + dir.resolve("data"),
                        "--socket=" + dir.resolve("s"),
                        "--pid-file=" + dir.resolve("pid"),
                        "--bind-address=127.0.0.1",
                        "--port=" + port,
                        "--innodb-buffer-pool-size=32M",
                        "--sql-mode=STRICT_TRANS_TABLES");
            case POSTGRESQL ->
                as(
                        "postgres",
                        List.of(
                                tool("postgres"),
                                "-D",
                                dir.resolve("data").toString(),
                                "-k",
                                dir.toString(),
                                "-h",
                                "127.0.0.1",
                                "-p",
                                String.valueOf(port)));
            case H2 -> List.of();
        };
        if (!command.isEmpty()) {
            server = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(
                            ProcessBuilder.Redirect.appendTo(dir.resolve("log").toFile()))
                    .start();
        }
        for (int i = 0; ; i++) {
            try (Database database = new Database(settings(product == Product.MARIADB ? "mysql" : "postgres"))) {
                database.transaction(c -> c.createStatement().execute("SELECT 1"));
                return;
            } catch (java.sql.SQLException e) {
                if (i == 300) {
                    throw new IOException(Files.readString(dir.resolve("log")), e);
                }
                Thread.sleep(100);
            }
        }
    }

    /** As by a power cut. */
    public void kill() throws InterruptedException {
        server.descendants().forEach(ProcessHandle::destroyForcibly);
        server.destroyForcibly().waitFor();
    }

    /** Sends a signal, such as {@code STOP}, to all its processes, some of which may just be ending. */
    public void signal(String name) throws Exception {
        for (ProcessHandle process : Stream.concat(Stream.of(server.toHandle()), server.descendants())
                .toList()) {
            new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        }
    }

    public Product product() {
        return product;
    }

    public int port() {
        return port;
    }

    /** Of the database {@code mail}. */
    public DatabaseSettings settings() {
        return settings(product == Product.POSTGRESQL ? "postgres" : "mail");
    }

    private DatabaseSettings settings(String name) {
        List<Path> drivers =
                Stream.of(DatabaseSettings.DRIVERS.split(" ")).map(Path::of).toList();
        return switch (product) {
            case MARIADB ->
                new DatabaseSettings(
                        "jdbc:mariadb://127.0.0.1:" + port + "/" + name, "root", "", Optional.empty(), drivers);
            case POSTGRESQL ->
                new DatabaseSettings(
                        "jdbc:postgresql://127.0.0.1:" + port + "/" + name, "postgres", "", Optional.empty(), drivers);
            case H2 ->
                new DatabaseSettings(
                        "jdbc:h2:mem:" + dir.getFileName() + ";DB_CLOSE_DELAY=-1", "", "", Optional.empty(), List.of());
        };
    }

    /** One statement; the rows that it yields, columns parted by a bar. */
    public List<String> sql(String text) throws Exception {
        try (Database database = new Database(settings(
                product == Product.MARIADB && text.startsWith("CREATE DATABASE")
                        ? "mysql"
                        : product == Product.POSTGRESQL ? "postgres" : "mail"))) {
            return database.transaction(connection -> {
                List<String> rows = new ArrayList<>();
                try (var statement = connection.createStatement()) {
                    if (statement.execute(text)) {
                        var found = statement.getResultSet();
                        while (found.next()) {
                            StringBuilder row = new StringBuilder();
                            for (int i = 1; i <= found.getMetaData().getColumnCount(); i++) {
                                row.append(i == 1 ? "" : "|").append(found.getString(i));
                            }
                            rows.add(row.toString());
                        }
                    }
                }
                return rows;
            });
        }
    }

    private static String tool(String name) throws IOException {
        try (Stream<Path> versions = Files.list(POSTGRESQL)) {
            return versions.sorted(Comparator.reverseOrder())
                    .map(version -> version.resolve("bin").resolve(name))
                    .filter(Files::isExecutable)
                    .findFirst()
                    .orElseThrow()
                    .toString();
        }
    }

    private static List<String> as(String user, List<String> command) {
        List<String> whole =
                new ArrayList<>(List.of("setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups"));
        whole.addAll(command);
        return whole;
    }

    private static void own(Path dir, String user) throws IOException {
        Files.setOwner(dir, dir.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user));
    }

    private static void run(String... command) throws Exception {
        run(List.of(command));
    }

    private static void run(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + said);
        }
    }

    @Override
    public void close() throws IOException {
        if (server != null) {
            try {
                kill();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        try (Stream<Path> files = Files.walk(dir)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(path -> path.toFile().delete());
        }
    }
}
