package org.postbane.record;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postbane.correlate.Deed;
import org.postbane.correlate.Origin;
import org.postbane.model.IpPrefix;
import org.postbane.model.Judgement;
import org.postbane.model.QueueId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gathers what is told of each dirty message, its victims above all, who become known one lot after the other, and hands it on as
 * one {@link RecordedMessage} when nothing was told of it for {@link #QUIET}; and of each clean one, where a place wants those, when it
 * is delivered, or nothing was told of it for {@link #CLEAN_QUIET}.
 *
 * <p>Threads: the pipeline thread. Memory: {@link #MOST_OPEN} messages that are gathered, {@link #MOST_READY} that wait for a place
 * that fails; beyond that the oldest are handed on early, or dropped. What a database is to get waits in the {@link RecordOutbox}
 * instead. Errors: a place that cannot be written is told of once and tried again with each batch.
 *
 * <p>Where a database gets records, what is gathered is kept in the outbox too, as it stands with each batch: it is gathered on after a
 * stop or a crash, and each message is recorded once. Most clean messages are delivered in the batch that they were judged in, and
 * are never kept.
 *
 * <p>Known shortcomings: without a database what is gathered does not outlive a crash, so the messages of the last seconds before one
 * have no line. Recipients that become known later (deferred for minutes) are not in the line.
 */
public final class Recorder implements Consumer<Deed>, Deed.Visitor, AutoCloseable {

    /** Longer than the correlator waits for deliveries. */
    static final Duration QUIET = Duration.ofSeconds(5);

    /** A clean message that waits longer for its delivery is told without recipients, or with those that are known. */
    static final Duration CLEAN_QUIET = Duration.ofMinutes(1);

    static final int MOST_OPEN = 10_000;
    static final int MOST_READY = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger(Recorder.class);

    private final List<Place> places = new ArrayList<>();
    private final Map<Key, Open> open = new LinkedHashMap<>();
    private final @Nullable RecordOutbox outbox;
    private final @Nullable SqlRecords sql;
    private final boolean wantsClean;
    private final int mostWaiting;
    /** Those of a former run, until this one's first look. */
    private final List<Open> restored = new ArrayList<>();
    /** Those that the outbox does not have as they are, and perhaps some that are done with. */
    private final List<Open> changed = new ArrayList<>();

    private long numbers;
    private long arrived;
    private long lost;
    /** Whether the outbox has what is not saved yet. */
    private boolean added;

    private Instant latest = Instant.MIN;
    private Instant nextLook = Instant.MIN;

    /** One message: by its client and first queue id, or by all that is known where it has none. */
    private record Key(
            IpPrefix client,
            @Nullable QueueId queueId,
            @Nullable Origin origin) {
        static Key of(Origin origin) {
            return new Key(origin.client(), origin.queueId(), origin.queueId() == null ? origin : null);
        }
    }

    private static final class Open {
        final long number;
        final Instant at;
        Origin origin;
        Instant last;
        String filter = "";

        @Nullable
        Judgement judgement;

        double points = Double.NaN;
        int victims;
        Instant received;
        List<String> recipients = List.of();

        @Nullable
        String trap;

        /** Whether the outbox does not have it as it is. */
        boolean changed;

        /** Whether the outbox has it, perhaps as it was. */
        boolean kept;

        boolean done;

        Open(long number, Deed deed) {
            this.number = number;
            at = deed.at();
            origin = deed.origin();
            last = deed.at();
            received = deed.at();
        }

        /** One that was kept. */
        Open(long number, Instant last, RecordedMessage known) {
            this.number = number;
            this.last = last;
            at = known.at();
            received = known.received();
            origin = known.origin();
            filter = known.filter();
            judgement = known.judgement();
            points = known.points();
            victims = known.victims();
            recipients = known.recipients();
            trap = known.trap();
            kept = true;
        }

        RecordedMessage message() {
            return new RecordedMessage(at, received, origin, filter, judgement, points, victims, recipients, trap);
        }

        boolean isQuiet(Instant now) {
            boolean clean = judgement == Judgement.CLEAN && trap == null;
            return !last.plus(clean ? CLEAN_QUIET : QUIET).isAfter(now);
        }
    }

    /** A sink and what it still has to write. */
    private static final class Place {
        final RecordSink sink;
        final ArrayDeque<RecordedMessage> ready = new ArrayDeque<>();
        boolean failing;

        Place(RecordSink sink) {
            this.sink = sink;
        }
    }

    /**
     * How the database fares that gets records.
     *
     * @param place its address, without secrets
     * @param waiting messages that it has not got yet
     * @param lost messages that were given up since it was last well
     * @param lastError what the last try to write said if it failed; null while all is well
     */
    public record DatabaseStatus(
            String place, long waiting, long lost, @Nullable String lastError) {}

    Recorder(List<RecordSink> sinks) {
        this(sinks, Optional.empty(), null);
    }

    private Recorder(List<RecordSink> sinks, Optional<SqlSettings> sql, @Nullable RecordOutbox outbox) {
        sinks.forEach(sink -> places.add(new Place(sink)));
        this.outbox = sql.isPresent() ? outbox : null;
        this.sql = sql.isPresent() && outbox != null ? new SqlRecords(sql.get(), outbox.identity()) : null;
        wantsClean = sql.flatMap(SqlSettings::statistics).isPresent();
        mostWaiting = sql.map(SqlSettings::outbox).orElse(0);
        if (this.outbox != null) {
            this.outbox.forEachKept(this::restore);
        }
    }

    private void restore(byte[] content, long number) {
        RecordedMessage known = RecordBytes.read(content, RecordBytes.TIME);
        Open message = new Open(number, RecordBytes.time(content), known);
        open.put(Key.of(known.origin()), message);
        restored.add(message);
        numbers = number;
    }

    /** @param outbox for records that a database is to get; null if none is */
    public static Recorder of(RecordSettings settings, @Nullable RecordOutbox outbox) {
        List<RecordSink> sinks = new ArrayList<>();
        if (settings.log()) {
            sinks.add(new RecordLog());
        }
        settings.file().ifPresent(path -> sinks.add(new RecordFile(path)));
        return new Recorder(sinks, settings.sql(), outbox);
    }

    @Override
    public void accept(Deed deed) {
        if (!places.isEmpty() || outbox != null) {
            deed.accept(this);
            advance(deed.at());
        }
    }

    @Override
    public void visit(Deed.Judged deed) {
        boolean dirty = deed.judgement() == Judgement.SPAM
                || deed.judgement() == Judgement.VIRUS
                || deed.judgement() == Judgement.BANNED;
        if (!dirty && !(wantsClean && deed.judgement() == Judgement.CLEAN)) {
            return;
        }
        Open known = open.get(Key.of(deed.origin()));
        if (known != null && known.judgement != null && deed.before() == null) {
            handOn(Key.of(deed.origin()), known); // the queue id came again
        }
        Open message = touched(deed);
        message.filter = deed.filter();
        message.judgement = deed.judgement();
        message.points = deed.points();
    }

    @Override
    public void visit(Deed.Victims deed) {
        Open message = open.get(Key.of(deed.origin()));
        if (message != null) {
            message.victims += deed.count();
            message.received = deed.received();
            message.recipients =
                    deed.all().size() == message.recipients.size() ? message.recipients : List.copyOf(deed.all());
            message.last = later(message.last, deed.at());
            changed(message);
        }
    }

    @Override
    public void visit(Deed.Delivered deed) {
        Key key = Key.of(deed.origin());
        Open message = open.get(key);
        if (message != null && message.judgement == Judgement.CLEAN) {
            message.origin = deed.origin();
            message.received = deed.received();
            message.recipients = List.copyOf(deed.all());
            message.victims = Math.max(1, message.recipients.size());
            handOn(key, message);
        }
    }

    @Override
    public void visit(Deed.Trapped deed) {
        touched(deed).trap = deed.address();
    }

    @Override
    public void visit(Deed.Unjudged deed) {}

    @Override
    public void visit(Deed.Refused deed) {}

    @Override
    public void visit(Deed.AuthFailed deed) {}

    @Override
    public void visit(Deed.Misbehaved deed) {}

    private Open touched(Deed deed) {
        Key key = Key.of(deed.origin());
        Open message = open.get(key);
        if (message == null) {
            if (open.size() >= MOST_OPEN) {
                Map.Entry<Key, Open> oldest = open.entrySet().iterator().next();
                handOn(oldest.getKey(), oldest.getValue());
            }
            message = new Open(++numbers, deed);
            open.put(key, message);
        }
        changed(message);
        message.origin = deed.origin(); // more of it may be known by now
        message.last = later(message.last, deed.at());
        return message;
    }

    private void changed(Open message) {
        if (outbox != null && !message.changed) {
            message.changed = true;
            changed.add(message);
        }
    }

    private static Instant later(Instant a, Instant b) {
        return b.isAfter(a) ? b : a;
    }

    /** It is {@code time}: what was quiet long enough is ready. */
    public void advance(Instant time) {
        latest = later(latest, time);
        if (!restored.isEmpty()) { // what was logged meanwhile is read first
            restored.forEach(message -> message.last = later(message.last, time));
            restored.clear();
        }
        if (latest.isBefore(nextLook)) {
            return;
        }
        nextLook = latest.plusSeconds(1);
        Iterator<Open> oldest = open.values().iterator();
        while (oldest.hasNext()) {
            Open message = oldest.next();
            if (message.isQuiet(latest)) {
                oldest.remove();
                ready(message);
            }
        }
    }

    /** Nothing more will be told for now: what is gathered waits in the outbox for the next start; without one, it is ready. */
    public void finish() {
        if (outbox != null) {
            return;
        }
        open.values().forEach(this::ready);
        open.clear();
    }

    private void handOn(Key key, Open message) {
        open.remove(key);
        ready(message);
    }

    private void ready(Open message) {
        RecordedMessage done = message.message();
        if (outbox != null) {
            outbox.add(RecordBytes.of(done));
            added = true;
            message.done = true;
            if (message.kept) {
                outbox.drop(message.number);
            }
        }
        if (!done.isDirty()) {
            return;
        }
        for (Place place : places) {
            if (place.ready.size() >= MOST_READY) {
                place.ready.remove();
            }
            place.ready.add(done);
        }
    }

    /**
     * To be called before a commit: what is gathered is kept; what has arrived in the database need not be any more, and what is too
     * much cannot be.
     */
    public void save() {
        if (sql == null || outbox == null) {
            return;
        }
        for (Open message : changed) {
            message.changed = false;
            if (!message.done) {
                message.kept = true;
                outbox.keep(message.number, RecordBytes.of(message.last, message.message()));
            }
        }
        changed.clear();
        added = false;
        if (sql.arrived() > arrived) {
            arrived = sql.arrived();
            outbox.sent(arrived);
        }
        long tooMany = outbox.waiting() - mostWaiting;
        if (tooMany > 0) {
            if (lost == 0) {
                LOG.warn("records: more than {} wait for the database; the oldest are given up", mostWaiting);
            }
            lost += tooMany;
            outbox.sent(outbox.newest() - mostWaiting);
        } else if (lost > 0 && outbox.waiting() == 0) {
            LOG.warn("records: {} were given up while the database was away", lost);
            lost = 0;
        }
    }

    /** Whether there is anything to {@link #write}. */
    public boolean hasReady() {
        return added
                || sql != null && (sql.arrived() > arrived || sql.isIdle() && outbox != null && outbox.waiting() > 0)
                || places.stream().anyMatch(place -> !place.ready.isEmpty());
    }

    /** Writes what is ready. To be called when the batch that it comes from is on disk. */
    public void write() {
        if (sql != null && outbox != null && sql.isIdle() && sql.arrived() == arrived) {
            List<RecordOutbox.Row> lot = outbox.oldest(SqlRecords.LOT);
            if (!lot.isEmpty()) {
                sql.send(lot);
            }
        }
        for (Place place : places) {
            if (place.ready.isEmpty()) {
                continue;
            }
            try {
                place.sink.write(List.copyOf(place.ready));
                place.ready.clear();
                if (place.failing) {
                    LOG.info("records: {} can be written again", place.sink);
                    place.failing = false;
                }
            } catch (IOException e) {
                if (!place.failing) {
                    LOG.warn("records: {}: {}; trying again", place.sink, e.toString());
                }
                place.failing = true;
            }
        }
    }

    /** How the database is that gets records; null if there is none. */
    public @Nullable DatabaseStatus database() {
        return sql == null || outbox == null
                ? null
                : new DatabaseStatus(sql.place(), outbox.waiting(), lost, sql.lastError());
    }

    /** Lets the database go. */
    @Override
    public void close() {
        if (sql != null) {
            sql.close();
        }
    }
}
