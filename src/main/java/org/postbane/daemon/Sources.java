package org.postbane.daemon;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.postbane.config.Configuration;
import org.postbane.daemon.AgentControl.SourceStatus;
import org.postbane.parse.LogParser;
import org.postbane.source.FileTail;
import org.postbane.source.FileTail.StartAt;
import org.postbane.source.Input;
import org.postbane.source.JournalSource;
import org.postbane.source.LineSource;
import org.postbane.source.LogGroup;
import org.postbane.source.PositionStore;
import org.postbane.source.SourceSettings;
import org.postbane.source.SyslogSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All that the agent reads: a {@link SourceReader} for each source of the configuration, and for each file that a group of files
 * finds.
 *
 * <p>One thread. Memory: what the sources need; a group is bounded. Errors of a source are its own.
 */
final class Sources implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Sources.class);

    /** At once of each, where several sources tell of the same messages: less than a message's lines are waited for. */
    private static final int SHARED_BATCH = 500;

    /** A group, and what its files have in common. */
    private record Group(LogGroup files, SourceReader reader, SourceSettings settings) {}

    private final Configuration configuration;
    private final Pipeline pipeline;
    private final PositionStore store;
    private final List<SourceReader> readers = new ArrayList<>();
    private final List<Group> groups = new ArrayList<>();

    /** @param store has the positions of a former run */
    Sources(Configuration configuration, Pipeline pipeline, PositionStore store) {
        this.configuration = configuration;
        this.pipeline = pipeline;
        this.store = store;
    }

    /**
     * Takes up those of the configuration. Touches none yet.
     *
     * @param wake called from other threads when there is something to read
     */
    void open(Instant since, Runnable wake) {
        for (SourceSettings settings : configuration.sources()) {
            LineSource source = sourceOf(settings, wake);
            if (source instanceof LogGroup files) {
                // it has no lines of its own that could fail to come
                SourceReader reader = new SourceReader(
                        settings.name(), source, parser(settings, since), new Health(Optional.empty(), since));
                readers.add(reader);
                groups.add(new Group(files, reader, settings));
            } else {
                readers.add(reader(settings, settings.name(), source, since));
            }
        }
    }

    private SourceReader reader(SourceSettings settings, String key, LineSource source, Instant since) {
        return new SourceReader(key, source, parser(settings, since), new Health(settings.silent(), since));
    }

    private LogParser parser(SourceSettings settings, Instant since) {
        return pipeline.parser(settings.zone(), since, false);
    }

    private LineSource sourceOf(SourceSettings settings, Runnable wake) {
        String name = settings.name();
        Input input = settings.input();
        if (input instanceof Input.File file) {
            return new FileTail(name, file.path(), LogGroup.positionOf(store, name, file.path()), StartAt.END);
        }
        if (input instanceof Input.Files files) {
            return new LogGroup(name, files.patterns(), store);
        }
        if (input instanceof Input.Journal journal) {
            return JournalSource.open(name, journal, store.position(name), StartAt.END, wake);
        }
        if (input instanceof Input.Receiver receiver) {
            return new SyslogSource(name, receiver, wake);
        }
        throw new AssertionError(input);
    }

    /** The growing files that are read now. */
    List<Path> files() {
        return readers.stream()
                .map(SourceReader::source)
                .filter(FileTail.class::isInstance)
                .map(tail -> ((FileTail) tail).path())
                .toList();
    }

    /**
     * Reads at most so many lines of each; whether there is more to read at once. A source waits while lines of another are left that
     * are older than its own: what several programs tell of one message has to be heard together, also of a day when nobody
     * listened.
     */
    boolean read(int most, Instant now) {
        boolean more = false;
        int batch = readers.size() > 1 ? Math.min(most, SHARED_BATCH) : most;
        for (SourceReader reader : readers) {
            boolean waits = reader.source().canWait() && readers.stream().anyMatch(reader::isAheadOf);
            more |= waits || reader.read(batch, now);
        }
        return more;
    }

    /**
     * Takes up the files that groups have found at the last look, and gives up those that they have given up.
     *
     * @return whether there were any
     */
    boolean follow(Instant now) {
        boolean changed = false;
        for (Group group : groups) {
            for (LogGroup.Member gone : group.files.takeGone()) {
                readers.removeIf(reader -> reader.source() == gone.tail());
                close(gone.tail());
                changed = true;
            }
            for (LogGroup.Member found : group.files.takeFound()) {
                readers.add(reader(group.settings, found.key(), found.tail(), now));
                changed = true;
            }
        }
        return changed;
    }

    /** Lines that were read, of all sources that are read now. */
    long lines() {
        return readers.stream().mapToLong(SourceReader::lines).sum();
    }

    /** Whether one of them cannot be read, or is not there. */
    boolean areInTrouble() {
        return readers.stream().anyMatch(SourceReader::isInTrouble);
    }

    /** Saves the positions that have changed since the last time. */
    void savePositions() {
        readers.forEach(reader -> reader.savePosition(store));
    }

    /** Whether one of them has read the first part only of a line that was logged in parts. */
    boolean isMidLine() {
        return readers.stream().anyMatch(reader -> reader.parser().isMidLine());
    }

    /** Of a group, its files only, unless something is wrong with itself. */
    List<SourceStatus> states() {
        return readers.stream()
                .filter(reader -> !isGroup(reader) || !reader.troubles().isEmpty())
                .map(SourceReader::state)
                .toList();
    }

    private boolean isGroup(SourceReader reader) {
        return groups.stream().anyMatch(group -> group.reader == reader);
    }

    List<LogParser> parsers() {
        return readers.stream().map(SourceReader::parser).toList();
    }

    /** {@code mail, other}, as the configuration calls them. */
    String names() {
        return configuration.sources().stream().map(SourceSettings::name).collect(Collectors.joining(", "));
    }

    /** {@code other: no line for 6h}, of all. */
    List<String> troubles() {
        return readers.stream()
                .flatMap(reader -> reader.troubles().stream().map(trouble -> reader.name() + ": " + trouble))
                .toList();
    }

    private static void close(LineSource source) {
        try {
            source.close();
        } catch (IOException e) {
            LOG.warn("closing {}: {}", source.name(), e.getMessage());
        }
    }

    @Override
    public void close() {
        readers.forEach(reader -> close(reader.source()));
    }
}
