package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.decide.Ban;
import org.postbane.testing.RealFail2ban;

/** {@link Fail2banAction}, and what lies in {@code packaging/fail2ban}, with a real fail2ban-server. */
@Timeout(120)
class Fail2banActionTest extends ActionContract {

    @TempDir
    static Path dir;

    private static RealFail2ban server;

    @BeforeAll
    static void startServer() throws Exception {
        RealFail2ban.needed();
        Path bin = Files.createDirectory(dir.resolve("bin"));
        Path postbane = Files.writeString(
                bin.resolve("postbane"),
                "#!/bin/sh\nprintf '%s|' \"$@\" >>" + dir + "/calls; echo >>" + dir + "/calls\n");
        assertTrue(postbane.toFile().setExecutable(true));
        Files.writeString(dir.resolve("calls"), "");
        Files.writeString(dir.resolve("agent.log"), "");
        server = RealFail2ban.start(dir, bin.toString(), """
                [postbane]
                enabled = true
                action =
                [postbane-log]
                enabled = true
                backend = polling
                logpath = %1$s/agent.log
                action = postbane[name=echo]
                [sshd]
                enabled = true
                backend = polling
                logpath = %1$s/agent.log
                bantime = 3600
                action = postbane
                """.formatted(dir));
    }

    @AfterAll
    static void stopServer() {
        if (server != null) {
            server.close();
        }
    }

    @BeforeEach
    void empty() throws Exception {
        server.client("unban", "--all");
        Files.writeString(dir.resolve("calls"), "");
    }

    @Override
    Action open() {
        return open("postbane");
    }

    private static Action open(String jail) {
        return new Fail2banAction(
                new Fail2banSettings("fail2ban", jail, Optional.of(server.socket())), InstantSource.system());
    }

    @Override
    boolean knowsEnds() {
        return false;
    }

    @Override
    Map<String, Duration> held() throws Exception {
        Map<String, Duration> held = new HashMap<>();
        for (String word : server.client("get", "postbane", "banip").strip().split("\\s+", -1)) {
            if (!word.isEmpty()) {
                held.put(word, FOR_EVER);
            }
        }
        return held;
    }

    @Override
    void destroy() throws Exception {
        server.client("unban", "--all");
    }

    @Test
    void reconcile_jailThatIsNotThere_saysSo() {
        try (Action action = open("none")) {
            ActionException failure = assertThrows(ActionException.class, () -> action.reconcile(List.of()));

            assertTrue(String.valueOf(failure.getMessage()).contains("none"), failure.getMessage());
        }
    }

    @Test
    void bansOfFail2ban_areNotHandedBack() throws Exception {
        Instant now = Instant.now();
        Ban theirs = new Ban(Bans.subject("192.0.2.1"), "fail2ban-sshd", now, now.plusSeconds(60), "5 failures");
        try (Action action = open()) {
            assertFalse(action.takes(theirs));
            action.reconcile(List.of(theirs, Bans.ban("192.0.2.2", Duration.ofHours(1))));
        }

        assertEquals(List.of("192.0.2.2"), List.copyOf(held().keySet()));
    }

    @Test
    void jailOfFail2ban_bansAndUnbans_callPostbane() throws Exception {
        server.client("set", "sshd", "banip", "192.0.2.1", "2001:db8::1");
        awaitCalls("ban|192.0.2.1|--no-wait|--for=3600|--jail=fail2ban-sshd|--reason=");
        awaitCalls("ban|2001:db8::1|--no-wait|--for=3600|--jail=fail2ban-sshd|--reason=");

        server.client("set", "sshd", "unbanip", "192.0.2.1");

        awaitCalls("\nunban|192.0.2.1|--jail=fail2ban-sshd|");
        server.client("unban", "--all");
        awaitCalls("\nunban|--all|--jail=fail2ban-sshd|");
    }

    @Test
    void banLineOfTheAgent_isABanInFail2ban_butNotWhatFail2banHandedOver() throws Exception {
        String now = java.time.LocalDateTime.now(java.time.ZoneId.systemDefault())
                        .toString()
                        .replace('T', ' ')
                        .substring(0, 19)
                + ".123 ";
        Files.writeString(
                dir.resolve("agent.log"),
                now + "INFO [fail2ban-sshd] ban 192.0.2.66 until 2026-12-26T16:32:04Z: 5 failures\n"
                        + now + "INFO [spam] unban 192.0.2.67: EXPIRED\n"
                        + now + "INFO [spam] ban 192.0.2.68 until 2026-12-26T16:32:04Z: severity 0.451 (limit 0.1)\n"
                        + now + "INFO [spam] ban 2001:db8:1::/64 until lifted by hand: [x] ban 192.0.2.69 until\n",
                StandardOpenOption.APPEND);

        awaitCalls("ban|192.0.2.68|");
        awaitCalls("ban|2001:db8:1::/64|");

        String banned = server.client("get", "postbane-log", "banip");
        assertEquals(
                List.of("192.0.2.68", "2001:db8:1::/64"),
                List.of(banned.strip().split("\\s+", -1)).stream().sorted().toList());
    }

    private static void awaitCalls(String expected) throws Exception {
        String calls = "";
        for (int i = 0; i < 150 && !calls.contains(expected); i++) {
            Thread.sleep(100);
            calls = "\n" + Files.readString(dir.resolve("calls"));
        }
        assertTrue(calls.contains(expected), "calls: " + calls + Objects.requireNonNull(server.log()));
    }
}
