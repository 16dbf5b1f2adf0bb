package org.postbane.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A directory that is a small file system of its own, which can be full, or read-only also for root. Needs root. */
public final class SmallDisk implements AutoCloseable {

    private final Path dir;

    private SmallDisk(Path dir) {
        this.dir = dir;
    }

    /**
     * Skips the test where nothing can be mounted, as in most containers.
     *
     * @param dir is made
     * @param options of mount(8), such as {@code size=512k}
     */
    public static SmallDisk mount(Path dir, String options) throws IOException {
        Needs.root("a small disk");
        Files.createDirectory(dir);
        String refusal = run("mount", "-t", "tmpfs", "-o", options, "none", dir.toString());
        Needs.that(refusal.isEmpty(), "a small disk needs leave to mount it (CAP_SYS_ADMIN)");
        return new SmallDisk(dir);
    }

    public Path dir() {
        return dir;
    }

    /** Until {@link #empty}. */
    public void fill() throws IOException {
        byte[] page = new byte[4096];
        try (OutputStream out = Files.newOutputStream(dir.resolve("filler"))) {
            while (true) {
                out.write(page);
            }
        } catch (IOException full) {
            assertEquals("No space left on device", full.getMessage());
        }
    }

    public void empty() throws IOException {
        Files.delete(dir.resolve("filler"));
    }

    public void readOnly(boolean readOnly) throws IOException {
        assertEquals("", run("mount", "-o", "remount," + (readOnly ? "ro" : "rw"), dir.toString()));
    }

    /** What it complains of, or its status if it says nothing; nothing if it succeeds. */
    private static String run(String... command) throws IOException {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            int status = process.waitFor();
            return status == 0 ? "" : said.isEmpty() ? command[0] + ": status " + status : said;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        assertEquals("", run("umount", "-l", dir.toString()));
    }
}
