package org.postbane.endtoend;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/** Fills up a small disk with a file, takes it away again, and so on, on a thread of its own until {@link #close}. */
final class FullDisk implements AutoCloseable {

    private static final int BLOCK = 256 * 1024;

    private final Path filler;
    private final Random random;
    private final Thread thread = new Thread(this::run, "filler");
    private volatile boolean stopping;
    private final AtomicInteger times = new AtomicInteger();

    FullDisk(Path filler, long seed) {
        this.filler = filler;
        this.random = new Random(seed);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            while (!stopping) {
                Thread.sleep(300 + random.nextInt(1500));
                fill(System.nanoTime() + random.nextInt(6_000) * 1_000_000L);
                Files.delete(filler);
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** How often the disk was full. */
    int times() {
        return times.get();
    }

    /** Takes all there is, and whatever others give up meanwhile. */
    private void fill(long until) throws IOException, InterruptedException {
        boolean full = false;
        try (FileChannel channel = FileChannel.open(filler, CREATE, WRITE)) {
            while (!stopping && System.nanoTime() - until < 0) {
                for (int block = BLOCK; block >= 1; ) {
                    try {
                        if (channel.write(ByteBuffer.allocate(block)) < block) {
                            block /= 2;
                        }
                    } catch (IOException e) {
                        block /= 2; // full, but for a few bytes
                    }
                }
                if (!full) {
                    full = true;
                    times.incrementAndGet();
                }
                Thread.sleep(1);
            }
        }
    }

    /** Leaves the disk empty. */
    void stop() throws IOException {
        stopping = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Files.deleteIfExists(filler);
    }

    @Override
    public void close() throws IOException {
        stop();
    }
}
