package org.postbane.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The journal through the program {@code journalctl}, which prints it in the export format; for machines where libsystemd
 * cannot be loaded.
 *
 * <p>{@code --cursor} and passing over the entry itself, not {@code --after-cursor}: that one passes over whatever stands at
 * the place of the cursor, a new entry too, once the one that is meant was vacuumed (journalctl 252).
 *
 * <p>Threads: a reader belongs to one thread; commons-exec has its own, which wait when {@link #QUEUE} entries were not taken.
 */
final class Journalctl implements Journal {

    private static final int QUEUE = 64;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long LOOK_MILLIS = 100;

    private final JournalPlace place;

    Journalctl(JournalPlace place) {
        this.place = place;
    }

    private static List<String> command(JournalPlace place, List<String> options) {
        List<String> command = new ArrayList<>(List.of(
                "journalctl",
                "--quiet",
                "--no-pager",
                "--output=export",
                "--output-fields=" + String.join(",", JournalFields.WANTED)));
        Path path = place.path();
        if (path != null) {
            command.add((Files.isDirectory(path) ? "--directory=" : "--file=") + path);
        }
        command.addAll(options);
        for (int i = 0; i < place.matches().size(); i++) {
            if (i > 0) {
                command.add("+");
            }
            command.addAll(place.matches().get(i));
        }
        return command;
    }

    @Override
    public Optional<String> lastCursor() throws IOException {
        List<String> command = command(place.unmatched(), List.of("--lines=1"));
        Command.Result result = Command.run(command, new byte[0], PATIENCE);
        if (result.status() != 0 && !result.err().isBlank()) { // 1, and not a word, if nothing matches
            throw failed(result.status(), result.err());
        }
        List<JournalEntry> entries = new ArrayList<>();
        byte[] out = result.out().getBytes(StandardCharsets.UTF_8);
        new JournalExport(entries::add).write(out, 0, out.length);
        return entries.stream().map(JournalEntry::cursor).reduce((a, b) -> b);
    }

    @Override
    public JournalReader read(@Nullable String after, boolean follow) throws IOException {
        List<String> options = new ArrayList<>();
        if (follow) {
            options.addAll(List.of("--follow", "--no-tail"));
        }
        if (after != null) {
            options.add("--cursor=" + after);
        }
        return new Reader(command(place, options), after, follow);
    }

    private static IOException failed(int status, String err) {
        return new IOException("journalctl: status %d: %s".formatted(status, NftCommand.brief(err)));
    }

    /** One running journalctl. */
    private static final class Reader implements JournalReader {

        private final BlockingQueue<JournalEntry> entries = new LinkedBlockingQueue<>(QUEUE);
        private final RunningCommand process;
        private final boolean follow;
        private volatile boolean closed;

        /** The entry to be passed over if it is the first one. */
        private @Nullable String after;

        Reader(List<String> command, @Nullable String after, boolean follow) throws IOException {
            this.after = after;
            this.follow = follow;
            this.process = RunningCommand.start(command, new JournalExport(this::put));
        }

        private void put(JournalEntry entry) {
            try {
                while (!closed && !entries.offer(entry, LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                    // the reader is slower than journalctl, which then waits for its pipe
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public @Nullable JournalEntry next(Duration patience) throws IOException, InterruptedException {
            long end = System.nanoTime() + patience.toNanos();
            while (true) {
                boolean ended = process.hasEnded(); // asked first: what it printed is in the queue by then
                long wait = ended ? 0 : follow ? Math.max(0, end - System.nanoTime()) : Long.MAX_VALUE;
                JournalEntry entry =
                        entries.poll(Math.min(wait, TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS)), TimeUnit.NANOSECONDS);
                if (entry != null) {
                    String passed = after;
                    after = null;
                    if (passed == null || !JournalCursor.sameEntry(passed, entry.cursor())) {
                        return entry;
                    }
                } else if (ended) {
                    return ended();
                } else if (follow && System.nanoTime() - end >= 0) {
                    return null;
                }
            }
        }

        private @Nullable JournalEntry ended() throws IOException {
            if (follow || process.status() != 0 && !process.err().isBlank()) {
                throw failed(process.status(), process.err());
            }
            return null;
        }

        @Override
        public void close() {
            closed = true;
            process.kill();
        }
    }
}
