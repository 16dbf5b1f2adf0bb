package org.postbane.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.postbane.endtoend.Program.Outcome;

/** {@code java -jar postbane.jar scan} goes on in a JVM that suits it: nobody notices, but by the time it takes. */
@Timeout(120)
class SuitedJvmIT {

    private static final String OPTION = "-XX:TieredStopAtLevel=1";
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    @Test
    void scan_withoutOptions_runsInAnotherJvm_andEndsWithThisOne() throws Exception {
        Process scan = started(List.of());
        try {
            ProcessHandle other = waitForChild(scan).orElseThrow();
            assertTrue(List.of(other.info().arguments().orElseThrow()).contains(OPTION));

            scan.destroy();

            assertTrue(scan.waitFor(SOON.toSeconds(), TimeUnit.SECONDS));
            other.onExit().get(SOON.toSeconds(), TimeUnit.SECONDS);
        } finally {
            scan.destroyForcibly();
        }
    }

    @Test
    void scan_whoseFirstJvmIsKilled_ends() throws Exception {
        Process scan = started(List.of());
        ProcessHandle other = waitForChild(scan).orElseThrow();
        try {
            scan.destroyForcibly();

            other.onExit().get(SOON.toSeconds(), TimeUnit.SECONDS); // though it waits for input that may come
        } finally {
            other.destroyForcibly();
        }
    }

    @Test
    void scan_withOptions_staysInTheJvmThatHasThem() throws Exception {
        Process scan = started(List.of("-Xmx200m"));
        try (OutputStream in = scan.getOutputStream()) {
            in.write("no header\n".getBytes(StandardCharsets.UTF_8));
            in.flush();

            assertFalse(waitForChild(scan).isPresent());
        } finally {
            scan.destroyForcibly();
        }
    }

    @Test
    void scan_inAnotherJvm_readsTheSameInput_andTellsItsStatus() throws Exception {
        String missing = directory.resolve("missing.log").toString();
        Outcome outcome = Program.run(Program.postbane("scan", missing)).mustBe(66);
        assertEquals("postbane: " + missing + ": no such file\n", outcome.err());

        Process scan = started(List.of());
        try (OutputStream in = scan.getOutputStream()) {
            in.write((String.join("\n", Samples.lines("spam4")) + "\n").getBytes(StandardCharsets.UTF_8));
        }
        String out = new String(scan.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertEquals(0, scan.waitFor());
        assertTrue(out.contains("would ban 1 (spam 1)"), out);
    }

    private static Process started(List<String> options) throws Exception {
        return new ProcessBuilder(Program.java(options, "scan", "-"))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** Empty if there is none for some seconds. */
    private static Optional<ProcessHandle> waitForChild(Process process) throws InterruptedException {
        Optional<ProcessHandle> child = process.toHandle().children().findAny();
        for (int tries = 0; child.isEmpty() && tries < 50; tries++) {
            Thread.sleep(100);
            child = process.toHandle().children().findAny();
        }
        return child;
    }
}
