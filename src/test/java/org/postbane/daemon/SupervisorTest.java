package org.postbane.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.host.UnixDatagrams;

/** Against a real socket, in the place of systemd's. */
final class SupervisorTest {

    private static final long US = 4711;

    @TempDir
    Path directory;

    @Test
    void ready_andBeats_arriveAsTheProtocolSays() throws Exception {
        Path socket = directory.resolve("notify");
        try (UnixDatagrams systemd = UnixDatagrams.bind(socket)) {
            Supervisor supervisor = Supervisor.of(
                    Map.of("NOTIFY_SOCKET", socket.toString(), "WATCHDOG_USEC", "30000", "WATCHDOG_PID", "4711"), US);

            supervisor.ready("reading mail");
            supervisor.beat(() -> "too early");
            Thread.sleep(15);
            supervisor.beat(() -> "reading mail");
            Thread.sleep(15);
            supervisor.beat(() -> "mail: a\nREADY=0");
            supervisor.stopping();

            assertEquals(Optional.of(Duration.ofMillis(30)), supervisor.watchdog());
            assertEquals("READY=1\nSTATUS=reading mail", next(systemd));
            assertEquals("WATCHDOG=1", next(systemd));
            assertEquals("WATCHDOG=1\nSTATUS=mail: a READY=0", next(systemd));
            assertEquals("STOPPING=1\nSTATUS=stopping", next(systemd));
        }
    }

    @Test
    void of_watchdogOfAnotherProcessOrNone_asksForNoSignOfLife() {
        Map<String, String> environment = new HashMap<>(Map.of("NOTIFY_SOCKET", "/x", "WATCHDOG_USEC", "30000000"));
        assertEquals(
                Optional.of(Duration.ofSeconds(30)),
                Supervisor.of(environment, US).watchdog());

        environment.put("WATCHDOG_PID", "1");
        assertEquals(Optional.empty(), Supervisor.of(environment, US).watchdog());
        environment.remove("WATCHDOG_PID");
        for (String odd : new String[] {"", "0", "-1", "3s", "99999999999999999999"}) {
            environment.put("WATCHDOG_USEC", odd);
            assertEquals(Optional.empty(), Supervisor.of(environment, US).watchdog(), odd);
        }
    }

    @Test
    void send_nobodyThereOrNoSocketAsked_goesOn() {
        Supervisor none = Supervisor.of(Map.of(), US);
        Supervisor deaf =
                Supervisor.of(Map.of("NOTIFY_SOCKET", directory.resolve("none").toString()), US);
        Supervisor odd = Supervisor.of(Map.of("NOTIFY_SOCKET", "vsock:2:1234"), US);

        for (Supervisor each : new Supervisor[] {none, deaf, odd}) {
            each.ready("x");
            each.beat(() -> "y");
            each.stopping();
        }

        assertThrows(IOException.class, () -> UnixDatagrams.send("@postbane-none-" + US, new byte[] {'x'}));
        assertThrows(IOException.class, () -> UnixDatagrams.send("/" + "x".repeat(200), new byte[] {'x'}));
    }

    private static String next(UnixDatagrams systemd) throws IOException {
        int length = systemd.receive();
        return new String(systemd.bytes(), 0, length, StandardCharsets.UTF_8);
    }
}
