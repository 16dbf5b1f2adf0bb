package org.postbane.daemon;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postbane.daemon.AgentControl.SourceStatus;
import org.postbane.parse.LogParser;
import org.postbane.source.LineSource;
import org.postbane.source.Position;
import org.postbane.source.PositionStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One followed source: hands its lines to a parser of its own, and tells in the log how it fares.
 *
 * <p>One thread. Errors: a source that cannot be read is told once, shown by {@link #state}, and may be read again.
 */
final class SourceReader {

    private static final Logger LOG = LoggerFactory.getLogger(SourceReader.class);

    /** Under which its position is kept. */
    private final String key;

    private final LineSource source;
    private final LogParser parser;
    private final Health health;
    private @Nullable String fault;

    /** Complaints of the parser's that were told. */
    private List<String> told = List.of();

    /** The last look has left nothing unread. */
    private boolean caughtUp;

    /** How far the last line's stamp was from the time of reading; null if none came, or it had waited. */
    private @Nullable Duration skew;

    private @Nullable Instant lastLine;

    /** As it was saved last; null if it was not. */
    private @Nullable Position saved;

    /** @param key under which its position is kept */
    SourceReader(String key, LineSource source, LogParser parser, Health health) {
        this.key = key;
        this.source = source;
        this.parser = parser;
        this.health = health;
    }

    String name() {
        return source.name();
    }

    LineSource source() {
        return source;
    }

    /** Saves its position, if that is another one than the last time. */
    void savePosition(PositionStore store) {
        Position position = source.position();
        if (!position.equals(saved)) {
            store.save(key, position);
            saved = position;
        }
    }

    LogParser parser() {
        return parser;
    }

    /** How many lines it has read. */
    long lines() {
        return parser.lines();
    }

    /** Reads at most so many lines; whether there is more to read at once. */
    boolean read(int most, Instant now) {
        parser.readAt(now, caughtUp);
        boolean fresh = caughtUp;
        long stampedBefore = stamped();
        try {
            caughtUp = !source.poll(parser, most, now);
            if (fault != null) {
                LOG.info("{}: can be read again", name());
                fault = null;
            }
            return !caughtUp;
        } catch (IOException e) {
            if (fault == null) {
                LOG.warn("{}: {}; trying again each second", name(), e.getMessage());
            }
            fault = e.getMessage();
            caughtUp = false; // what was written meanwhile will wait
            return false;
        } finally {
            Instant stamp = parser.lastStamp();
            if (stamp != null && stamped() != stampedBefore) {
                Duration ahead = Duration.between(now, stamp);
                skew = fresh || !ahead.isNegative() ? ahead : null;
                lastLine = parser.lastTime();
            }
            look(now);
            complain();
        }
    }

    /** Whether it cannot be read, or is not there. */
    boolean isInTrouble() {
        return fault != null || source.waitsFor().isPresent();
    }

    private long stamped() {
        return parser.lines() - parser.unknown().headless();
    }

    private void look(Instant now) {
        List<Health.Word> words = health.at(new Health.Look(
                now,
                lines(),
                parser.concerned(),
                parser.puzzling(),
                skew,
                source.waitsFor().orElse(null),
                fault != null));
        for (Health.Word word : words) {
            if (word.warning()) {
                LOG.warn("{}: {}", name(), word.text());
            } else {
                LOG.info("{}: {}", name(), word.text());
            }
        }
    }

    private void complain() {
        List<String> complaints = parser.complaints();
        complaints.stream()
                .filter(complaint -> !told.contains(complaint))
                .forEach(complaint -> LOG.warn("{}: {}", name(), complaint));
        told = complaints;
    }

    /** Whether {@code other} has lines waiting that are older than the last one of this source. */
    boolean isAheadOf(SourceReader other) {
        return lastLine != null
                && other.fault == null
                && !other.caughtUp
                && other.lastLine != null
                && other.lastLine.isBefore(lastLine);
    }

    /** What is wrong, for people. */
    List<String> troubles() {
        List<String> all = new ArrayList<>();
        if (fault != null) {
            all.add(fault);
        }
        all.addAll(troublesOfLines());
        return all;
    }

    private List<String> troublesOfLines() {
        List<String> all = new ArrayList<>(health.troubles());
        all.addAll(parser.complaints());
        return all;
    }

    SourceStatus state() {
        long backlog = 0;
        String now = fault;
        try {
            backlog = source.backlog();
        } catch (IOException e) {
            now = e.getMessage();
        }
        return new SourceStatus(
                name(),
                source.place(),
                lines(),
                parser.bytes(),
                backlog,
                lastLine,
                health.lastRead(),
                parser.concerned() == 0 ? null : (double) parser.puzzling() / parser.concerned(),
                skew,
                parser.corrected(),
                troublesOfLines(),
                now);
    }
}
