package org.postbane.source;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postbane.host.Journal;
import org.postbane.host.JournalEntry;
import org.postbane.host.JournalPlace;
import org.postbane.host.JournalReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The systemd journal as a source: entries of trusted writers ({@link Trust}) become lines, each once and in order, over
 * rotation, vacuum and restarts from {@link #position}.
 *
 * <p>Threads: one of its own reads the journal and waits for it; {@link #poll} takes what is there. Memory: {@link Inbox}.
 * Errors: the thread opens the journal anew each second, behind the last entry that it read, and {@link #poll} says why.
 *
 * <p>Known shortcomings: an entry that was vacuumed before it was read is lost, and nobody tells how many were.
 */
public final class JournalSource implements LineSource {

    private static final Logger LOG = LoggerFactory.getLogger(JournalSource.class);

    /** What stands in a stored position before the cursor, so that a position in a file is not taken for one. */
    private static final String PREFIX = "journal ";

    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final String name;
    private final String place;
    private final Journal journal;
    private final JournalLine lines;
    private final Inbox inbox;
    private final Line line = new Line();
    private final FileTail.StartAt startAt;

    /** Of the last line that was handed on; null if none was ever. Pipeline thread. */
    private @Nullable String handedOn;

    private @Nullable Thread thread;
    private volatile boolean closed;
    private volatile @Nullable String fault;

    /** Where reading begins, once that is known. Written by the reading thread. */
    private volatile @Nullable String begun;

    /**
     * Does not touch the journal yet.
     *
     * @param name of the source in the configuration
     * @param place which journal
     * @param stored what {@link #position} said in a former run
     * @param startAt if nothing is stored
     * @param wake called from another thread when there is something to {@link #poll}
     */
    public static JournalSource open(
            String name, Input.Journal place, Optional<Position> stored, FileTail.StartAt startAt, Runnable wake) {
        Journal journal = Journal.open(
                new JournalPlace(place.path().orElse(null), place.trust().matches()));
        return new JournalSource(name, place, journal, stored, startAt, wake);
    }

    JournalSource(
            String name,
            Input.Journal place,
            Journal journal,
            Optional<Position> stored,
            FileTail.StartAt startAt,
            Runnable wake) {
        this.name = name;
        this.place = place.toString();
        this.journal = journal;
        this.lines = new JournalLine(place.trust());
        this.inbox = new Inbox(wake);
        this.startAt = startAt;
        this.handedOn = stored.map(Position::identity)
                .filter(identity -> identity.startsWith(PREFIX))
                .map(identity -> identity.substring(PREFIX.length()))
                .orElse(null);
        this.begun = handedOn;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String place() {
        return place;
    }

    @Override
    public boolean poll(LineSink sink, int most, Instant now) throws IOException {
        if (thread == null) {
            Thread reader = new Thread(this::readOn, "journal-" + name);
            reader.setDaemon(true);
            reader.start();
            thread = reader;
        }
        for (int i = 0; i < most; i++) {
            Inbox.Item item = inbox.poll();
            if (item == null) {
                break;
            }
            sink.accept(line.set(item.bytes(), 0, item.length()));
            handedOn = item.cursor();
        }
        String why = fault;
        if (why != null && inbox.isEmpty()) {
            throw new IOException(why);
        }
        return !inbox.isEmpty();
    }

    private void readOn() {
        String after = begun;
        boolean fromStart = after == null && startAt == FileTail.StartAt.BEGINNING;
        while (!closed) {
            try {
                if (after == null && !fromStart) {
                    after = journal.lastCursor().orElse(null);
                    begun = after;
                    fromStart = true; // if it was empty, all that comes is new
                }
                try (JournalReader reader = journal.read(after, true)) {
                    fault = null;
                    while (!closed) {
                        JournalEntry entry = reader.next(PATIENCE);
                        if (entry != null) {
                            after = entry.cursor();
                            Inbox.Item item = lines.of(entry);
                            if (item != null) {
                                inbox.put(item);
                            }
                        }
                    }
                }
            } catch (IOException e) {
                fault = e.getMessage();
                LOG.debug("{}: {}", name, e.getMessage());
                pause();
            } catch (InterruptedException e) {
                LOG.trace("reading the journal ended", e);
                return;
            }
        }
    }

    private void pause() {
        try {
            Thread.sleep(PATIENCE.toMillis());
        } catch (InterruptedException e) {
            LOG.trace("reading the journal ended", e);
            closed = true;
        }
    }

    @Override
    public Position position() {
        String cursor = handedOn == null ? begun : handedOn;
        return cursor == null ? new Position("", 0) : new Position(PREFIX + cursor, 0);
    }

    @Override
    public long backlog() {
        return inbox.bytes();
    }

    /** The position stays. */
    @Override
    public void close() {
        closed = true;
        Thread reader = thread;
        if (reader != null) {
            reader.interrupt();
            try {
                reader.join(2 * PATIENCE.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
