package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.postbane.act.Bans.ban;
import static org.postbane.act.Bans.impose;
import static org.postbane.act.Bans.lift;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.model.Subject;

/** {@link CommandAction} with a program that keeps a file for each subject. */
class CommandActionTest extends ActionContract {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    Path dir;

    private Path script(String name, String text) throws IOException {
        Path script = Files.writeString(dir.resolve(name), "#!/bin/sh\n" + text);
        assertTrue(script.toFile().setExecutable(true));
        return script;
    }

    private static CommandSettings settings(
            boolean batches, List<String> ban, List<String> unban, List<String> reconcile, Duration timeout) {
        return new CommandSettings(
                "mine", ban, unban, reconcile, batches, "<subject>", Set.of(SubjectKind.CLIENT), timeout);
    }

    private static Action open(CommandSettings settings) {
        return new CommandAction(settings, InstantSource.system());
    }

    /** A file's name cannot have a slash. */
    @Override
    Action open() throws Exception {
        Path place = Files.createDirectories(dir.resolve("place"));
        String each = "while read -r s; do s=$(echo \"$s\" | tr / _); ";
        return open(settings(
                true,
                List.of(script("ban", each + "touch " + place + "/$s; done\n").toString()),
                List.of(script("unban", each + "rm -f " + place + "/$s; done\n").toString()),
                List.of(script("all", "mkdir -p %1$s; rm -f %1$s/*; %2$s touch %1$s/$s; done\n".formatted(place, each))
                        .toString()),
                PATIENCE));
    }

    @Override
    boolean knowsEnds() {
        return false;
    }

    @Override
    Map<String, Duration> held() throws Exception {
        Map<String, Duration> held = new HashMap<>();
        try (Stream<Path> files = Files.list(dir.resolve("place"))) {
            files.forEach(file -> held.put(file.getFileName().toString().replace('_', '/'), FOR_EVER));
        }
        return held;
    }

    @Override
    void destroy() throws Exception {
        try (Stream<Path> files = Files.list(dir.resolve("place"))) {
            files.forEach(file -> file.toFile().delete());
        }
        Files.delete(dir.resolve("place"));
    }

    @Test
    void eachBan_hostileText_staysOneArgument() throws Exception {
        Path program = script("each", "for a in \"$@\"; do echo \"<$a>\"; done >>" + dir + "/calls\n");
        String evil = "x; touch " + dir + "/pwned `id` $(id) <jail> \"' *";
        CommandSettings settings = new CommandSettings(
                "mine",
                CommandSettings.command(program + " ban '<subject>' \"for <seconds>\" <reason> <jail>"),
                CommandSettings.command(program + " unban <subject>"),
                List.of(),
                false,
                "",
                Set.of(SubjectKind.ACCOUNT),
                PATIENCE);
        Instant now = Instant.now();
        Ban ban = new Ban(new Subject.Account(evil), "spam", now, Instant.MAX, "because <until> of $(id)");
        try (Action action = open(settings)) {
            assertFalse(action.takes(ban("192.0.2.1", HOUR)));
            action.reconcile(List.of(ban, ban("192.0.2.1", HOUR)));
            action.apply(List.of(new Decision.Lift(ban, Decision.Cause.EXPIRED)));
        }

        assertEquals(
                List.of(
                        "<ban>",
                        "<account:" + evil + ">",
                        "<for -1>",
                        "<because <until> of $(id)>",
                        "<spam>",
                        "<unban>",
                        "<account:" + evil + ">"),
                Files.readAllLines(dir.resolve("calls")));
        assertFalse(Files.exists(dir.resolve("pwned")));
    }

    @Test
    void withoutReconcile_whatIsOverIsUnbannedAndTheRestToldAgain() throws Exception {
        Path program = script("log", "while read -r s; do echo \"$1 $s\"; done >>" + dir + "/calls\n");
        CommandSettings settings = settings(
                true, List.of(program.toString(), "ban"), List.of(program.toString(), "unban"), List.of(), PATIENCE);
        try (Action action = open(settings)) {
            action.reconcile(List.of(ban("192.0.2.1", HOUR), ban("192.0.2.2", HOUR)));
            action.reconcile(List.of(ban("192.0.2.2", HOUR)));
            action.apply(List.of(lift("192.0.2.2"), lift("192.0.2.77")));
        }

        assertEquals(
                List.of(
                        "ban 192.0.2.1",
                        "ban 192.0.2.2",
                        "ban 192.0.2.2",
                        "unban 192.0.2.1",
                        "unban 192.0.2.2",
                        "unban 192.0.2.77"), // perhaps an earlier agent has banned it
                Files.readAllLines(dir.resolve("calls")));
    }

    @Test
    void program_fails_saysStatusAndWords() throws Exception {
        Path program = script("bad", "cat >/dev/null; echo 'no such thing' >&2; exit 3\n");
        try (Action action = open(settings(true, List.of(program.toString()), List.of(), List.of(), PATIENCE))) {
            ActionException failure =
                    assertThrows(ActionException.class, () -> action.reconcile(List.of(ban("192.0.2.1", HOUR))));

            assertEquals("mine: " + program + ": status 3: no such thing", failure.getMessage());
        }
    }

    @Test
    void program_isMissing_saysSo() throws Exception {
        try (Action action = open(settings(true, List.of("/nonexistent/x"), List.of(), List.of(), PATIENCE))) {
            ActionException failure =
                    assertThrows(ActionException.class, () -> action.apply(List.of(impose("192.0.2.1", HOUR))));

            assertTrue(String.valueOf(failure.getMessage()).contains("/nonexistent/x"), failure.getMessage());
        }
    }

    @Test
    void program_hangs_isKilledWithAllThatItStarted() throws Exception {
        // a grandchild that has lost its parent, and one that has not
        Path program = script(
                "hang", "(sleep 300 & echo $! >>%1$s/pids) ; sleep 300 & echo $! >>%1$s/pids; wait\n".formatted(dir));
        try (Action action =
                open(settings(true, List.of(program.toString()), List.of(), List.of(), Duration.ofSeconds(1)))) {
            ActionException failure =
                    assertThrows(ActionException.class, () -> action.reconcile(List.of(ban("192.0.2.1", HOUR))));

            assertTrue(String.valueOf(failure.getMessage()).contains("killed after 1000 ms"), failure.getMessage());
        }
        StandIn.assertNoneLeft(dir.resolve("pids"));
    }

    @Test
    void settings_thatMeanNothing_areRefused() {
        assertThrows(IllegalArgumentException.class, () -> CommandSettings.command("ban <subject>"), "no full path");
        assertThrows(IllegalArgumentException.class, () -> CommandSettings.command("/ban 'x"), "open quote");
        assertThrows(IllegalArgumentException.class, () -> CommandSettings.command("/ban <ip>"), "unknown tag");
        assertThrows(
                IllegalArgumentException.class,
                () -> settings(true, List.of("/ban", "<subject>"), List.of(), List.of(), PATIENCE),
                "tags in a batch");
        assertEquals(List.of("/ban", "a b", "<subject>"), CommandSettings.command(" /ban  \"a b\" <subject>"));
    }

    /** Programs that can only ban and unban: nobody knows what else is in the place. They say when it is gone, and make it anew. */
    @Nested
    class WithoutReconcile extends ActionContract {

        @Override
        Action open() throws Exception {
            Path place = Files.createDirectories(dir.resolve("place"));
            String each = "[ -d %1$s ] || { mkdir %1$s; exit 1; }; while read -r s; do s=$(echo \"$s\" | tr / _); "
                    .formatted(place);
            return CommandActionTest.open(settings(
                    true,
                    List.of(script("ban-only", each + "touch " + place + "/$s; done\n")
                            .toString()),
                    List.of(script("unban-only", each + "rm -f " + place + "/$s; done\n")
                            .toString()),
                    List.of(),
                    PATIENCE));
        }

        @Override
        boolean canBeAsked() {
            return false;
        }

        @Override
        boolean knowsEnds() {
            return false;
        }

        @Override
        Map<String, Duration> held() throws Exception {
            return CommandActionTest.this.held();
        }

        @Override
        void destroy() throws Exception {
            CommandActionTest.this.destroy();
        }
    }
}
