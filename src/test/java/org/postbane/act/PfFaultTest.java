package org.postbane.act;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.testing.Needs;

/** {@link PfAction} and {@link SpamdbAction} when pfctl and spamdb break, which here are programs that accept what the manuals say. */
class PfFaultTest {

    /** In a directory of its own for each test. */
    private static String program(Path dir, String name) throws IOException {
        Needs.program("python3", "python3"); // which the stand-in for pfctl is written in
        Path program = dir.resolve(name);
        try (InputStream in = Objects.requireNonNull(PfFaultTest.class.getResourceAsStream("/standin/" + name), name)) {
            Files.copy(in, program);
        }
        if (!program.toFile().setExecutable(true)) {
            throw new IOException(program + " cannot be made executable");
        }
        return program.toString();
    }

    @Nested
    class Pf extends FaultContract.OfPlace {

        @TempDir
        Path dir;

        private StandIn standIn;
        private String pfctl;

        @BeforeEach
        void install() throws IOException {
            Files.createDirectory(dir.resolve("pf"));
            pfctl = program(dir, "pfctl");
            standIn = new StandIn(dir.resolve("standin"), "*\" -f \"*", StandIn.HALF_OF_INPUT);
        }

        private Path table() {
            return dir.resolve("pf/.postbane");
        }

        @Override
        List<Fault> faults() {
            List<Fault> faults = new ArrayList<>(ofProgram(() -> standIn));
            faults.add(Fault.healing("the table is killed", () -> Files.delete(table())));
            faults.add(Fault.healing("the table is flushed", () -> Files.writeString(table(), "")));
            faults.add(Fault.healing(
                    "somebody else's address is in the table", () -> Files.writeString(table(), "203.0.113.9\n")));
            faults.add(new Fault(
                    "/dev/pf may not be opened",
                    () -> Files.createFile(dir.resolve("pf/disabled")),
                    () -> Files.delete(dir.resolve("pf/disabled"))));
            return faults;
        }

        @Override
        Action open() {
            return new PfAction(
                    new PfSettings("pf", Optional.empty(), "postbane", false),
                    InstantSource.system(),
                    pfctl,
                    standIn.programs("pf"));
        }

        @Override
        Set<String> held() throws IOException {
            return Files.readAllLines(table()).stream()
                    .filter(line -> !line.isEmpty())
                    .collect(Collectors.toSet());
        }
    }

    @Nested
    class Spamdb extends FaultContract.OfPlace {

        @TempDir
        Path dir;

        private StandIn standIn;
        private String spamdb;

        @BeforeEach
        void install() throws IOException {
            spamdb = program(dir, "spamdb");
            standIn = new StandIn(
                    dir.resolve("standin"), "*\" -t \"*", StandIn.halfOfArguments("spamdb -t -a".split(" ").length));
        }

        @Override
        List<Fault> faults() {
            List<Fault> faults = new ArrayList<>(ofProgram(() -> standIn));
            faults.add(Fault.healing("the database is deleted", () -> Files.delete(dir.resolve("spamdb.db"))));
            return faults;
        }

        /** It leaves alone what others have trapped, so what it trapped itself once, too. */
        @Override
        boolean findsLeftovers() {
            return false;
        }

        @Override
        Action open() {
            return new SpamdbAction(
                    new SpamdbSettings("spamdb"), InstantSource.system(), spamdb, standIn.programs("spamdb"));
        }

        @Override
        Set<String> held() throws IOException {
            Path db = dir.resolve("spamdb.db");
            return Files.exists(db)
                    ? Files.readAllLines(db).stream()
                            .map(line -> line.split(" ", 2)[0])
                            .collect(Collectors.toSet())
                    : Set.of();
        }
    }
}
