package org.postbane.endtoend;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.postbane.endtoend.Program.Outcome;
import org.postbane.host.DatabaseSettings;

/**
 * The daemon as an operator has it: a directory of configuration, a log that it follows, and {@code postbane run}, which may
 * be killed and started again.
 */
final class Daemon implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSxxx");

    private final Path directory;
    private final Path log;
    private final UnaryOperator<List<String>> place;
    private Process process;
    private int starts;

    /**
     * @param directory empty; gets the configuration, the state and what the daemon says
     * @param log which it follows
     * @param jails what stands in jails.conf
     * @param place turns a command into one that runs it where the firewall is
     */
    Daemon(Path directory, Path log, String jails, UnaryOperator<List<String>> place) throws IOException {
        this(directory, log, "[source mail]\npath = " + log, jails, place);
        if (!Files.exists(log)) {
            Files.createFile(log);
        }
    }

    /** @param sources the sections of postbane.conf that say what is read; {@code log} is for {@link #append} only */
    Daemon(Path directory, Path log, String sources, String jails, UnaryOperator<List<String>> place)
            throws IOException {
        this.directory = directory;
        this.log = log;
        this.place = place;
        Files.writeString(directory.resolve("postbane.conf"), """
                [agent]
                socket = %1$s/run/postbane.sock
                [store]
                url = jdbc:h2:file:%1$s/state
                %2$s
                [allow]
                networks = 127.0.0.0/8 ::1
                """.formatted(directory, sources));
        Files.writeString(directory.resolve("jails.conf"), jails);
    }

    /** Has it write records into a database. Before {@link #start}. */
    void record(DatabaseSettings to, String query, String statistics) throws IOException {
        Files.writeString(directory.resolve("postbane.local"), """
                [record]
                url = %s
                user = %s
                query = %s
                statistics = %s
                """.formatted(to.url(), to.user(), query, statistics));
    }

    /** Starts it, and waits until it answers and follows the log. */
    void start() throws Exception {
        starts++;
        process = new ProcessBuilder(place.apply(Program.postbane("run", "--config", directory.toString())))
                .redirectOutput(said().toFile())
                .redirectError(ProcessBuilder.Redirect.appendTo(said().toFile()))
                .start();
        await("the daemon to run", () -> {
            if (!process.isAlive()) {
                fail("the daemon ended with %d: %s".formatted(process.exitValue(), Files.readString(said())));
            }
            return command("status").status() < 64; // 1: it answers that something is wrong
        });
    }

    /** Where what it says since the last start is. */
    private Path said() {
        return directory.resolve("daemon-" + starts + ".err");
    }

    /** What it said since the last start. */
    String log() throws IOException {
        return Files.readString(said());
    }

    /** kill -9; returns when it is gone. */
    void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().onExit().join();
    }

    /** SIGTERM; its exit status. */
    int stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            fail("the daemon did not stop within " + PATIENCE);
        }
        return process.exitValue();
    }

    /** Runs one of its commands. */
    Outcome command(String... words) throws IOException, InterruptedException {
        List<String> whole = new ArrayList<>(List.of(words));
        whole.addAll(List.of("--config", directory.toString()));
        return Program.run(Program.postbane(whole.toArray(String[]::new)));
    }

    /** The bans in force, by subject, as {@code list --json} has them. */
    Map<String, Map<?, ?>> bans() throws IOException, InterruptedException {
        Map<String, Map<?, ?>> bans = new TreeMap<>();
        for (Object ban : Json.list(command("list", "--json").mustBe(0).json(), "bans")) {
            bans.put(Json.at(ban, "subject").toString(), (Map<?, ?>) ban);
        }
        return bans;
    }

    /** Has the log grow by these lines, as if they were all written now; each begins with its old RFC 3339 stamp. */
    void append(List<String> lines) throws IOException {
        append(log, lines);
    }

    static void append(Path file, List<String> lines) throws IOException {
        Files.write(file, stamped(lines), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** The same lines as if they were written now. */
    static List<String> stamped(List<String> lines) {
        String now = OffsetDateTime.now(ZoneOffset.UTC).format(STAMP);
        return lines.stream()
                .map(line -> now + line.substring(line.indexOf(' ')))
                .toList();
    }

    /** What must come true soon. */
    interface Condition {
        boolean holds() throws Exception;
    }

    void await(String what, Condition condition) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() - end > 0) {
                fail("waited %s for %s; the daemon said: %s".formatted(PATIENCE, what, log()));
            }
            Thread.sleep(50);
        }
    }

    @Override
    public void close() {
        if (process != null) {
            kill();
        }
    }
}
