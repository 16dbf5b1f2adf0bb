package org.postbane.cli;

import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.postbane.config.Configuration;
import org.postbane.correlate.Traps;
import org.postbane.daemon.Pipeline;
import org.postbane.daemon.Unknown;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.model.Subject;
import org.postbane.parse.LogParser;
import org.postbane.score.Tally;
import org.postbane.source.LogFiles;
import org.postbane.store.MemoryStore;

/**
 * The agent's own pipeline over whole logs, with the logs' clock and a store in memory: yields the bans that the daemon would
 * have given. One thread; memory by the number of clients.
 */
final class Replay {

    private final Tally tally = new Tally();
    private final Map<Sentence, Ban> bans = new LinkedHashMap<>();
    private final Pipeline pipeline;
    private final LogParser parser;

    /** What makes two decisions one sentence: a ban that is prolonged keeps its beginning. */
    private record Sentence(Subject subject, String jail, Instant from) {

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Sentence sentence
                    && sentence.subject.equals(subject)
                    && sentence.from.equals(from)
                    && sentence.jail.equals(jail);
        }

        @Override
        public int hashCode() {
            return 31 * subject.hashCode() + from.hashCode();
        }
    }

    Replay(Configuration configuration, Traps traps, LogOptions options) {
        pipeline = new Pipeline(configuration, traps, new MemoryStore(), false, List.of(), tally, this::decided);
        parser = pipeline.parser(options.zone(), options.reference(), options.hasYear());
    }

    private void decided(Decision decision) {
        Ban ban = decision.ban();
        if (decision instanceof Decision.Impose) {
            bans.put(new Sentence(ban.subject(), ban.jail(), ban.from()), ban);
        }
    }

    void read(LogOptions options, LogFiles files, Progress progress) throws Failure {
        SmallHeap heap = new SmallHeap();
        options.readTogether(files, line -> {
            parser.accept(line);
            progress.line(line.length());
            heap.line();
        });
        pipeline.finish();
    }

    /** What was not understood. */
    Unknown unknown() {
        return Unknown.of(List.of(parser));
    }

    /** What should be changed, or is known not to be understood. */
    List<String> complaints() {
        return parser.complaints();
    }

    Tally tally() {
        return tally;
    }

    /** Every sentence, in order of time, with the end that it had at last. */
    Collection<Ban> bans() {
        return bans.values();
    }

    /** The time on the last line; the beginning of time if none had one. */
    Instant end() {
        Instant last = parser.lastTime();
        return last == null ? Instant.EPOCH : last;
    }
}
