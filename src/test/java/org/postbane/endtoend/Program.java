package org.postbane.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Programs as a user starts them, above all the built jar, which the system property {@code postbane.jar} names. */
final class Program {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private Program() {}

    /** What a program said, and how it ended. */
    record Outcome(int status, String out, String err) {

        /** The JSON document on standard output. */
        Object json() throws IOException {
            return Json.parse(out);
        }

        Outcome mustBe(int expected) {
            if (status != expected) {
                fail("exit status %d instead of %d, standard output:%n%s%nstandard error:%n%s"
                        .formatted(status, expected, out, err));
            }
            return this;
        }
    }

    static Path jar() {
        String jar = System.getProperty("postbane.jar");
        return Path.of(jar == null ? "target/postbane.jar" : jar).toAbsolutePath();
    }

    /** The command line that runs postbane with these words: the jar, or, where it was not built, the compiled classes. */
    static List<String> postbane(String... words) {
        return java(List.of(), words);
    }

    /** The same with options for the JVM. */
    static List<String> java(List<String> options, String... words) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(
                Files.exists(jar())
                        ? List.of("-jar", jar().toString())
                        : List.of("-cp", System.getProperty("java.class.path"), "org.postbane.Main"));
        command.addAll(List.of(words));
        return command;
    }

    static Outcome run(List<String> command) throws IOException, InterruptedException {
        return run(new ProcessBuilder(command));
    }

    /** Runs it to its end, with nothing on its standard input unless {@code command} says what. */
    static Outcome run(ProcessBuilder command) throws IOException, InterruptedException {
        Path out = Files.createTempFile("program", ".out");
        Path err = Files.createTempFile("program", ".err");
        try {
            if (command.redirectInput().type() == ProcessBuilder.Redirect.Type.PIPE) {
                command.redirectInput(Path.of("/dev/null").toFile());
            }
            Process process = command.redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
            if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                fail(command.command() + " did not end within " + LIMIT + ": " + Files.readString(err));
            }
            return new Outcome(process.exitValue(), text(out), text(err));
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), UTF_8);
    }
}
