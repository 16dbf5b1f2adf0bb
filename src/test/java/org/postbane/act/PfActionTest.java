package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.postbane.act.Bans.ban;
import static org.postbane.act.Bans.impose;
import static org.postbane.act.Bans.lift;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.testing.Needs;

/** {@link PfAction} and {@link SpamdbAction} with programs that accept what the manuals of the real ones document. */
class PfActionTest extends ActionContract {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Programs PROGRAMS = new Programs("pf", Duration.ofSeconds(20));

    @TempDir
    Path dir;

    /** Before that of the contract, which opens the action. */
    private void install() throws IOException {
        Needs.program("python3", "python3"); // which the stand-in for pfctl is written in
        Files.createDirectories(dir.resolve("pf"));
        program("pfctl");
        program("spamdb");
    }

    private void program(String name) throws IOException {
        Path program = dir.resolve(name);
        if (!Files.exists(program)) {
            try (InputStream in =
                    Objects.requireNonNull(PfActionTest.class.getResourceAsStream("/standin/" + name), name)) {
                Files.copy(in, program);
            }
            assertTrue(program.toFile().setExecutable(true));
        }
    }

    @Override
    Action open() throws IOException {
        install();
        return open(new PfSettings("pf", Optional.of("mail/postbane"), "postbane", false));
    }

    private Action open(PfSettings settings) {
        return new PfAction(
                settings, InstantSource.system(), dir.resolve("pfctl").toString(), PROGRAMS);
    }

    @Override
    boolean knowsEnds() {
        return false;
    }

    private Path table() {
        return dir.resolve("pf/mail_postbane.postbane");
    }

    @Override
    Map<String, Duration> held() throws Exception {
        Map<String, Duration> held = new HashMap<>();
        Files.readAllLines(table()).stream().filter(line -> !line.isEmpty()).forEach(line -> held.put(line, FOR_EVER));
        return held;
    }

    @Override
    void destroy() throws Exception {
        Files.delete(table());
    }

    @Test
    void killStates_ofWhoIsBanned() throws Exception {
        try (Action action = open(new PfSettings("pf", Optional.empty(), "t", true))) {
            action.reconcile(List.of(ban("192.0.2.1", HOUR)));
            action.apply(List.of(impose("192.0.2.2", HOUR), impose("2001:db8:1::/64", HOUR), lift("192.0.2.1")));
            action.reconcile(List.of(ban("192.0.2.2", HOUR), ban("2001:db8:1::/64", HOUR), ban("192.0.2.3", HOUR)));
        }

        assertEquals(List.of("192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8:1::/64"), killed());
    }

    @Test
    void killStates_failed_isTriedAgain() throws Exception {
        PfSettings settings = new PfSettings("pf", Optional.empty(), "t", true);
        StandIn standIn = new StandIn(dir.resolve("standin"), "*\" -k \"*", "true");
        install();
        try (Action action = new PfAction(
                settings, InstantSource.system(), dir.resolve("pfctl").toString(), standIn.programs("pf"))) {
            action.reconcile(List.of());
            standIn.is(StandIn.Mood.REFUSES_CHANGES);
            assertThrows(ActionException.class, () -> action.apply(List.of(impose("192.0.2.1", HOUR))));
            standIn.is(StandIn.Mood.GOOD);
            action.reconcile(List.of(ban("192.0.2.1", HOUR)));
            action.reconcile(List.of(ban("192.0.2.1", HOUR)));
        }

        assertEquals(List.of("192.0.2.1"), killed());
    }

    private List<String> killed() throws IOException {
        return Files.readAllLines(dir.resolve("pf/killed")).stream().sorted().toList();
    }

    @Test
    void reconcile_withoutLeave_saysWhatPfctlSays() throws Exception {
        Files.createFile(dir.resolve("pf/disabled"));
        try (Action action = open()) {
            ActionException failure = assertThrows(ActionException.class, () -> action.reconcile(List.of()));

            assertTrue(
                    String.valueOf(failure.getMessage()).endsWith("/dev/pf: Permission denied"), failure.getMessage());
        }
    }

    @Test
    void reconcile_programMissing_saysSo() {
        try (Action action = new PfAction(
                new PfSettings("pf", Optional.empty(), "t", false),
                InstantSource.system(),
                "/nonexistent/pfctl",
                PROGRAMS)) {
            ActionException failure = assertThrows(ActionException.class, () -> action.reconcile(List.of()));

            assertTrue(String.valueOf(failure.getMessage()).contains("/nonexistent/pfctl"), failure.getMessage());
        }
    }

    @Test
    void spamdb_trapsAddresses_andLetsGoOnlyOfOurs() throws Exception {
        install();
        Files.writeString(dir.resolve("spamdb.db"), "203.0.113.9 1795270000\n");
        try (Action action = new SpamdbAction(
                new SpamdbSettings("spamdb"),
                InstantSource.system(),
                dir.resolve("spamdb").toString(),
                PROGRAMS)) {
            action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("198.51.100.0/24", HOUR), ban("2001:db8::1", HOUR)));
            action.apply(List.of(impose("192.0.2.2", HOUR), lift("192.0.2.1"), lift("192.0.2.77")));
            assertEquals(Optional.of(true), action.holds(Bans.subject("192.0.2.2")));
            assertEquals(Optional.of(false), action.holds(Bans.subject("192.0.2.1")));
            assertTrue(action.isIntact());

            action.reconcile(List.of(ban("192.0.2.3", HOUR)));

            assertEquals(
                    List.of("192.0.2.3", "203.0.113.9"),
                    Files.readAllLines(dir.resolve("spamdb.db")).stream()
                            .map(line -> line.split(" ", 2)[0])
                            .sorted()
                            .toList());
            Files.delete(dir.resolve("spamdb.db"));
            assertTrue(!action.isIntact());
        }
    }
}
