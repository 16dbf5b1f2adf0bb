package org.postbane.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A real fail2ban-server in a directory of its own, with the files of {@code packaging/fail2ban} and jails of the caller. */
public final class RealFail2ban implements AutoCloseable {

    private final Path dir;
    private final String path;
    private Process server;

    private RealFail2ban(Path dir, String path) {
        this.dir = dir;
        this.path = path;
    }

    /** Skips the test where fail2ban is missing. */
    public static void needed() {
        Needs.root("a real fail2ban");
        Needs.program("fail2ban-server", "fail2ban");
    }

    /**
     * Starts it; returns when it answers.
     *
     * @param path what stands before $PATH for the programs that its actions call
     * @param jails jail.local
     */
    public static RealFail2ban start(Path dir, String path, String jails) throws Exception {
        copy(Path.of("/etc/fail2ban"), dir.resolve("etc"));
        copy(Path.of("packaging/fail2ban"), dir.resolve("etc"));
        Files.deleteIfExists(dir.resolve("etc/jail.d/defaults-debian.conf"));
        Files.writeString(dir.resolve("etc/fail2ban.local"), """
                [Definition]
                logtarget = %1$s/log
                socket = %1$s/socket
                pidfile = %1$s/pid
                dbfile = %1$s/db
                """.formatted(dir));
        Files.writeString(dir.resolve("etc/jail.local"), jails);
        RealFail2ban fail2ban = new RealFail2ban(dir, path);
        fail2ban.startAgain();
        return fail2ban;
    }

    /** With the same directory and database; returns when it answers. */
    public void startAgain() throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                        "/usr/bin/fail2ban-server",
                        "-xf", // over the socket of one that was killed, too
                        "-c",
                        dir.resolve("etc").toString(),
                        "start")
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("out").toFile());
        builder.environment().put("PATH", path + ":" + System.getenv("PATH"));
        server = builder.start();
        for (int i = 0; i < 150; i++) {
            if (clientStatus("ping") == 0) {
                return;
            }
            Thread.sleep(100);
        }
        close();
        throw new IOException("fail2ban does not answer: " + Files.readString(dir.resolve("out")));
    }

    /** As by a power cut. */
    public void kill() throws InterruptedException {
        server.destroyForcibly().waitFor();
    }

    private static void copy(Path from, Path to) throws Exception {
        Files.createDirectories(to);
        if (new ProcessBuilder("cp", "-r", from + "/.", to.toString()).start().waitFor() != 0) {
            throw new IOException("cannot copy " + from);
        }
    }

    public Path socket() {
        return dir.resolve("socket");
    }

    public String log() throws IOException {
        return Files.readString(dir.resolve("log"));
    }

    private int clientStatus(String... words) throws IOException, InterruptedException {
        return start(words).waitFor();
    }

    private Process start(String... words) throws IOException {
        List<String> command = new ArrayList<>(List.of("/usr/bin/fail2ban-client", "-s", socket().toString()));
        command.addAll(List.of(words));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("client").toFile())
                .start();
    }

    /** What fail2ban-client prints; it must succeed. */
    public String client(String... words) throws IOException, InterruptedException {
        int status = clientStatus(words);
        String said = new String(Files.readAllBytes(dir.resolve("client")), UTF_8);
        if (status != 0) {
            throw new IOException(String.join(" ", words) + ": status " + status + ": " + said);
        }
        return said;
    }

    @Override
    public void close() {
        server.destroy();
        try {
            if (!server.waitFor(20, TimeUnit.SECONDS)) {
                server.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
