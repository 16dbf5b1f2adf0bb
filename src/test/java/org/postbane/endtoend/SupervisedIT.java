package org.postbane.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.host.UnixDatagrams;

/** The daemon under a service manager, of which only the socket is there. */
@Timeout(120)
class SupervisedIT {

    private static final String CONF = """
            [agent]
            socket = %1$s/postbane.sock
            [store]
            url = jdbc:h2:file:%1$s/state
            [source mail]
            path = %1$s/mail.log
            [traps]
            addresses = trap@example.org
            """;

    @TempDir
    Path directory;

    @Test
    void daemon_missingLogThenThere_saysSo_andThatItIsAlive() throws Exception {
        Files.writeString(directory.resolve("postbane.conf"), CONF.formatted(directory));
        Files.writeString(directory.resolve("jails.conf"), "[trap]\nweigh = trap\naction = log\n");
        Path socket = directory.resolve("notify");
        Path said = directory.resolve("said");
        try (UnixDatagrams systemd = UnixDatagrams.bind(socket)) {
            ProcessBuilder builder = new ProcessBuilder(Program.postbane("run", "--config", directory.toString()))
                    .redirectOutput(said.toFile())
                    .redirectErrorStream(true);
            builder.environment().put("NOTIFY_SOCKET", socket.toString());
            builder.environment().put("WATCHDOG_USEC", "3000000");
            Process daemon = builder.start();
            try {
                assertEquals("READY=1\nSTATUS=reading mail; 0 bans in force", next(systemd, daemon, said));
                assertTrue(next(systemd, daemon, said)
                        .startsWith("WATCHDOG=1\nSTATUS=reading mail; 0 bans in force; mail: there is no "));
                Files.createFile(directory.resolve("mail.log"));
                while (!next(systemd, daemon, said).equals("WATCHDOG=1\nSTATUS=reading mail; 0 bans in force")) {
                    assertTrue(daemon.isAlive());
                }
                daemon.destroy();
                String last = next(systemd, daemon, said);
                while (last.startsWith("WATCHDOG=1")) {
                    last = next(systemd, daemon, said);
                }
                assertEquals("STOPPING=1\nSTATUS=stopping", last);
                assertTrue(daemon.waitFor(30, TimeUnit.SECONDS));
                List<String> told = Files.readAllLines(said);
                assertEquals(
                        1,
                        told.stream()
                                .filter(line -> line.contains("; waiting for it"))
                                .count(),
                        told::toString);
                assertEquals(
                        1,
                        told.stream()
                                .filter(line -> line.endsWith("mail: is there"))
                                .count(),
                        told::toString);
            } finally {
                daemon.destroyForcibly();
            }
        }
    }

    private static String next(UnixDatagrams systemd, Process daemon, Path said) throws IOException {
        for (int i = 0; i < 60; i++) {
            int length = systemd.receive();
            if (length > 0) {
                return new String(systemd.bytes(), 0, length, StandardCharsets.UTF_8);
            }
            assertTrue(daemon.isAlive(), () -> "ended: " + read(said));
        }
        throw new AssertionError("nothing came: " + read(said));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
