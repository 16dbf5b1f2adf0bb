package org.postbane.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import io.airlift.compress.zstd.ZstdOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;

/**
 * A mail server's log that grows and is rotated in every way, as fast as one likes: real lines, each with the time of its
 * writing, with queue ids, message ids and clients of their own each time round. Keeps beside it the same lines in one file
 * that nobody rotates.
 *
 * <p>Runs on a thread of its own until {@link #close}. Everything but the timing follows from the seed.
 */
final class RotatingWriter implements AutoCloseable {

    /** How its lines begin, and what its rotated files are called. */
    enum Style {
        ISO(DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSxxx", Locale.ROOT), false),
        TRADITIONAL(DateTimeFormatter.ofPattern("MMM ppd HH:mm:ss", Locale.ROOT), true);

        private final DateTimeFormatter stamp;
        private final boolean byDate;

        Style(DateTimeFormatter stamp, boolean byDate) {
            this.stamp = stamp;
            this.byDate = byDate;
        }
    }

    private static final List<String> EXTRACTS =
            List.of("postfix-amavis.log", "spamtraps.log", "postfix-spamd.log", "logins.log");
    private static final int STAMP = 15;
    private static final int MOST_ROTATED =
            300; // more than there are rotations: a loaded machine may leave the agent far behind
    private static final Pattern QUEUE_ID = Pattern.compile(": ([0-9A-F]{10,12}|[0-9][0-9A-Za-z]{14}): ");

    private final Path log;
    private final Path whole;
    private final Style style;
    private final Random random;
    private final List<String> extract = new ArrayList<>();
    private final TreeSet<String> queueIds = new TreeSet<>();
    private final Thread thread = new Thread(this::run, "writer");
    private volatile boolean stopping;
    private volatile Throwable fault;
    private List<String> round = List.of();
    private int rounds;
    private int next;
    private long lines;
    private long waits;
    private int rotations;

    RotatingWriter(Path log, Path whole, Style style, long seed) throws IOException {
        this.log = log;
        this.whole = whole;
        this.style = style;
        this.random = new Random(seed);
        for (String name : EXTRACTS) {
            try (InputStream in = RotatingWriter.class.getResourceAsStream("/org/postbane/correlate/" + name)) {
                new String(in.readAllBytes(), UTF_8).lines().forEach(line -> extract.add(line.substring(STAMP)));
            }
        }
        for (String line : extract) {
            Matcher matcher = QUEUE_ID.matcher(line);
            if (matcher.find()) {
                queueIds.add(matcher.group(1));
            }
        }
        Files.createFile(log);
        Files.createFile(whole);
    }

    void start() {
        thread.start();
    }

    long lines() {
        return lines;
    }

    /** How often there was no room. */
    long waits() {
        return waits;
    }

    int rotations() {
        return rotations;
    }

    /** Ends with a whole line; fails if the writer failed. */
    @Override
    public void close() throws IOException {
        stopping = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (fault != null) {
            throw new IOException("the writer failed", fault);
        }
    }

    private void run() {
        try {
            long rotateAt = System.nanoTime();
            while (!stopping) {
                write(log, 1 + random.nextInt(40));
                pause(25);
                if (System.nanoTime() > rotateAt) {
                    rotate();
                    rotations++;
                    rotateAt = System.nanoTime() + (500 + random.nextInt(1500)) * 1_000_000L;
                }
            }
        } catch (IOException | InterruptedException | RuntimeException e) {
            fault = e;
        }
    }

    private void pause(int most) throws InterruptedException {
        Thread.sleep(random.nextInt(most));
    }

    /** Writes some lines, the last one now and then in two pieces. */
    private void write(Path file, int count) throws IOException, InterruptedException {
        StringBuilder text = new StringBuilder();
        String stamp = style.stamp.format(Instant.now().atOffset(ZoneOffset.UTC));
        for (int i = 0; i < count; i++) {
            if (next == round.size()) {
                round = nextRound();
                next = 0;
            }
            text.append(stamp).append(round.get(next++)).append('\n');
            lines++;
        }
        Files.writeString(whole, text, UTF_8, APPEND);
        int cut = random.nextInt(3) == 0 ? text.length() - random.nextInt(Math.min(200, text.length())) : text.length();
        append(file, text.substring(0, cut));
        if (cut < text.length()) {
            pause(20);
            append(file, text.substring(cut));
        }
    }

    /** On a full disk it goes on behind what was written, when there is room again. */
    private void append(Path file, String text) throws InterruptedException {
        ByteBuffer rest = UTF_8.encode(text);
        patiently(() -> {
            try (FileChannel channel = FileChannel.open(file, CREATE, WRITE, APPEND)) {
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
            }
        });
    }

    /** What a full disk may hinder. */
    private interface Step {
        void take() throws IOException;
    }

    private void patiently(Step step) throws InterruptedException {
        for (int i = 0; ; i++) {
            try {
                step.take();
                return;
            } catch (IOException e) {
                if (!String.valueOf(e.getMessage()).contains("No space left") || i > 1000) {
                    throw new UncheckedIOException(e);
                }
                waits++;
                pause(40);
            }
        }
    }

    /** The lines again, as if other mail had come: queue ids must not come back while the old ones are remembered. */
    private List<String> nextRound() {
        rounds++;
        String letters = "%03X".formatted(rounds);
        List<String> made = new ArrayList<>();
        for (String line : extract) {
            String other = line;
            for (String id : queueIds) {
                if (other.contains(id)) {
                    other = other.replace(id, id.substring(0, 4) + letters + id.substring(4));
                }
            }
            other = other.replaceAll("(message-id=<|Message-ID: <|mid=<)([^>]*>)", "$1" + rounds + ".$2")
                    .replaceAll("\\((\\d{5})-(\\d\\d)", "($1-$2-" + rounds)
                    .replaceAll(
                            "\\b(192\\.0\\.2|198\\.51\\.100|203\\.0\\.113)\\.(\\d+)\\b",
                            "100." + (64 + rounds % 7) + "." + rounds % 3 + ".$2");
            made.add(other);
        }
        return made;
    }

    // ---------------------------------------------------------------- rotation

    private void rotate() throws IOException, InterruptedException {
        boolean copy = random.nextInt(3) == 0;
        if (!style.byDate) {
            shift();
        }
        Path first = style.byDate
                ? log.resolveSibling(log.getFileName() + "-" + System.currentTimeMillis())
                : numbered(1, "");
        pause(15);
        if (copy) {
            patiently(() -> Files.copy(log, first, REPLACE_EXISTING));
            pause(15);
            FileChannel.open(log, WRITE).truncate(0).close();
        } else {
            Files.move(log, first, REPLACE_EXISTING);
            pause(15);
            if (random.nextInt(3) == 0) {
                write(first, 1 + random.nextInt(20)); // who was not told yet
            }
            if (random.nextBoolean()) {
                patiently(() -> Files.createFile(log));
                pause(15);
                if (random.nextInt(3) == 0) {
                    write(first, 1 + random.nextInt(20));
                }
            }
        }
        switch (random.nextInt(3)) {
            case 0 -> pack(first, ".gz");
            case 1 -> pack(first, ".zst");
            default -> pause(5); // with a later rotation, or never
        }
    }

    private Path numbered(int number, String packing) {
        return log.resolveSibling(log.getFileName() + "." + number + packing);
    }

    private void shift() throws IOException, InterruptedException {
        for (int n = MOST_ROTATED; n >= 1; n--) {
            for (String packing : List.of("", ".gz", ".zst")) {
                if (Files.exists(numbered(n, packing))) {
                    Files.move(numbered(n, packing), numbered(n + 1, packing), REPLACE_EXISTING);
                }
            }
        }
        if (Files.exists(numbered(2, "")) && random.nextBoolean()) {
            pack(numbered(2, ""), ".gz");
        }
    }

    private void pack(Path file, String packing) throws IOException, InterruptedException {
        Path packed = file.resolveSibling(file.getFileName() + packing);
        patiently(() -> {
            try (OutputStream plain = Files.newOutputStream(packed);
                    OutputStream out =
                            packing.equals(".gz") ? new GZIPOutputStream(plain) : new ZstdOutputStream(plain)) {
                Files.copy(file, out);
            }
        });
        Files.setLastModifiedTime(packed, Files.getLastModifiedTime(file));
        pause(15);
        Files.delete(file);
    }
}
