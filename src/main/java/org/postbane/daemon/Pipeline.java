package org.postbane.daemon;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.postbane.config.Configuration;
import org.postbane.correlate.CorrelateSettings;
import org.postbane.correlate.Correlator;
import org.postbane.correlate.Deed;
import org.postbane.correlate.Traps;
import org.postbane.decide.AllowList;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.decide.Guard;
import org.postbane.decide.Guards;
import org.postbane.decide.Judge;
import org.postbane.decide.NetworkGuard;
import org.postbane.parse.LogEvent;
import org.postbane.parse.LogParser;
import org.postbane.parse.MailFilter;
import org.postbane.score.ScoreBook;
import org.postbane.store.StateStore;

/**
 * The program: lines in, decisions out. Wired back to front; read the constructor from last to first.
 *
 * <p>Threads: one. All state is in the stages; {@link #save} puts what changed into the store, to be committed with the
 * read positions of the same lines.
 */
public final class Pipeline {

    private static final Duration TICK = Duration.ofSeconds(1);

    /** Lines are written late, and change places, by less. */
    private static final long OLD = 60; // seconds

    /**
     * So long after its end a ban still counts for what was done before its end: stamps have whole seconds, and lines come a
     * little late. Otherwise it would depend on the moment of reading whether someone is banned again.
     */
    private static final Duration LATE = Duration.ofSeconds(2);

    private final Judge judge;
    private final ScoreBook scores;
    private final Correlator correlator;
    private final MailFilter filter;
    private Instant nextTick = Instant.MIN;
    private Instant clock = Instant.MIN;
    private boolean isAhead;

    /**
     * @param traps those of the configuration, or others to try
     * @param remembers changes are kept for {@link #save}; not for a replay
     * @param more guards besides those of the configuration
     * @param witness sees each deed before it is scored
     * @param decisions the caller holds them until the batch is committed
     */
    public Pipeline(
            Configuration configuration,
            Traps traps,
            StateStore store,
            boolean remembers,
            List<Guard> more,
            Consumer<Deed> witness,
            Consumer<Decision> decisions) {
        List<Guard> all = new ArrayList<>(List.of(Guards.LOOPBACK, new AllowList(configuration.allow())));
        all.add(new NetworkGuard("trusted relay", configuration.relays()));
        all.addAll(more);
        Guards guards = new Guards(all);
        judge = new Judge(configuration.sentencings(), guards, store, decisions);
        scores = remembers
                ? new ScoreBook(configuration.weighings(), store, judge)
                : ScoreBook.forReplay(configuration.weighings(), judge);
        correlator = new Correlator(CorrelateSettings.DEFAULT, traps::matches, remembers, witness.andThen(scores));
        filter = configuration.filter();
    }

    /**
     * Takes up what the store remembers; to be called once, before the first line.
     *
     * @param witness sees each ban that was in force as it is read, also those that have ended meanwhile; the bans come first
     */
    void restore(StateStore store, Consumer<Ban> witness) {
        judge.restore(witness);
        correlator.restore(store);
    }

    /**
     * The way in for one source.
     *
     * @param zone of stamps that name none
     * @param reference gives stamps without a year theirs
     * @param followLines the reference moves along with the lines
     */
    public LogParser parser(ZoneId zone, Instant reference, boolean followLines) {
        return new LogParser(filter, zone, reference, followLines, false, this::accept);
    }

    /** In a replay, time passes by the lines: bans end in between. */
    private void accept(LogEvent event) {
        Instant at = event.at();
        if (!at.isBefore(nextTick) || isOld(at, nextTick)) {
            correlator.advance(at);
            expire(at);
        }
        isAhead = isOld(at, clock);
        correlator.accept(event);
    }

    /** By seconds, as this is asked for each event. */
    private static boolean isOld(Instant at, Instant now) {
        long age = now.getEpochSecond() - at.getEpochSecond();
        return age > OLD || age == OLD && now.getNano() > at.getNano();
    }

    /**
     * Whether {@link #tick} has left the lines far behind that come now: a backlog after an idle moment. Bans go on to end by these
     * lines, as in a replay; but what is waited for was waited for by the clock, which they cannot move: {@link #clock}.
     */
    public boolean isAhead() {
        return isAhead;
    }

    /** It is {@code now}, though the lines are of another time. */
    public void clock(Instant now) {
        correlator.clock(now);
        clock = now;
    }

    private void expire(Instant time) {
        judge.expire(time.minus(LATE));
        nextTick = time.plus(TICK);
    }

    /** It is {@code now}, and all lines until then were read: what was waited for is given up, bans end. */
    public void tick(Instant now) {
        clock(now);
        expire(now);
    }

    /** The log is at its end: what is known of open messages counts. For a replay. */
    public void finish() {
        correlator.finish();
    }

    /** Puts what changed since the last time into the store. */
    public void save(StateStore store) {
        correlator.saveTo(store);
        scores.flush();
    }

    public Judge judge() {
        return judge;
    }

    public ScoreBook scores() {
        return scores;
    }

    public Correlator correlator() {
        return correlator;
    }

    /** Decisions kept until their batch is committed. */
    static final class Held implements Consumer<Decision> {

        private List<Decision> decisions = new ArrayList<>();

        @Override
        public void accept(Decision decision) {
            decisions.add(decision);
        }

        boolean isEmpty() {
            return decisions.isEmpty();
        }

        List<Decision> release() {
            List<Decision> released = decisions;
            decisions = new ArrayList<>();
            return released;
        }
    }
}
