package org.postbane.daemon;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postbane.act.ActionRunner;
import org.postbane.act.NftSettings;
import org.postbane.config.Configuration;
import org.postbane.decide.Ban;
import org.postbane.decide.Decision;
import org.postbane.decide.GuardedException;
import org.postbane.decide.Sentencing;
import org.postbane.decide.Sentencing.Limit;
import org.postbane.decide.UntoldEnds;
import org.postbane.host.Nft;
import org.postbane.model.Subject;
import org.postbane.record.RecordOutbox;
import org.postbane.record.RecordSettings;
import org.postbane.record.Recorder;
import org.postbane.score.Scored;
import org.postbane.score.Standing;
import org.postbane.score.Weighing;
import org.postbane.source.DirectoryWatch;
import org.postbane.store.H2Store;
import org.postbane.store.StateStore;
import org.postbane.store.StoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running agent: reads its sources in batches, commits each batch with what came of it, and only then lets the actions
 * see the decisions.
 *
 * <p>Threads: all state belongs to the thread that calls {@link #run}, the pipeline thread; {@link AgentControl}'s methods
 * hand it their work and wait. Without {@link #run}, for a command where no daemon runs, they work on the caller's thread,
 * which then must be one.
 *
 * <p>Errors: a source that cannot be read is told once and tried again each second; the others go on. A store that cannot
 * be written ends the agent: what was not committed is read again after the restart.
 */
public final class Agent implements AgentControl, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);

    /** Lines of one source in one go, so that commands, and other sources, have their turn. */
    private static final int BATCH = 10_000;

    private static final Duration FORGET = Duration.ofMinutes(1);
    private static final Duration RECONCILE = Duration.ofMinutes(10);
    private static final Duration FIRST_SNAPSHOT = Duration.ofMinutes(1);
    private static final Duration SNAPSHOT = Duration.ofHours(1);
    private static final int MOST_OFFENCES = 20;

    /** Belong to nobody: RFC 5737, RFC 3849, RFC 2606. */
    private static final List<Subject> TRIALS = Stream.of(
                    "192.0.2.254",
                    "203.0.113.254",
                    "2001:db8:ffff::254",
                    "account:postbane-test@example.invalid",
                    "sender:postbane-test@example.invalid")
            .map(Subject::parse)
            .toList();

    /** Who asks for the status waits so long for counters at most. */
    private static final Duration COUNTING = Duration.ofMillis(300);

    private static final Duration TRIAL = Duration.ofMinutes(5);

    private final Configuration configuration;
    private final Clock clock;
    private final StateStore store;
    private final Pipeline.Held held = new Pipeline.Held();
    private final Recorder recorder;
    private final Pipeline pipeline;
    private final Enforcement enforcement;
    /** Null if no action wants to know. */
    private final @Nullable UntoldEnds ends;

    private final Instant since;
    private final Sources sources;
    private final ConcurrentLinkedQueue<FutureTask<?>> work = new ConcurrentLinkedQueue<>();

    private volatile @Nullable DirectoryWatch watch;
    private volatile @Nullable Thread pipelineThread;
    private volatile boolean stopping;
    private Instant lastCommit = Instant.MIN;
    private Instant lastForget = Instant.MIN;
    private Instant lastReconcile;
    private Instant lastSnapshot;
    private boolean unsaved;
    private @Nullable Instant midLineSince;

    private Agent(
            Configuration configuration,
            Clock clock,
            StateStore store,
            @Nullable RecordOutbox outbox,
            @Nullable UntoldEnds untold,
            boolean enforces) {
        this.configuration = configuration;
        this.clock = clock;
        this.store = store;
        this.since = clock.instant();
        this.lastReconcile = since;
        this.recorder = enforces ? Recorder.of(configuration.record(), outbox) : Recorder.of(RecordSettings.NONE, null);
        this.lastSnapshot = since.minus(SNAPSHOT).plus(FIRST_SNAPSHOT);
        this.pipeline = new Pipeline(
                configuration, configuration.traps(), store, true, List.of(PostfixNetworks.ask()), recorder, held);
        this.sources = new Sources(configuration, pipeline, store);
        this.enforcement = enforces ? Enforcement.start(configuration, clock) : Enforcement.none();
        this.ends = enforcement.wantsEnded() ? untold : null;
        try {
            pipeline.restore(store, this::restored);
            if (ends != null) {
                ends.forEachUntold(enforcement::ended);
            }
        } catch (RuntimeException e) {
            enforcement.close();
            throw e;
        }
        enforcement.allRestored();
        unsaved = true;
    }

    /** What ended while nobody ran is not enforced again. */
    private void restored(Ban ban) {
        if (ban.until().isAfter(since)) {
            enforcement.restore(ban);
        } else {
            enforcement.ended(ban);
        }
    }

    /** How many bans were in force at the start. Before {@link #run} only. */
    public int restored() {
        return pipeline.judge().count();
    }

    /**
     * Opens the store and starts the actions with the bans in force. Reads no source yet.
     *
     * @throws StoreException if the store cannot be used, or another process has it
     */
    public static Agent open(Configuration configuration, Clock clock) throws StoreException {
        return open(configuration, clock, true);
    }

    /** As {@link #open}, without the actions: to look only. */
    public static Agent openStore(Configuration configuration, Clock clock) throws StoreException {
        return open(configuration, clock, false);
    }

    private static Agent open(Configuration configuration, Clock clock, boolean enforces) throws StoreException {
        if (enforces
                && configuration.actions().values().stream()
                        .anyMatch(action -> action.settings() instanceof NftSettings)) {
            Nft.load(); // while the store is opened
        }
        H2Store store = H2Store.open(configuration.storeUrl());
        try {
            RecordOutbox outbox = enforces && configuration.record().sql().isPresent() ? store.outbox() : null;
            return new Agent(configuration, clock, store, outbox, store, enforces);
        } catch (StoreException | RuntimeException e) {
            store.close();
            throw e;
        }
    }

    /**
     * Reads and judges until {@link #stop} is called. The calling thread becomes the pipeline thread.
     *
     * @param supervisor hears that this thread is alive, and how things are
     */
    public void run(Supervisor supervisor) throws StoreException, InterruptedException {
        sources.open(since, this::wake);
        pipelineThread = Thread.currentThread();
        try (DirectoryWatch opened = new DirectoryWatch(sources.files())) {
            watch = opened;
            supervisor.ready(summary());
            Pace pace = new Pace(since, supervisor.pause());
            while (!stopping) {
                if (!turn(pace)) {
                    Duration sleep = pace.sleep(clock.instant());
                    pace.slept(sleep, opened.await(sleep));
                }
                // from this thread, as it is the one whose standstill nobody would notice
                supervisor.beat(this::summary);
            }
        } catch (IOException e) {
            if (e instanceof StoreException fault) {
                throw fault;
            }
            LOG.warn("closing the watch: {}", e.getMessage());
        } finally {
            supervisor.stopping();
            watch = null;
            for (FutureTask<?> task = work.poll(); task != null; task = work.poll()) {
                task.cancel(false);
            }
        }
    }

    /** {@code reading mail, other; 12 bans in force; other: no line for 6h}. */
    private String summary() {
        List<String> words = new ArrayList<>(
                List.of("reading " + sources.names(), pipeline.judge().count() + " bans in force"));
        words.addAll(sources.troubles());
        return String.join("; ", words);
    }

    /** One batch; whether there is more to do at once. */
    private boolean turn(Pace pace) throws StoreException {
        Instant now = clock.instant();
        long before = sources.lines();
        boolean more = sources.read(BATCH, now);
        if (sources.lines() != before) {
            pace.read(now);
            unsaved = true;
        }
        DirectoryWatch current = watch;
        if (sources.follow(now)) {
            more = true;
            unsaved = true;
            if (current != null) {
                current.follow(sources.files());
            }
        }
        for (FutureTask<?> task = work.poll(); task != null; task = work.poll()) {
            task.run();
            pace.event(now);
        }
        if (more || sources.areInTrouble()) {
            pace.event(now);
        }
        if (!more) {
            pipeline.tick(now); // while there is a backlog, the lines are the clock
            recorder.advance(now);
        } else if (pipeline.isAhead()) {
            pipeline.clock(now);
        }
        unsaved |= recorder.hasReady(); // written after a commit
        commit(now);
        if (isPast(lastForget, FORGET, now)) {
            lastForget = now;
            store.forgetBefore(now.minus(configuration.retention()));
            store.forgetEndedBefore(now.minus(configuration.retention()));
            unsaved = true;
        }
        if (!more && isPast(lastSnapshot, SNAPSHOT, now)) {
            lastSnapshot = now;
            store.snapshot(now);
        }
        if (isPast(lastReconcile, RECONCILE, now)) {
            lastReconcile = now;
            enforcement.reconcile();
        }
        return more;
    }

    /** Whether it is longer ago than that; or the clock was set back, and nobody knows. */
    private static boolean isPast(Instant last, Duration after, Instant now) {
        return last.plus(after).isBefore(now) || now.isBefore(last);
    }

    /** One transaction for the batch, at once if someone is to be banned or lifted, else once a second. */
    private void commit(Instant now) throws StoreException {
        boolean due = isPast(lastCommit, Pace.TICK, now);
        if ((unsaved && due || !held.isEmpty()) && !isMidLine(now)) {
            commitNow(now);
        }
    }

    private void commitNow(Instant now) throws StoreException {
        lastCommit = now;
        unsaved = false;
        sources.savePositions();
        pipeline.save(store);
        recorder.save();
        noteTold();
        if (held.isEmpty()) {
            store.commit();
        } else {
            store.sync();
            List<Decision> decisions = held.release().stream()
                    .filter(decision -> !isOver(decision, now))
                    .toList();
            tell(decisions);
            enforcement.submit(decisions);
        }
        recorder.write();
    }

    /** All that was submitted came from commits before this one. */
    private void noteTold() {
        if (ends != null && held.isEmpty() && enforcement.isSettled()) {
            ends.allTold();
        }
    }

    /** A ban that was over before we came to read what led to it. */
    private static boolean isOver(Decision decision, Instant now) {
        return decision instanceof Decision.Impose && !decision.ban().until().isAfter(now);
    }

    /** Whether a commit had better wait for the rest of a line that was logged in parts, if it comes soon. */
    private boolean isMidLine(Instant now) {
        if (!sources.isMidLine()) {
            midLineSince = null;
            return false;
        }
        if (midLineSince == null) {
            midLineSince = now;
        }
        return now.isBefore(midLineSince.plus(Pace.TICK)) && !now.isBefore(midLineSince);
    }

    /** One line for each ban of a batch, with its last word, so that the log alone tells the story. */
    private static void tell(List<Decision> decisions) {
        record Sentence(Subject subject, String jail) {}
        Map<Sentence, Decision> last = new LinkedHashMap<>();
        for (Decision decision : decisions) { // each recipient of one message prolongs the ban a little
            last.put(new Sentence(decision.ban().subject(), decision.ban().jail()), decision);
        }
        for (Decision decision : last.values()) {
            Ban ban = decision.ban();
            if (decision instanceof Decision.Impose impose && impose.prolongs()) {
                LOG.debug("[{}] ban of {} prolonged until {}", ban.jail(), ban.subject(), until(ban));
            } else if (decision instanceof Decision.Impose) {
                LOG.info("[{}] ban {} until {}: {}", ban.jail(), ban.subject(), until(ban), ban.reason());
            } else if (decision instanceof Decision.Lift lift) {
                LOG.info("[{}] unban {}: {}", ban.jail(), ban.subject(), lift.cause());
            }
        }
    }

    private static String until(Ban ban) {
        return ban.isPermanent() ? "lifted by hand" : ban.until().toString();
    }

    /** Has {@link #run} return soon, with everything committed by {@link #close}. From any thread. */
    public void stop() {
        stopping = true;
        wake();
    }

    private void wake() {
        DirectoryWatch current = watch;
        if (current != null) {
            current.wake();
        }
    }

    /** Commits what is known, lets the actions finish, closes everything. Bans stay in force. */
    @Override
    public void close() throws StoreException {
        try {
            recorder.finish();
            commitNow(clock.instant());
        } finally {
            sources.close();
            recorder.close();
            enforcement.close();
            closeStore();
        }
    }

    private void closeStore() throws StoreException {
        try {
            noteTold();
            store.commit();
        } finally {
            store.close();
        }
    }

    // ---------------------------------------------------------------- commands

    /**
     * Runs {@code task} on the pipeline thread, commits what came of it, and gives its result.
     *
     * @throws java.util.concurrent.CancellationException if the agent is stopping
     */
    private <T> T onPipeline(Callable<T> task) throws StoreException, GuardedException {
        FutureTask<T> future = new FutureTask<>(() -> {
            T result = task.call();
            if (unsaved || !held.isEmpty()) {
                commitNow(clock.instant());
            }
            return result;
        });
        Thread owner = pipelineThread;
        if (owner == null) {
            future.run();
        } else {
            work.add(future);
            wake();
            if (stopping && work.remove(future)) {
                future.cancel(false);
            }
        }
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the agent was at work", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof StoreException fault) {
                throw fault;
            }
            if (e.getCause() instanceof GuardedException refusal) {
                throw refusal;
            }
            throw new IllegalStateException("a command failed", e.getCause());
        }
    }

    private <T> T ask(Callable<T> task) throws StoreException {
        try {
            return onPipeline(task);
        } catch (GuardedException e) {
            throw new AssertionError(e); // only bans are guarded
        }
    }

    @Override
    public Ban ban(Subject subject, Duration time, String jail, String reason) throws GuardedException, StoreException {
        return onPipeline(() -> pipeline.judge().ban(subject, time, jail, reason, clock.instant()));
    }

    @Override
    public List<Ban> unban(List<Subject> subjects) throws StoreException {
        return ask(() -> {
            List<Ban> lifted = new ArrayList<>();
            for (Subject subject : subjects) {
                lifted.addAll(pipeline.judge().unban(subject, clock.instant()));
                pipeline.scores().forgive(subject);
            }
            unsaved = true;
            return lifted;
        });
    }

    @Override
    public List<Ban> unbanAll() throws StoreException {
        return ask(() -> {
            List<Ban> lifted = pipeline.judge().unbanAll(clock.instant());
            lifted.forEach(ban -> pipeline.scores().forgive(ban.subject()));
            return lifted;
        });
    }

    @Override
    public List<Ban> unban(List<Subject> subjects, String jail) throws StoreException {
        return ask(() -> {
            List<Ban> lifted = new ArrayList<>();
            subjects.forEach(subject -> lifted.addAll(pipeline.judge().unban(subject, jail, clock.instant())));
            return lifted;
        });
    }

    @Override
    public List<Ban> unbanAll(String jail) throws StoreException {
        return ask(() -> pipeline.judge().unbanAll(jail, clock.instant()));
    }

    @Override
    public List<String> flush(List<String> actions, boolean empty) {
        List<ActionRunner> runners = enforcement.named(actions);
        for (ActionRunner runner : runners) {
            LOG.info("{}: {} by hand", runner.name(), empty ? "emptied" : "restored");
            runner.flush(empty);
        }
        return runners.stream().map(ActionRunner::name).toList();
    }

    @Override
    public Map<String, Optional<ActionRunner.Trial>> testActions(List<String> actions, Duration patience) {
        Instant now = clock.instant();
        List<Ban> bans = TRIALS.stream()
                .map(subject -> new Ban(subject, "test", now, now.plus(TRIAL), "a trial of the action"))
                .toList();
        Map<String, Optional<ActionRunner.Trial>> outcome = new LinkedHashMap<>();
        for (ActionRunner runner : enforcement.named(actions)) {
            try {
                outcome.put(runner.name(), runner.test(bans, patience));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                outcome.put(runner.name(), Optional.empty());
            }
        }
        return outcome;
    }

    @Override
    public List<Ban> bans() throws StoreException {
        return ask(() -> {
            return inForce(clock.instant());
        });
    }

    /** Those that have ended stay with the judge until the lines of their time were read. */
    private List<Ban> inForce(Instant now) {
        return pipeline.judge().inForce().stream()
                .filter(ban -> ban.until().isAfter(now))
                .toList();
    }

    @Override
    public List<Subject> allowed() {
        return configuration.allow();
    }

    @Override
    public Explanation explain(Subject subject) throws StoreException {
        return ask(() -> {
            Instant now = clock.instant();
            List<InJail> jails = new ArrayList<>();
            for (int i = 0; i < configuration.weighings().size(); i++) {
                Weighing weighing = configuration.weighings().get(i);
                Standing standing = pipeline.scores().standing(weighing.jail(), subject);
                if (standing != null) {
                    jails.add(inJail(weighing, configuration.sentencings().get(i), subject, standing, now));
                }
            }
            pipeline.save(store);
            return new Explanation(
                    subject,
                    now,
                    pipeline.judge().refusal(subject, now),
                    pipeline.judge().bansOf(subject).stream()
                            .filter(ban -> ban.until().isAfter(now))
                            .toList(),
                    jails,
                    store.offences(subject, MOST_OFFENCES));
        });
    }

    private static InJail inJail(
            Weighing weighing, Sentencing sentencing, Subject subject, Standing standing, Instant now) {
        Standing faded = standing.at(now, weighing.memory());
        Scored scored = new Scored(now, weighing, subject, standing.pointsAt(now, weighing.memory()), faded);
        boolean counts = sentencing.limit() instanceof Limit.Count;
        double limit = sentencing.limit() instanceof Limit.Count count
                ? count.maxRetry()
                : ((Limit.Severity) sentencing.limit()).threshold();
        return new InJail(
                weighing.jail(),
                counts ? scored.points() : scored.severity(),
                limit,
                counts,
                faded.evidence().log10(),
                sentencing.alpha().isPresent() ? -Math.log10(sentencing.alpha().getAsDouble()) : null,
                standing.victims(),
                standing.messages());
    }

    @Override
    public AgentStatus status() throws StoreException {
        enforcement.count(COUNTING);
        return ask(() -> {
            Map<String, Integer> byJail = new LinkedHashMap<>();
            inForce(clock.instant()).forEach(ban -> byJail.merge(ban.jail(), 1, Integer::sum));
            return new AgentStatus(
                    since,
                    clock.instant(),
                    sources.states(),
                    pipeline.correlator().open(),
                    pipeline.correlator().ambiguous(),
                    pipeline.judge().guarded(),
                    byJail,
                    enforcement.status(),
                    recorder.database(),
                    Unknown.of(sources.parsers()));
        });
    }

    @Override
    public boolean awaitEnforced(Duration patience) {
        try {
            return enforcement.awaitIdle(patience);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
