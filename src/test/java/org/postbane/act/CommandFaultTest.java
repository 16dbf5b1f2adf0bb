package org.postbane.act;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** {@link CommandAction} when the administrator's programs break. */
class CommandFaultTest {

    /** Programs that keep a file for each ban. */
    abstract static class OfAdministrator extends FaultContract.OfPlace {

        @TempDir
        Path dir;

        private StandIn standIn;

        @BeforeEach
        void install() throws IOException {
            Files.createDirectory(dir.resolve("place"));
            script("ban", "while read -r s; do touch %1$s/place/$(echo $s | tr / _); done");
            script("unban", "while read -r s; do rm -f %1$s/place/$(echo $s | tr / _); done");
            script("all", "rm -f %1$s/place/*; while read -r s; do touch %1$s/place/$(echo $s | tr / _); done");
            script("each", "n=$(echo $2 | tr / _); [ $1 = ban ] && touch %1$s/place/$n || rm -f %1$s/place/$n");
            standIn = new StandIn(dir.resolve("standin"), "*", half());
        }

        private void script(String name, String text) throws IOException {
            Path file = Files.writeString(dir.resolve(name), "#!/bin/sh\n" + text.formatted(dir) + "\n");
            if (!file.toFile().setExecutable(true)) {
                throw new IOException(file + " cannot be made executable");
            }
        }

        final List<String> program(String... words) {
            words[0] = dir.resolve(words[0]).toString();
            return standIn.before(words);
        }

        String half() {
            return StandIn.HALF_OF_INPUT;
        }

        abstract CommandSettings settings();

        static CommandSettings settings(List<String> ban, List<String> unban, List<String> reconcile, boolean batches) {
            return new CommandSettings(
                    "mine", ban, unban, reconcile, batches, "<subject>", Set.of(SubjectKind.CLIENT), StandIn.PATIENCE);
        }

        @Override
        final Action open() {
            return new CommandAction(settings(), InstantSource.system());
        }

        @Override
        List<Fault> faults() {
            return new ArrayList<>(ofProgram(() -> standIn));
        }

        @Override
        final Set<String> held() throws IOException {
            try (Stream<Path> files = Files.list(dir.resolve("place"))) {
                return files.map(file -> file.getFileName().toString().replace('_', '/'))
                        .collect(Collectors.toSet());
            }
        }
    }

    @Nested
    class WithReconcile extends OfAdministrator {
        @Override
        CommandSettings settings() {
            return settings(program("ban"), program("unban"), program("all"), true);
        }
    }

    @Nested
    class WithoutReconcile extends OfAdministrator {
        @Override
        CommandSettings settings() {
            return settings(program("ban"), program("unban"), List.of(), true);
        }
    }

    @Nested
    class OneByOne extends OfAdministrator {
        @Override
        CommandSettings settings() {
            return settings(
                    program("each", "ban", "<subject>"), program("each", "unban", "<subject>"), List.of(), false);
        }

        /** There is none. */
        @Override
        String half() {
            return "true";
        }
    }
}
