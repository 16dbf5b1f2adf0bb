package org.postbane.act;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.postbane.testing.Needs;

/** A directory that is a small file system of its own, which can be full, or read-only also for root. Needs root. */
final class SmallDisk implements AutoCloseable {

    private static final String SIZE = "512k";

    private final Path dir;

    /** @param dir is made */
    SmallDisk(Path dir) throws IOException {
        this.dir = Files.createDirectory(dir);
        Needs.that("root".equals(System.getProperty("user.name")), "a full disk needs root to be mounted");
        run("mount", "-t", "tmpfs", "-o", "mode=755,size=" + SIZE, "none", dir.toString());
    }

    Path dir() {
        return dir;
    }

    /** Until {@link #empty}. */
    void fill() throws IOException {
        byte[] page = new byte[4096];
        try (OutputStream out = Files.newOutputStream(dir.resolve("filler"))) {
            while (true) {
                out.write(page);
            }
        } catch (IOException full) {
            assertEquals("No space left on device", full.getMessage());
        }
    }

    void empty() throws IOException {
        Files.delete(dir.resolve("filler"));
    }

    void readOnly(boolean readOnly) throws IOException {
        run("mount", "-o", "remount," + (readOnly ? "ro" : "rw"), dir.toString());
    }

    private static void run(String... command) throws IOException {
        try {
            Process process = new ProcessBuilder(command).inheritIO().start();
            assertEquals(0, process.waitFor(), String.join(" ", command));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        run("umount", "-l", dir.toString());
    }
}
